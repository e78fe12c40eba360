//! starknet-rust's accounts and providers against the node: typed wire formats on both ends.

use std::sync::Arc;

use anyhow::Result;
use starknet_rust::accounts::{Account, AccountFactory, OpenZeppelinAccountFactory};
use starknet_rust::core::types::{BlockId, BlockTag, Felt};
use starknet_rust::providers::Provider;
use starknet_rust::signers::{LocalWallet, SigningKey};
use zkthreads_e2e::token::{ETH, STRK, balance};
use zkthreads_e2e::{TestNode, Wallet};

use crate::rust_client::{client, declare, owner, succeeded, transfer};

const ACCOUNT_CLASS: Felt =
    Felt::from_hex_unchecked("0x5b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564");

#[tokio::test(flavor = "multi_thread")]
async fn deploys_declares_and_invokes() -> Result<()> {
    let node = TestNode::start()?;
    let client = client(&node)?;
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
    let (class_hash, declared) = declare(&rich, "probe").await?;
    succeeded(&node, &client, declared).await?;
    client.get_class(latest, class_hash).await?;
    Ok(())
}
