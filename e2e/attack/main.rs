//! Attacks a node as a stranger would, and shows what others notice of it: `make attack`.
//!
//! A devnet of the release binary, honest users and the attacker, each on one thread of this process. Each attack runs for so
//! many seconds. Printed are the latency of `starknet_blockNumber`, how long transfers take until they are executed, the
//! node's memory and threads, and what the attacker paid; the first row is without any attack.

#[path = "../tests/scenarios/rust_client.rs"]
#[allow(dead_code, reason = "scenarios need more of it")]
mod rust_client;

mod attacks;
mod honest;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::Parser;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::TestNode;
use zkthreads_e2e::token::{STRK, balance};

use attacks::{ATTACKS, Attacker, greedy};
use honest::Noticed;

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
    let quiet = during(&node, &options, contract, None).await?;
    show("none", &quiet, 0);
    let mut worst = Duration::ZERO;
    for (name, attack) in ATTACKS.iter().filter(|(name, _)| name.contains(&options.only)) {
        let before = wealth(&node).await?;
        let noticed = during(&node, &options, contract, Some(*attack)).await?;
        let paid = before.saturating_sub(wealth(&node).await?);
        show(name, &noticed, paid);
        worst = worst.max(noticed.reads.percentile(99));
        if noticed.sent.count() == 0 {
            return Err(anyhow!("{name}: no honest transaction was executed"));
        }
    }
    println!(
        "worst p99 of a read: {worst:.1?}, {:.1} times the quiet one",
        ratio(worst, quiet.reads.percentile(99))
    );
    Ok(())
}

/// What honest users notice while an attack runs.
async fn during(
    node: &TestNode,
    options: &Options,
    contract: Felt,
    attack: Option<attacks::Attack>,
) -> Result<Noticed> {
    let ended = Arc::new(AtomicBool::new(false));
    let attacker = Attacker::new(node, contract, Arc::clone(&ended)).await?;
    let attacking = attack.map(|attack| std::thread::spawn(move || attacker.run(attack)));
    let noticed = honest::watch(node, Duration::from_secs(options.seconds)).await;
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
