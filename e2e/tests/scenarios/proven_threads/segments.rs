//! Several sub-blocks in one thread transaction.

use anyhow::{Context, Result};
use serde_json::json;
use zkthreads_e2e::process::signal;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance};

use super::{node, pay, thread};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_while_the_node_was_away_settles_together() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).with(&["--max-transactions", "1"]).start()?;
    let recipient = node.account(9).address;
    // Everything that the transactions read is in the thread's cache after the first one.
    let first = pay(&thread, node.account(1), 0, recipient, 1).await?;
    thread.settled(&node.rpc, first).await?.succeeded();

    signal("-STOP", node.id())?;
    let mut hashes = Vec::new();
    for nonce in 1..4 {
        hashes.push(pay(&thread, node.account(1), nonce, recipient, 1).await?);
    }
    let proven = thread
        .until("all proven", |status| {
            let sub_blocks = status["sub_blocks"].as_array().cloned().unwrap_or_default();
            sub_blocks.iter().filter(|it| it["stage"] == "PROVEN").count() == 3
        })
        .await;
    signal("-CONT", node.id())?;
    proven?;

    for hash in hashes {
        thread.settled(&node.rpc, hash).await?.succeeded();
    }
    let status = thread.until_settled().await?;
    let all = status["sub_blocks"].as_array().context("sub-blocks")?;
    let settled: Vec<_> = all.iter().rev().filter(|it| it["stage"] == "SETTLED").take(2).collect();
    // The first one was about to be sent when the others were still being proven.
    let hash = &settled[0]["transaction_hash"];
    assert_eq!(hash, &settled[1]["transaction_hash"], "one thread transaction: {settled:#?}");
    let stored = node.rpc.call("zkthread_getThread", json!({ "transaction_hash": hash })).await?;
    assert!(stored["segments"].as_array().context("segments")?.len() >= 2, "{stored:#}");
    assert_eq!(balance(&node.rpc, ETH, recipient).await?, INITIAL_BALANCE + 4);
    Ok(())
}
