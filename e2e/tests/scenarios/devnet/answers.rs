//! When a devnet answers whoever sends a transaction: what was sent can be looked at next.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{TestNode, hex};

use super::send;

/// Sends a transfer of an account's, with this nonce.
async fn send_as(node: &TestNode, account: usize, nonce: u64) -> Result<Felt> {
    let call = transfer(ETH, node.account(account + 1).address, 1)?;
    node.rpc.send(&wire(&node.account(account).invoke(nonce, &[call])?, None)).await
}

async fn finality(node: &TestNode, hash: Felt) -> Result<String> {
    let receipt = node.rpc.call("starknet_getTransactionReceipt", json!([hex(hash)])).await?;
    Ok(receipt["finality_status"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_each_transaction_makes_a_block_it_is_in_one() -> Result<()> {
    let node = TestNode::start()?;
    for _ in 0..5 {
        let before = node.rpc.block_number().await?;
        let hash = send(&node).await?;
        assert_eq!(finality(&node, hash).await?, "ACCEPTED_ON_L2");
        assert_eq!(node.rpc.block_number().await?, before + 1);
    }
    // Whoever is not answered yet delays nobody.
    let each = (0..8).map(|account| send_as(&node, account, if account == 0 { 5 } else { 0 }));
    for hash in futures::future::try_join_all(each).await? {
        assert_eq!(finality(&node, hash).await?, "ACCEPTED_ON_L2");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn elsewhere_it_is_pre_confirmed() -> Result<()> {
    let hourly = TestNode::options().block_time(Duration::from_secs(3600));
    let demand = TestNode::options().with(&["--block-generation-on", "demand"]);
    for options in [hourly, demand] {
        let node = options.start()?;
        for nonce in 0..5 {
            let hash = send_as(&node, 0, nonce).await?;
            assert_eq!(finality(&node, hash).await?, "PRE_CONFIRMED");
        }
        assert_eq!(node.rpc.block_number().await?, 0);
        // Nobody knows when this one can be executed.
        let early = send_as(&node, 0, 7).await?;
        let status = node.rpc.call("starknet_getTransactionStatus", json!([hex(early)])).await?;
        assert_eq!(status["finality_status"], "RECEIVED");
    }
    Ok(())
}
