//! Keeps a chain and a thread at work for an hour or a day, with all that can happen to them, and looks whether anything
//! is lost: `make soak`.
//!
//! Users pay each other by way of the thread and of the node. Meanwhile thread, provers and node are killed, the node is
//! stopped and its database checked, its latest blocks are undone, and chains are forked off it. In the end each
//! acknowledged payment must have taken place, once, and the memory of node and thread must not have grown in the second half of
//! the time, in which they are not started anew.

mod events;
mod ledger;
mod memory;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Parser;
use zkthreads_e2e::dice::Dice;
use zkthreads_e2e::pair::Pair;

use events::EVENTS;
use ledger::Ledger;
use memory::Memory;

/// How often the chain makes a block.
const BLOCK_TIME: Duration = Duration::from_millis(500);

/// How often it is told how things stand.
const REPORT: Duration = Duration::from_secs(60);

/// While so many payments wait for a proof, no more are made by way of the thread.
const MAX_UNSETTLED: u64 = 150;

/// From this part of the time on node and thread are not started anew any more, so that their memory can be looked at.
const CALM_FROM: f64 = 0.5;

#[derive(Parser)]
struct Options {
    /// How long, seconds.
    #[arg(long, default_value_t = 3600)]
    seconds: u64,
    /// What happens when is decided by chance, which begins with this.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Options { seconds, seed } = Options::parse();
    let (start, length) = (Instant::now(), Duration::from_secs(seconds));
    let mut pair = Pair::start(BLOCK_TIME)?;
    let (mut dice, mut ledger, mut memory) = (Dice(seed), Ledger::default(), Memory::default());
    let mut happened = vec![0_u64; EVENTS.len()];
    let mut told = start;
    while start.elapsed() < length {
        let payments = if dice.roll(8) == 0 { 40 } else { 6 };
        let status = pair.thread()?.status().await?;
        let is_behind = status["queue"]["unsettled"].as_u64().unwrap_or_default() > MAX_UNSETTLED;
        for _ in 0..payments {
            ledger.pay(&pair, &mut dice, is_behind).await?;
        }
        tokio::time::sleep(Duration::from_millis(dice.roll(1_500))).await;
        let event = usize::try_from(dice.roll(EVENTS.len() as u64))?;
        let is_calm = start.elapsed().div_duration_f64(length) >= CALM_FROM;
        if is_calm {
            memory.look(&pair)?;
        }
        if !is_calm || !EVENTS[event].1.starts_anew() {
            events::happen(EVENTS[event].1, &mut pair, &mut dice, &ledger).await?;
            happened[event] += 1;
        }
        if told.elapsed() >= REPORT {
            told = Instant::now();
            println!("{:>6} s: {} payments; {memory}", start.elapsed().as_secs(), ledger.count());
        }
    }
    ledger.check(&pair).await?;
    pair.stop_node()?;
    events::check_database(pair.chain())?;
    println!("{} payments, each took place once; {memory}", ledger.count());
    for ((name, _), count) in EVENTS.iter().zip(happened) {
        println!("{count:>6} times: {name}");
    }
    ensure!(memory.is_flat(), "memory has grown");
    Ok(())
}
