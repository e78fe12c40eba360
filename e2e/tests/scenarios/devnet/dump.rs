//! Dumps.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use zkthreads_e2e::wait::{PATIENCE, until};
use zkthreads_e2e::{Rpc, TestNode, hex};

use super::bridge::Bridge;
use super::{block, hashes, send, transact};

/// Everything about every block.
async fn everything(rpc: &Rpc) -> Result<Value> {
    let mut blocks = Vec::new();
    for number in 0..=rpc.block_number().await? {
        let id = json!({ "block_id": { "block_number": number } });
        blocks.push(json!([
            rpc.call("starknet_getBlockWithReceipts", id.clone()).await?,
            rpc.call("starknet_getStateUpdate", id.clone()).await?,
            rpc.call("starknet_traceBlockTransactions", id).await?,
        ]));
    }
    let accounts = rpc.call("devnet_getPredeployedAccounts", json!({ "with_balance": true })).await?;
    Ok(json!({ "blocks": blocks, "accounts": accounts }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_is_loaded_as_it_was_without_executing_anything() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("dump");
    let node = TestNode::options().with(&["--accounts", "5", "--block-generation-on", "demand"]).start()?;
    let bridge = deploy_on_demand(&node).await?;
    node.rpc.call("devnet_increaseTime", json!({ "time": 100_000 })).await?;
    node.rpc.call("devnet_mint", json!({ "address": "0xacc", "amount": 1 })).await?;
    node.rpc.call("devnet_setGasPrice", json!({ "gas_price_wei": 5, "generate_block": true })).await?;
    let pending = send(&node).await?;
    // It comes after what was sent before, so that is executed now.
    assert_eq!(node.rpc.call("devnet_dump", json!({ "path": path })).await?, json!({ "dump": null }));
    let expected = everything(&node.rpc).await?;

    let other = TestNode::options().with(&["--block-generation-on", "demand"]).start()?;
    other.rpc.call("devnet_createBlock", json!([])).await?;
    other.rpc.call("devnet_snapshot", json!([])).await?;
    assert_eq!(other.rpc.call("devnet_load", json!({ "path": path })).await?, json!({}));
    let loaded = everything(&other.rpc).await?;
    assert_eq!(hashes(&other.rpc).await?, hashes(&node.rpc).await?);
    assert_eq!(loaded["accounts"], expected["accounts"]);
    assert!(loaded["blocks"] == expected["blocks"], "blocks, diffs or traces differ");
    assert_eq!(block(&other.rpc, "pre_confirmed").await?["transactions"], json!([hex(pending)]));
    let config = other.rpc.call("devnet_getConfig", json!([])).await?;
    assert_eq!((&config["total_accounts"], &config["gas_price_wei"]), (&json!(5), &json!(5)));
    assert_eq!(other.rpc.call("devnet_revert", json!({ "snapshot_id": "0x1" })).await?, false);
    assert!(bridge.now(&other).await? > 0, "classes can be run");

    // The loaded chain goes on as the dumped one would, its clock included.
    other.rpc.call("devnet_createBlock", json!([])).await?;
    let (parent, latest) = (block(&node.rpc, "latest").await?, block(&other.rpc, "latest").await?);
    assert_eq!(latest["parent_hash"], parent["block_hash"]);
    assert_eq!(latest["transactions"], json!([hex(pending)]));
    let elapsed = latest["timestamp"].as_u64().unwrap() - parent["timestamp"].as_u64().unwrap();
    assert!(elapsed < 600, "{elapsed}");
    Ok(())
}

/// [`Bridge::deploy`] waits for blocks, which somebody has to make.
async fn deploy_on_demand(node: &TestNode) -> Result<Bridge> {
    let deploy = Bridge::deploy(node);
    tokio::pin!(deploy);
    loop {
        tokio::select! {
            bridge = &mut deploy => return bridge,
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                node.rpc.call("devnet_createBlock", json!([])).await?;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_travels_in_answer_and_request() -> Result<()> {
    let node = TestNode::start()?;
    transact(&node).await?;
    let expected = hashes(&node.rpc).await?;
    let dump = node.rpc.call("devnet_dump", json!([])).await?["dump"].take();
    assert!(dump.is_string());
    let other = TestNode::start()?;
    other.rpc.call("devnet_load", json!({ "dump": dump })).await?;
    assert_eq!(hashes(&other.rpc).await?, expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_dump_changes_nothing() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("dump");
    let node = TestNode::start()?;
    node.rpc.call("devnet_dump", json!({ "path": path })).await?;
    transact(&node).await?;
    let expected = hashes(&node.rpc).await?;
    let whole = std::fs::read(&path)?;

    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bad in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &flipped, b"[]", b""] {
        std::fs::write(&path, bad)?;
        assert_eq!(node.rpc.refusal("devnet_load", json!({ "path": path })).await?.code, -5);
    }
    let absent = json!({ "path": directory.path().join("absent") });
    assert_eq!(node.rpc.refusal("devnet_load", absent).await?.code, -5);
    let nowhere = json!({ "path": directory.path().join("absent/dump") });
    assert_eq!(node.rpc.refusal("devnet_dump", nowhere).await?.code, -5);
    std::fs::write(&path, whole)?;
    let foreign = TestNode::options().with(&["--chain-id", "OTHER"]).start()?;
    let refusal = foreign.rpc.refusal("devnet_load", json!({ "path": path })).await?;
    assert!(refusal.message.contains("SN_SEPOLIA"), "{refusal}");
    assert_eq!(hashes(&node.rpc).await?, expected);
    transact(&node).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn dumps_are_made_at_exit_and_loaded_at_the_first_start() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("dump").display().to_string();
    let options = || TestNode::options().with(&["--dump-on", "exit", "--dump-path", &path]);
    let node = options().start()?;
    transact(&node).await?;
    let expected = hashes(&node.rpc).await?;
    node.stop()?;
    let node = options().start()?;
    assert_eq!(hashes(&node.rpc).await?, expected);
    transact(&node).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn dumps_are_made_after_each_block() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("dump");
    let node = TestNode::options()
        .with(&["--dump-on", "block", "--dump-path", &path.display().to_string()])
        .start()?;
    transact(&node).await?;
    let expected = hashes(&node.rpc).await?;
    wait_for(&path, &expected).await
}

/// Loads the file until it holds the chain: it is written a moment after the block.
async fn wait_for(path: &Path, expected: &[starknet_types_core::felt::Felt]) -> Result<()> {
    let other = TestNode::start()?;
    let holds_the_chain = async || {
        if !path.exists() {
            return Ok(None);
        }
        other.rpc.call("devnet_load", json!({ "path": path })).await?;
        Ok((hashes(&other.rpc).await? == expected).then_some(()))
    };
    until("the dump holds the chain", holds_the_chain).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_killed_while_it_dumps_leaves_the_old_dump() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("dump");
    let node = TestNode::start()?;
    node.rpc.call("devnet_dump", json!({ "path": path })).await?;
    let old = hashes(&node.rpc).await?;
    transact(&node).await?;
    let new = hashes(&node.rpc).await?;

    // Dumps without end, one of which the kill interrupts.
    let rpc = node.rpc.clone();
    let dumps = tokio::spawn({
        let params = json!({ "path": path });
        async move { while rpc.call("devnet_dump", params.clone()).await.is_ok() {} }
    });
    let part = directory.path().join("dump.part");
    let deadline = Instant::now() + PATIENCE;
    while !part.exists() {
        // Looked at without a pause: it is there for a moment only, again and again.
        anyhow::ensure!(Instant::now() < deadline, "no dump is being written");
        tokio::task::yield_now().await;
    }
    node.kill()?;
    dumps.await?;
    let other = TestNode::start()?;
    other.rpc.call("devnet_load", json!({ "path": path })).await.context("the old dump")?;
    let loaded = hashes(&other.rpc).await?;
    assert!(loaded == old || loaded == new, "{loaded:?}");
    Ok(())
}
