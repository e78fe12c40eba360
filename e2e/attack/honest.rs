//! Honest users: one asks for the block number again and again, one sends a transfer after the other.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::timeout_at;
use zkthreads_e2e::times::Times;
use zkthreads_e2e::token::{ETH, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{TestNode, hex};

/// How often they ask.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a transfer that is under way at the end is waited for.
const GRACE: Duration = Duration::from_secs(30);

/// What they notice.
pub(crate) struct Noticed {
    /// Answers to `starknet_blockNumber`.
    pub(crate) reads: Times,
    /// From sending a transfer until it is executed.
    pub(crate) sent: Times,
    /// Most memory of the node, bytes.
    pub(crate) memory: u64,
    /// Most threads of the node.
    pub(crate) threads: usize,
}

/// Watches a node for so long.
pub(crate) async fn watch(node: &TestNode, time: Duration) -> Result<Noticed> {
    let end = Instant::now() + time;
    let (reads, sent, size) = tokio::try_join!(read(node, end), send(node, end), measure(node, end))?;
    Ok(Noticed { reads, sent, memory: size.0, threads: size.1 })
}

async fn read(node: &TestNode, end: Instant) -> Result<Times> {
    let mut times = Times::default();
    while Instant::now() < end {
        let begun = Instant::now();
        node.rpc.block_number().await?;
        times.push(begun.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}

async fn send(node: &TestNode, end: Instant) -> Result<Times> {
    let (from, to) = (node.account(1), node.account(2).address);
    let mut times = Times::default();
    while Instant::now() < end {
        let params = json!({ "block_id": "pre_confirmed", "contract_address": hex(from.address) });
        let nonce = zkthreads_e2e::felt(&node.rpc.call("starknet_getNonce", params).await?)?;
        let nonce = u64::try_from(nonce).ok().context("a nonce")?;
        let mut invoke = from.invoke(nonce, &[transfer(ETH, to, 1)?])?;
        // What honest users do when it is crowded.
        invoke.tip = starknet_api::transaction::fields::Tip(1);
        let invoke = from.sign(invoke, &zkthreads_e2e::wallet::CHAIN_ID)?;
        let begun = Instant::now();
        let hash = node.rpc.send(&wire(&invoke, None)).await?;
        match timeout_at((end + GRACE).into(), node.rpc.wait_executed(hash)).await {
            Ok(executed) => executed?,
            Err(_) => break,
        }
        times.push(begun.elapsed());
    }
    Ok(times)
}

async fn measure(node: &TestNode, end: Instant) -> Result<(u64, usize)> {
    let mut most = (0, 0);
    while Instant::now() < end {
        let threads = std::fs::read_dir(format!("/proc/{}/task", node.id()))?.count();
        most = (node.resident_bytes()?.max(most.0), threads.max(most.1));
        tokio::time::sleep(PAUSE).await;
    }
    Ok(most)
}
