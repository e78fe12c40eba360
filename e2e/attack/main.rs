//! Attacks a node as a stranger would, and shows what others notice of it: `make attack`.
//!
//! A devnet of the release binary, honest users and the attacker, each on one thread of this process. Each attack runs for so
//! many seconds. Printed are the latency of `starknet_blockNumber`, how long transfers take until they are executed, the
//! node's memory and threads, and what the attacker paid; the first row is without any attack. It fails if an
//! attack succeeds that the node is known to hold off.

#[path = "../tests/scenarios/rust_client.rs"]
#[allow(dead_code, reason = "scenarios need more of it")]
mod rust_client;

mod attacks;
mod honest;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use clap::Parser;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::TestNode;
use zkthreads_e2e::token::{STRK, balance};

use attacks::{ATTACKS, Attacker, greedy};
use honest::Noticed;

/// An attack succeeds if the slowest of a hundred reads takes so many times as long as when it is quiet, on this very machine,
/// or so many times fewer transfers of others are executed.
const MAX_SLOWER: f64 = 25.0;
const MAX_FEWER: f64 = 50.0;

#[derive(Parser)]
struct Options {
    /// How long each attack lasts, seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Only the attacks whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let node = TestNode::start()?;
    let contract = greedy(&node).await?;
    println!(
        "{:<24} {:>9} {:>9} {:>6} {:>9} {:>9} {:>7} {:>8} {:>10} {:>12}",
        "attack",
        "read p50",
        "read p99",
        "reads",
        "sent p50",
        "sent max",
        "sent",
        "memory",
        "threads",
        "paid, STRK"
    );
    let time = Duration::from_secs(options.seconds);
    let quiet = during(&node, time, contract, None).await?;
    show("none", &quiet, 0);
    let mut succeeded = Vec::new();
    for (name, attack, is_held_off) in ATTACKS.iter().filter(|(name, ..)| name.contains(&options.only)) {
        let before = wealth(&node).await?;
        let noticed = during(&node, time, contract, Some(*attack)).await?;
        let paid = before.saturating_sub(wealth(&node).await?);
        show(name, &noticed, paid);
        let slower = ratio(noticed.reads.percentile(99), quiet.reads.percentile(99));
        let fewer = quiet.sent.count() as f64 / noticed.sent.count() as f64;
        if *is_held_off && (slower > MAX_SLOWER || fewer > MAX_FEWER) {
            succeeded.push(format!(
                "{name}: reads {slower:.1} times as slow, one transfer of {fewer:.1} executed"
            ));
        }
    }
    ensure!(succeeded.is_empty(), "attacks that succeed: {}", succeeded.join("; "));
    Ok(())
}

/// What honest users notice while an attack runs.
async fn during(
    node: &TestNode,
    time: Duration,
    contract: Felt,
    attack: Option<attacks::Attack>,
) -> Result<Noticed> {
    let ended = Arc::new(AtomicBool::new(false));
    let attacker = Attacker::new(node, contract, Arc::clone(&ended)).await?;
    let attacking = attack.map(|attack| std::thread::spawn(move || attacker.run(attack)));
    let noticed = honest::watch(node, time).await;
    ended.store(true, Ordering::Relaxed);
    if let Some(attacking) = attacking {
        attacking.join().map_err(|_| anyhow!("the attacker panicked"))??;
    }
    noticed
}

/// What the attacker's accounts hold together, fri.
async fn wealth(node: &TestNode) -> Result<u128> {
    let mut sum = 0;
    for account in attacks::accounts(node) {
        sum += balance(&node.rpc, STRK, account.address).await?;
    }
    Ok(sum)
}

fn show(name: &str, noticed: &Noticed, paid: u128) {
    let Noticed { reads, sent, memory, threads } = noticed;
    println!(
        "{name:<24} {:>9.1?} {:>9.1?} {:>6} {:>9.1?} {:>9.1?} {:>7} {:>5} MB {threads:>10} {:>12.4}",
        reads.percentile(50),
        reads.percentile(99),
        reads.count(),
        sent.percentile(50),
        sent.percentile(100),
        sent.count(),
        memory >> 20,
        paid as f64 / 1e18,
    );
}

fn ratio(this: Duration, that: Duration) -> f64 {
    this.as_secs_f64() / that.as_secs_f64().max(f64::EPSILON)
}
