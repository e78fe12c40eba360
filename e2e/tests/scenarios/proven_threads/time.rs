//! A chain on which no transaction sees an earlier time than one before it.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use zkthreads_e2e::token::send_ether;
use zkthreads_e2e::{Rpc, TestNode};

use super::{pay, thread};

/// The time of a block, seconds.
async fn time(rpc: &Rpc, number: u64) -> Result<u64> {
    let block = rpc.block(number).await?;
    block["timestamp"].as_u64().context("no timestamp")
}

/// The statement of the first thread transaction in a block.
async fn statement(rpc: &Rpc, number: u64) -> Result<Value> {
    let block = rpc.block(number).await?;
    let transactions = block["transactions"].as_array().context("no transactions")?;
    for entry in transactions {
        let params = json!({ "transaction_hash": entry["receipt"]["transaction_hash"] });
        if let Ok(thread) = rpc.call("zkthread_getThread", params).await {
            return Ok(thread["statement"].clone());
        }
    }
    anyhow::bail!("no thread in block {number}")
}

/// The thread says in advance when its sub-block will be there, and the node holds it until then.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_strict_chain_a_sub_block_is_of_the_time_when_it_settles() -> Result<()> {
    let options = TestNode::options().block_time(Duration::from_secs(1));
    let node = options.with(&["--max-thread-lag", "0"]).start()?;
    let rules = node.rpc.call("zkthread_getRules", json!([])).await?;
    assert_eq!(rules["lines"][0]["max_lag"], 0, "{rules}");
    let thread = thread(&node).start()?;
    let (user, recipient) = (node.account(1), node.account(9).address);
    let hash = pay(&thread, user, 0, recipient, 10).await?;
    let receipt = thread.settled(&node.rpc, hash).await?;
    receipt.succeeded();

    let base = statement(&node.rpc, receipt.block).await?["base_block"].clone();
    let (number, planned) = (base["block_number"].as_u64(), base["timestamp"].as_u64());
    let (number, planned) = number.zip(planned).context("a base block")?;
    assert!(planned > time(&node.rpc, number).await?, "a time to come, when it was executed");
    assert!(planned <= time(&node.rpc, receipt.block).await?, "no block settles it before");
    assert!(planned >= time(&node.rpc, receipt.block - 1).await?, "nobody has seen a later time");

    let status = thread.until_settled().await?;
    assert_eq!(status["totals"]["settled"], 1, "{status:#}");
    // And the chain goes on for others.
    let other = node.account(2);
    let direct = send_ether(&node.rpc, other, 0, recipient, 1).await?;
    node.rpc.wait(direct).await?.succeeded();
    thread.stop()
}
