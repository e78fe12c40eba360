//! starknet-rust's accounts and providers against the node: typed wire formats on both ends.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;
use starknet_rust::accounts::{
    Account, AccountFactory, ExecutionEncoding, OpenZeppelinAccountFactory, SingleOwnerAccount,
};
use starknet_rust::core::types::contract::SierraClass;
use starknet_rust::core::types::{BlockId, BlockTag, Call, ExecutionResult, Felt, FlattenedSierraClass};
use starknet_rust::core::utils::get_selector_from_name;
use starknet_rust::providers::jsonrpc::HttpTransport;
use starknet_rust::providers::{JsonRpcClient, Provider, Url};
use starknet_rust::signers::{LocalWallet, SigningKey};
use zkthreads_e2e::token::{ETH, STRK, balance};
use zkthreads_e2e::{TestNode, Wallet};

type Client = JsonRpcClient<HttpTransport>;
type Owner = SingleOwnerAccount<Arc<Client>, LocalWallet>;

const ACCOUNT_CLASS: Felt =
    Felt::from_hex_unchecked("0x5b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564");

async fn owner(client: &Arc<Client>, wallet: &Wallet) -> Result<Owner> {
    let signer = LocalWallet::from(SigningKey::from_secret_scalar(wallet.private_key));
    let chain_id = client.chain_id().await?;
    let mut account =
        SingleOwnerAccount::new(Arc::clone(client), signer, wallet.address, chain_id, ExecutionEncoding::New);
    account.set_block_id(BlockId::Tag(BlockTag::Latest));
    Ok(account)
}

async fn succeeded(node: &TestNode, client: &Client, hash: Felt) -> Result<()> {
    node.rpc.wait(hash).await?;
    let receipt = client.get_transaction_receipt(hash).await?;
    assert_eq!(*receipt.receipt.execution_result(), ExecutionResult::Succeeded);
    Ok(())
}

fn transfer(token: Felt, to: Felt, amount: u128) -> Result<Call> {
    let selector = get_selector_from_name("transfer")?;
    Ok(Call { to: token, selector, calldata: vec![to, amount.into(), Felt::ZERO] })
}

#[tokio::test(flavor = "multi_thread")]
async fn deploys_declares_and_invokes() -> Result<()> {
    let node = TestNode::start()?;
    let client = Arc::new(JsonRpcClient::new(HttpTransport::new(Url::parse(node.rpc.url())?)));
    assert_eq!(client.spec_version().await?, "0.10.3");
    let rich = owner(&client, node.account(0)).await?;

    // A new account: funded, then deployed by a DEPLOY_ACCOUNT of its own.
    let key = SigningKey::from_secret_scalar(Felt::from(0x1234));
    let public_key = key.verifying_key().scalar();
    let signer = LocalWallet::from(key.clone());
    let chain_id = client.chain_id().await?;
    let mut factory =
        OpenZeppelinAccountFactory::new(ACCOUNT_CLASS, chain_id, signer, Arc::clone(&client)).await?;
    factory.set_block_id(BlockId::Tag(BlockTag::Latest));
    let deployment = factory.deploy_v3(public_key);
    let address = deployment.address();
    let fund = vec![transfer(STRK, address, 10_u128.pow(19))?, transfer(ETH, address, 77)?];
    let funded = rich.execute_v3(fund).send().await?;
    succeeded(&node, &client, funded.transaction_hash).await?;
    let deployed = deployment.send().await?;
    assert_eq!(deployed.contract_address, address);
    succeeded(&node, &client, deployed.transaction_hash).await?;
    let latest = BlockId::Tag(BlockTag::Latest);
    assert_eq!(client.get_class_hash_at(latest, address).await?, ACCOUNT_CLASS);

    // The new account spends.
    let wallet = Wallet::new(address, key.secret_scalar())?;
    let fresh = owner(&client, &wallet).await?;
    let spent = fresh.execute_v3(vec![transfer(ETH, node.account(3).address, 70)?]).send().await?;
    succeeded(&node, &client, spent.transaction_hash).await?;
    assert_eq!(balance(&node.rpc, ETH, address).await?, 7);

    // A new class.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/probe.sierra.json");
    let text = std::fs::read_to_string(path)?;
    let mut sierra: serde_json::Value = serde_json::from_str(&text)?;
    // Not part of the class, but starknet-rust wants to see it.
    sierra["sierra_program_debug_info"] =
        json!({ "type_names": [], "libfunc_names": [], "user_func_names": [] });
    let sierra: SierraClass = serde_json::from_value(sierra).context("the probe contract")?;
    let class: FlattenedSierraClass = sierra.flatten()?;
    let class_hash = class.class_hash();
    let compiled = compiled_class_hash(&text)?;
    let declared = rich.declare_v3(Arc::new(class), compiled).send().await?;
    assert_eq!(declared.class_hash, class_hash);
    succeeded(&node, &client, declared.transaction_hash).await?;
    client.get_class(latest, class_hash).await?;
    Ok(())
}

/// The hash (version 2) of the probe's CASM.
fn compiled_class_hash(sierra: &str) -> Result<Felt> {
    use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
    use cairo_lang_starknet_classes::contract_class::ContractClass;
    use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};

    let class: ContractClass = serde_json::from_str(sierra)?;
    let extracted = class.extract_sierra_program(false)?;
    let casm = CasmContractClass::from_contract_class(class, extracted, true, usize::MAX)?;
    Ok(casm.hash(&HashVersion::V2).0)
}
