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
    let settled = all.iter().filter(|it| it["stage"] == "SETTLED");
    let by: Vec<_> = settled.map(|it| &it["transaction_hash"]).collect();
    // One may have been about to be sent when the others were still being proven.
    let together = by.windows(2).find(|pair| pair[0] == pair[1]);
    let hash = together.with_context(|| format!("each settled by itself: {all:#?}"))?[0];
    let stored = node.rpc.call("zkthread_getThread", json!({ "transaction_hash": hash })).await?;
    assert!(stored["segments"].as_array().context("segments")?.len() >= 2, "{stored:#}");
    assert_eq!(balance(&node.rpc, ETH, recipient).await?, INITIAL_BALANCE + 4);
    Ok(())
}
