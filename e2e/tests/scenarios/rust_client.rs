//! starknet-rust as scenarios use it: accounts that declare, deploy and invoke.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use serde_json::{Value, json};
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_rust::accounts::{Account, ExecutionEncoding, SingleOwnerAccount};
use starknet_rust::core::types::contract::SierraClass;
use starknet_rust::core::types::{BlockId, BlockTag, Call, ExecutionResult, Felt, FlattenedSierraClass};
use starknet_rust::core::utils::get_selector_from_name;
use starknet_rust::providers::jsonrpc::HttpTransport;
use starknet_rust::providers::{JsonRpcClient, Provider, Url};
use starknet_rust::signers::{LocalWallet, SigningKey};
use zkthreads_e2e::{TestNode, Wallet};

pub(crate) type Client = JsonRpcClient<HttpTransport>;
pub(crate) type Owner = SingleOwnerAccount<Arc<Client>, LocalWallet>;

pub(crate) fn client(node: &TestNode) -> Result<Arc<Client>> {
    Ok(Arc::new(JsonRpcClient::new(HttpTransport::new(Url::parse(node.rpc.url())?))))
}

pub(crate) async fn owner(client: &Arc<Client>, wallet: &Wallet) -> Result<Owner> {
    owner_of(client, wallet, ExecutionEncoding::New).await
}

/// The same, of an account that takes its calls in this form.
pub(crate) async fn owner_of(
    client: &Arc<Client>,
    wallet: &Wallet,
    encoding: ExecutionEncoding,
) -> Result<Owner> {
    let signer = LocalWallet::from(SigningKey::from_secret_scalar(wallet.private_key));
    let chain_id = client.chain_id().await?;
    let mut account = SingleOwnerAccount::new(Arc::clone(client), signer, wallet.address, chain_id, encoding);
    account.set_block_id(BlockId::Tag(BlockTag::Latest));
    Ok(account)
}

/// Waits for a transaction that must succeed.
pub(crate) async fn succeeded(node: &TestNode, client: &Client, hash: Felt) -> Result<()> {
    node.rpc.wait(hash).await?;
    let receipt = client.get_transaction_receipt(hash).await?;
    assert_eq!(*receipt.receipt.execution_result(), ExecutionResult::Succeeded);
    Ok(())
}

/// A call that sends tokens.
pub(crate) fn transfer(token: Felt, to: Felt, amount: u128) -> Result<Call> {
    let selector = get_selector_from_name("transfer")?;
    Ok(Call { to: token, selector, calldata: vec![to, amount.into(), Felt::ZERO] })
}

/// Declares the class `contracts/{name}.sierra.json`; returns its hash and the transaction's.
pub(crate) async fn declare(owner: &Owner, name: &str) -> Result<(Felt, Felt)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../contracts/{name}.sierra.json"));
    let text = std::fs::read_to_string(path)?;
    let mut sierra: Value = serde_json::from_str(&text)?;
    // Not part of the class, but starknet-rust wants to see it.
    sierra["sierra_program_debug_info"] =
        json!({ "type_names": [], "libfunc_names": [], "user_func_names": [] });
    let sierra: SierraClass = serde_json::from_value(sierra).context("the contract")?;
    let class: FlattenedSierraClass = sierra.flatten()?;
    let class_hash = class.class_hash();
    let declared = owner.declare_v3(Arc::new(class), compiled_class_hash(&text)?).send().await?;
    assert_eq!(declared.class_hash, class_hash);
    Ok((class_hash, declared.transaction_hash))
}

/// The hash (version 2) of a class's CASM.
fn compiled_class_hash(sierra: &str) -> Result<Felt> {
    let class: ContractClass = serde_json::from_str(sierra)?;
    let extracted = class.extract_sierra_program(false)?;
    let casm = CasmContractClass::from_contract_class(class, extracted, true, usize::MAX)?;
    Ok(casm.hash(&HashVersion::V2).0)
}
