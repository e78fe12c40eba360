//! The node is away, goes back in time or is another one; the disk is full.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use zkthreads_e2e::process::signal;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance};
use zkthreads_e2e::wait::until;
use zkthreads_e2e::{TestNode, hex};

use super::{BLOCK_TIME, check_supply, node, pay, send_ether, thread};

#[tokio::test(flavor = "multi_thread")]
async fn the_node_is_away_for_a_while() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    let first = pay(&thread, user, 0, recipient, 1).await?;
    thread.settled(&node.rpc, first).await?.succeeded();

    signal("-STOP", node.id())?;
    let meanwhile = async {
        // What it needs for this it has read before: users go on.
        let hash = pay(&thread, user, 1, recipient, 1).await?;
        let status = thread.until("aware of it", |status| status["node"]["reachable"] == false).await?;
        ensure!(status["node"]["error"].is_string(), "{status:#}");
        anyhow::Ok(hash)
    };
    let meanwhile = meanwhile.await;
    signal("-CONT", node.id())?;
    thread.settled(&node.rpc, meanwhile?).await?.succeeded();
    thread.until("aware that it is back", |status| status["node"]["reachable"] == true).await?;
    thread.logs("the node does not answer").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_settled_in_blocks_that_are_undone_settles_again() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    let first = pay(&thread, user, 0, recipient, 1).await?;
    thread.settled(&node.rpc, first).await?.succeeded();
    let second = pay(&thread, user, 1, recipient, 1).await?;
    let receipt = thread.settled(&node.rpc, second).await?;
    // The thread has heard of it as well.
    thread.settled(&thread.rpc, second).await?;

    // The thread stands still until it is seen that the blocks are undone.
    signal("-STOP", thread.id())?;
    let from = json!({ "starting_block_id": { "block_number": receipt.block } });
    let undone = async {
        node.rpc.call("devnet_abortBlocks", from).await?;
        node.rpc.nonce(user.address).await
    };
    let undone = undone.await;
    signal("-CONT", thread.id())?;
    assert_eq!(undone?, 1, "it is undone");
    let again = async || {
        let again = thread.settled(&node.rpc, second).await?;
        Ok(Some(again).filter(|again| again.json["block_hash"] != receipt.json["block_hash"]))
    };
    until("it is settled again", again).await?.succeeded();
    assert_eq!(balance(&node.rpc, ETH, recipient).await?, INITIAL_BALANCE + 2);
    thread.until_settled().await?;
    check_supply(&node).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_begins_anew() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    let before = pay(&thread, user, 0, recipient, 1).await?;
    thread.settled(&node.rpc, before).await?.succeeded();
    node.rpc.call("devnet_restart", json!([])).await?;

    // The transaction is on no chain any more: the thread settles it on the new one.
    thread.settled(&node.rpc, before).await?.succeeded();
    let after = pay(&thread, user, 1, recipient, 1).await?;
    thread.settled(&node.rpc, after).await?.succeeded();
    assert_eq!(balance(&node.rpc, ETH, recipient).await?, INITIAL_BALANCE + 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_is_full_for_a_while() -> Result<()> {
    let node = TestNode::options().block_time(BLOCK_TIME).start()?;
    // Files that may not grow are as good as a full disk; the signal that comes with it is of no interest.
    let mut thread = thread(&node).ignoring("XFSZ").start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    let first = pay(&thread, user, 0, recipient, 1).await?;

    limit_files(thread.id(), "0")?;
    let refused = send_ether(&thread.rpc, user, 1, recipient, 1).await;
    let told = thread.until("aware of it", |status| {
        status["trouble"].as_array().is_some_and(|trouble| !trouble.is_empty())
    });
    let told = told.await;
    limit_files(thread.id(), "unlimited")?;
    ensure!(refused.is_err(), "it was acknowledged, but cannot have been written down");
    told?;
    assert!(thread.is_running()?);

    // Once there is room it goes on by itself.
    let nonce = json!({ "block_id": "pre_confirmed", "contract_address": hex(user.address) });
    assert_eq!(thread.rpc.call("starknet_getNonce", nonce).await?, "0x1", "the refused one left nothing");
    let taken = async || Ok(send_ether(&thread.rpc, user, 1, recipient, 1).await.ok());
    let second = until("it takes transactions again", taken).await?;
    for hash in [first, second] {
        thread.settled(&node.rpc, hash).await?.succeeded();
    }
    assert_eq!(node.rpc.nonce(user.address).await?, 2);
    Ok(())
}

/// Sets how large a process's files may grow.
fn limit_files(process: u32, size: &str) -> Result<()> {
    // The soft limit only, so that it can be raised again.
    let limit = format!("--fsize={size}:unlimited");
    let mut prlimit = Command::new("prlimit");
    let status = prlimit.args(["--pid", &process.to_string(), &limit]).status().context("prlimit")?;
    ensure!(status.success(), "prlimit: {status}");
    Ok(())
}
