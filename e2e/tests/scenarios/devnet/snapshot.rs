//! Snapshots, and going back to them.

use anyhow::Result;
use serde_json::json;
use zkthreads_e2e::token::{ETH, STRK, balance};
use zkthreads_e2e::{TestNode, hex};

use super::{block, hashes, send, transact};
use crate::rust_client::{client, declare, owner};

#[tokio::test(flavor = "multi_thread")]
async fn reverting_undoes_fifty_blocks_and_the_settings() -> Result<()> {
    let node = TestNode::start()?;
    transact(&node).await?;
    let (blocks, root) = (hashes(&node.rpc).await?, node.rpc.state_root().await?);
    let strk = balance(&node.rpc, STRK, node.account(0).address).await?;
    let snapshot = node.rpc.call("devnet_snapshot", json!([])).await?;
    assert_eq!(snapshot, "0x1");

    node.rpc.call("devnet_setGasPrice", json!({ "l2_gas_price_fri": 5 })).await?;
    node.rpc.call("devnet_increaseTime", json!({ "time": 1_000_000 })).await?;
    node.rpc.call("devnet_autoImpersonate", json!([])).await?;
    let mut last = None;
    for _ in 0..50 {
        last = Some(transact(&node).await?);
    }
    let later = node.rpc.call("devnet_snapshot", json!([])).await?;
    assert_eq!(later, "0x2");
    assert_eq!(node.rpc.block_number().await?, 52);

    assert_eq!(node.rpc.call("devnet_revert", json!({ "snapshot_id": snapshot })).await?, true);
    assert_eq!(hashes(&node.rpc).await?, blocks);
    assert_eq!(node.rpc.state_root().await?, root);
    assert_eq!(balance(&node.rpc, STRK, node.account(0).address).await?, strk);
    let gone = json!({ "transaction_hash": hex(last.unwrap()) });
    assert_eq!(node.rpc.refusal("starknet_getTransactionReceipt", gone).await?.code, 29);
    assert_eq!(node.rpc.call("devnet_getStatus", json!([])).await?["auto_impersonate"], false);
    assert_eq!(node.rpc.call("devnet_getConfig", json!([])).await?["l2_gas_price_fri"], 1_000_000_000);

    // Both snapshots are used up, and no number is given twice.
    for id in ["0x1", "0x2", "0x7"] {
        assert_eq!(node.rpc.call("devnet_revert", json!({ "snapshot_id": id })).await?, false);
    }
    assert_eq!(node.rpc.call("devnet_snapshot", json!([])).await?, "0x3");

    // The chain goes on, at its own time and prices.
    transact(&node).await?;
    let (parent, latest) = (block(&node.rpc, 1).await?, block(&node.rpc, 2).await?);
    assert_eq!(latest["parent_hash"], parent["block_hash"]);
    let elapsed = latest["timestamp"].as_u64().unwrap() - parent["timestamp"].as_u64().unwrap();
    assert!(elapsed < 600, "{elapsed}");
    assert_eq!(latest["l2_gas_price"]["price_in_fri"], "0x3b9aca00");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn reverting_brings_back_the_open_block() -> Result<()> {
    let node = TestNode::options().with(&["--block-generation-on", "demand"]).start()?;
    let first = send(&node).await?;
    let snapshot = node.rpc.call("devnet_snapshot", json!([])).await?;
    let second = send(&node).await?;
    node.rpc.call("devnet_createBlock", json!([])).await?;
    assert_eq!(balance(&node.rpc, ETH, node.account(1).address).await? % 10, 2);

    assert_eq!(node.rpc.call("devnet_revert", json!({ "snapshot_id": snapshot })).await?, true);
    assert_eq!(node.rpc.block_number().await?, 0);
    let open = block(&node.rpc, "pre_confirmed").await?;
    assert_eq!(open["transactions"], json!([hex(first)]));
    let params = json!({ "transaction_hash": hex(second) });
    assert_eq!(node.rpc.refusal("starknet_getTransactionStatus", params).await?.code, 29);

    let third = send(&node).await?;
    assert_eq!(second, third, "the same transfer with the same nonce");
    node.rpc.call("devnet_createBlock", json!([])).await?;
    let latest = block(&node.rpc, "latest").await?;
    assert_eq!(latest["transactions"], json!([hex(first), hex(second)]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_block_that_is_brought_back_is_sealed_as_it_would_have_been() -> Result<()> {
    let node = TestNode::options().with(&["--block-generation-on", "demand"]).start()?;
    send(&node).await?;
    let (class_hash, _) = declare(&owner(&client(&node)?, node.account(2)).await?, "metered/bridge").await?;
    let cell = json!({ "contract_address": hex(ETH), "key": "0x7", "value": "0x8" });
    node.rpc.call("devnet_setStorageAt", cell).await?;
    let snapshot = node.rpc.call("devnet_snapshot", json!([])).await?;

    let first = node.rpc.call("devnet_createBlock", json!([])).await?;
    let sealed = node.rpc.call("starknet_getStateUpdate", json!({ "block_id": "latest" })).await?;
    assert_eq!(node.rpc.call("devnet_revert", json!({ "snapshot_id": snapshot })).await?, true);
    let second = node.rpc.call("devnet_createBlock", json!([])).await?;
    let again = node.rpc.call("starknet_getStateUpdate", json!({ "block_id": "latest" })).await?;
    assert_eq!(again["state_diff"], sealed["state_diff"]);
    assert_eq!(second, first);
    let declared = &again["state_diff"]["declared_classes"][0]["class_hash"];
    assert_eq!(*declared, hex(class_hash));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_end_with_their_blocks() -> Result<()> {
    let node = TestNode::start()?;
    let genesis = node.rpc.call("devnet_snapshot", json!([])).await?;
    transact(&node).await?;
    let first = node.rpc.call("devnet_snapshot", json!([])).await?;
    transact(&node).await?;
    node.rpc.call("devnet_abortBlocks", json!({ "starting_block_id": { "block_number": 1 } })).await?;
    assert_eq!(node.rpc.call("devnet_revert", json!({ "snapshot_id": first })).await?, false);
    assert_eq!(node.rpc.call("devnet_revert", json!({ "snapshot_id": genesis })).await?, true);
    Ok(())
}
