//! Two threads on one chain want the same cells.

use anyhow::{Context, Result};
use zkthreads_e2e::ThreadOptions;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance};

use super::{check_supply, node, pay};

const ROUNDS: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn two_threads_that_race_both_settle_everything() -> Result<()> {
    let node = node()?;
    let thread = |submitter: usize| {
        ThreadOptions::new(node.rpc.url(), node.account(submitter))
            .contracts(&[ETH])
            .with(&["--max-age", "1"])
            .start()
    };
    let (left, right) = (thread(0)?, thread(9)?);
    // Whichever settles first, the other one has something unsettled then: nothing is proven before all is sent.
    let held = (left.hold_provers().await?, right.hold_provers().await?);
    // Every transaction of either thread pays the same recipient.
    let recipient = node.account(8).address;
    let mut sent = Vec::new();
    for nonce in 0..ROUNDS {
        for index in 1..4 {
            sent.push(pay(&left, node.account(index), nonce, recipient, 1).await?);
            sent.push(pay(&right, node.account(index + 3), nonce, recipient, 1).await?);
        }
    }
    drop(held);
    for hash in &sent {
        left.settled(&node.rpc, *hash).await?.succeeded();
        left.settled(&left.rpc, *hash).await?.succeeded();
        right.settled(&right.rpc, *hash).await?.succeeded();
    }
    assert_eq!(balance(&node.rpc, ETH, recipient).await?, INITIAL_BALANCE + u128::from(ROUNDS) * 6);
    check_supply(&node).await?;

    let (left, right) = (left.until_settled().await?, right.until_settled().await?);
    let conflicts = |status: &serde_json::Value| status["totals"]["conflicts"].as_u64().context("conflicts");
    assert!(conflicts(&left)? + conflicts(&right)? > 0, "they do race: {left:#} {right:#}");
    for status in [&left, &right] {
        assert_eq!(status["totals"]["rejected"], 0, "{status:#}");
    }
    Ok(())
}
