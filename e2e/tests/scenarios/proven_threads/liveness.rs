//! A chain that never leaves the thread alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use zkthreads_e2e::token::{ETH, balance};
use zkthreads_e2e::wait::until;

use super::{check_supply, node, pay, send_ether, thread};

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_every_second_does_not_stop_the_thread() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let hot = node.account(8).address;

    // Somebody pays the same account on the chain every second, and never stops.
    let stop = Arc::new(AtomicBool::new(false));
    let (rpc, giver, stopped) = (node.rpc.clone(), node.account(9).clone(), Arc::clone(&stop));
    let stream = tokio::spawn(async move {
        let mut nonce = 0;
        while !stopped.load(Ordering::Relaxed) {
            send_ether(&rpc, &giver, nonce, hot, 1).await?;
            nonce += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        anyhow::Ok(nonce)
    });

    // The first sub-block is not proven before the chain has moved under it.
    let held = thread.hold_provers().await?;
    let (mut cold, mut contested) = (Vec::new(), Vec::new());
    for nonce in 0..3 {
        for index in 1..5 {
            let to = node.account(index % 4 + 1).address;
            cold.push(pay(&thread, node.account(index), nonce, to, 5).await?);
        }
        contested.push(pay(&thread, node.account(5), nonce, hot, 100).await?);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    thread.until("told of a conflict", |status| status["totals"]["conflicts"] != 0).await?;
    drop(held);
    for hash in cold {
        thread.settled(&node.rpc, hash).await?.succeeded();
    }
    // Those that conflict each time end on the chain as what they are: transactions that their user signed for it.
    for hash in contested {
        thread.settled(&node.rpc, hash).await?.succeeded();
    }
    let status = thread.until_settled().await?;
    stop.store(true, Ordering::Relaxed);
    let given = stream.await??;
    assert_eq!(status["totals"]["rejected"], 0, "{status:#}");
    let all_given = async || Ok((node.rpc.nonce(node.account(9).address).await? == given).then_some(()));
    until("all that was given is on the chain", all_given).await?;
    let held = balance(&node.rpc, ETH, hot).await?;
    assert_eq!(held, zkthreads_e2e::token::INITIAL_BALANCE + 300 + u128::from(given));
    check_supply(&node).await
}
