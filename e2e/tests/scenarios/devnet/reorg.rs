//! Blocks that are undone, or final.

use anyhow::Result;
use serde_json::{Value, json};
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance};
use zkthreads_e2e::{TestNode, hex};

use super::{block, hashes, send, transact};

fn from(id: impl Into<Value>) -> Value {
    json!({ "starting_block_id": id.into() })
}

fn number(number: u64) -> Value {
    from(json!({ "block_number": number }))
}

#[tokio::test(flavor = "multi_thread")]
async fn aborted_blocks_are_gone_and_others_come_in_their_place() -> Result<()> {
    let node = TestNode::start()?;
    let mut sent = Vec::new();
    for _ in 0..4 {
        sent.push(transact(&node).await?);
    }
    let before = hashes(&node.rpc).await?;
    let aborted = node.rpc.call("devnet_abortBlocks", number(3)).await?;
    assert_eq!(aborted, json!({ "aborted": [hex(before[4]), hex(before[3])] }));
    assert_eq!(hashes(&node.rpc).await?, before[..3]);
    let gone = json!({ "block_id": { "block_hash": hex(before[4]) } });
    assert_eq!(node.rpc.refusal("starknet_getBlockWithTxs", gone).await?.code, 24);
    let gone = json!({ "transaction_hash": hex(sent[3]) });
    assert_eq!(node.rpc.refusal("starknet_getTransactionByHash", gone).await?.code, 29);
    assert_eq!(balance(&node.rpc, ETH, node.account(1).address).await?, INITIAL_BALANCE + 2);

    assert_eq!(transact(&node).await?, sent[2], "the same transfer with the same nonce");
    assert_eq!(node.rpc.block_number().await?, 3);
    assert_eq!(block(&node.rpc, 3).await?["parent_hash"], hex(before[2]));

    let aborted = node.rpc.call("devnet_abortBlocks", from("pre_confirmed")).await?;
    assert_eq!(aborted["aborted"].as_array().unwrap().len(), 1);
    assert_eq!(node.rpc.block_number().await?, 3);

    for id in [number(0), from(json!({ "block_hash": hex(before[0]) }))] {
        let refusal = node.rpc.refusal("devnet_abortBlocks", id).await?;
        assert_eq!((refusal.code, refusal.message.as_str()), (-1, "Genesis block can't be aborted"));
    }
    for id in [number(9), from(json!({ "block_hash": hex(before[4]) }))] {
        let refusal = node.rpc.refusal("devnet_abortBlocks", id).await?;
        assert_eq!((refusal.code, refusal.message.as_str()), (-1, "No block found"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_accepted_on_l1_with_all_before_them() -> Result<()> {
    let node = TestNode::start()?;
    for _ in 0..3 {
        transact(&node).await?;
    }
    let before = hashes(&node.rpc).await?;
    let accepted = node.rpc.call("devnet_acceptOnL1", number(2)).await?;
    assert_eq!(accepted, json!({ "accepted": [hex(before[2]), hex(before[1]), hex(before[0])] }));
    assert_eq!(block(&node.rpc, "l1_accepted").await?["block_hash"], hex(before[2]));
    assert_eq!(block(&node.rpc, 1).await?["status"], "ACCEPTED_ON_L1");
    assert_eq!(block(&node.rpc, 3).await?["status"], "ACCEPTED_ON_L2");
    let accepted = node.rpc.call("devnet_acceptOnL1", from("latest")).await?;
    assert_eq!(accepted, json!({ "accepted": [hex(before[3])] }));

    for (id, message) in [
        (number(1), "Block already accepted on L1"),
        (number(9), "No block found"),
        (from("pre_confirmed"), "Pre-confirmed block cannot be accepted on L1"),
    ] {
        let refusal = node.rpc.refusal("devnet_acceptOnL1", id).await?;
        assert_eq!((refusal.code, refusal.message.as_str()), (-1, message));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_back_to_the_same_first_block() -> Result<()> {
    let node = TestNode::options().with(&["--block-generation-on", "demand"]).start()?;
    let genesis = block(&node.rpc, 0).await?;
    send(&node).await?;
    node.rpc.call("devnet_createBlock", json!([])).await?;
    let pending = send(&node).await?;
    node.rpc.call("devnet_setGasPrice", json!({ "gas_price_wei": 5 })).await?;
    node.rpc.call("devnet_snapshot", json!([])).await?;
    assert_eq!(node.rpc.call("devnet_restart", json!([])).await?, json!({}));

    assert_eq!(block(&node.rpc, "latest").await?, genesis);
    let params = json!({ "transaction_hash": hex(pending) });
    assert_eq!(node.rpc.refusal("starknet_getTransactionStatus", params).await?.code, 29);
    assert_eq!(node.rpc.call("devnet_getConfig", json!([])).await?["gas_price_wei"], 1_000_000_000);
    assert_eq!(node.rpc.call("devnet_revert", json!({ "snapshot_id": "0x1" })).await?, false);
    send(&node).await?;
    node.rpc.call("devnet_createBlock", json!([])).await?;
    assert_eq!(node.rpc.block_number().await?, 1);
    Ok(())
}
