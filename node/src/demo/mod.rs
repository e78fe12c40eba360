//! `zkthreads demo`: a node, a thread beside it, and twenty users who trade on an order book, for a minute.
//!
//! [`story`] is what happens, [`users`] who makes it happen on [`market`], [`conflict`] what goes wrong on purpose.
//! [`observer`] looks at the thread and shows it on the [`dashboard`]. In the end [`settled`] reads the node's blocks,
//! [`twin`] sends the same transactions to another node one by one, and [`tally`] is the closing table. The demo talks
//! to nodes and thread over HTTP only, and fails if anything goes other than it tells.

mod chain;
mod conflict;
mod dashboard;
mod inclusion;
mod ledger;
mod market;
mod observer;
mod print;
mod rows;
mod set_up;
mod settled;
mod story;
mod tally;
mod twin;
mod users;

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use tokio::task::JoinHandle;
use zkthreads_batcher::worker::budget::max_steps;

use crate::config::DemoArgs;
use crate::launch::Node;
use crate::signals::Signals;
use crate::terminal::Paint;

use chain::Chain;
use print::{line, section};
use story::{Story, Told};
use tally::Tally;
use users::{Cast, TRADERS};

/// Memory that a prover may take, bytes. It bounds a sub-block's steps, and so how long a proof takes.
const PROVER_MEMORY: u64 = 6 << 30;

/// Runs the demo.
///
/// # Errors
/// If a node or the thread does not start, anything goes otherwise than it should, or a signal ends it.
pub async fn run(arguments: DemoArgs) -> Result<()> {
    let started = Instant::now();
    let mut interrupted = tokio::spawn(Signals::catch()?.first());
    let trading = Duration::from_secs(arguments.seconds);

    let node = set_up::launch().await?;
    let told = on_node(&node, trading, &mut interrupted).await;
    node.stop().await?;
    let told = told?;

    section("The same transactions, sent to another node one by one");
    let twin = set_up::launch().await?;
    let replaying = twin::replay(&twin, &told.settled.transactions, &told.ledger, &told.direct);
    let replayed = unless(&mut interrupted, replaying).await;
    twin.stop().await?;
    let replayed = replayed?;
    ensure!(replayed.picture == told.picture, "they leave another order book behind");
    line("order book", format_args!("the same in the {}", "end".green()));

    section("What it came to");
    tally(&told, replayed.costs.into_iter().sum()).print();
    println!("\n{} in {:.0} s", "Done".green(), started.elapsed().as_secs_f64());
    Ok(())
}

/// Opens the market on the node, starts the thread, and tells the story.
async fn on_node(node: &Node, trading: Duration, interrupted: &mut JoinHandle<()>) -> Result<Told> {
    section("A devnet, an order book, and a thread beside it");
    let url = format!("http://{}/rpc", node.address());
    let chain = Chain::connect(url).await?;
    line("node", &chain.url);
    let cast = Cast::new(&node.accounts(), &chain.id)?;
    let market = unless(interrupted, set_up::open_market(&chain, &cast)).await?;
    line("order book", format_args!("{}, deployed like any contract", market.address));
    line("deposits", format_args!("of {} users, on the chain", cast.owners().count()));

    let thread = Chain::connect(chain.url.clone()).await?;
    line("thread", &thread.url);
    let max_steps = max_steps(PROVER_MEMORY);
    section(&format!("{TRADERS} users trade on the thread for {} s", trading.as_secs()));
    let story = Story { node: chain, thread, cast, market, trading, max_steps };
    unless(interrupted, story.tell()).await
}

/// What `work` comes to, unless a signal comes first.
async fn unless<T>(interrupted: &mut JoinHandle<()>, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = work => done,
        _ = interrupted => bail!("interrupted"),
    }
}

fn tally(told: &Told, one_by_one: settled::Cost) -> Tally {
    let settled = &told.settled;
    let answers = settled.transactions.iter().filter_map(|done| {
        let answered = told.ledger.get(done.hash)?.succeeded;
        Some((answered, done.succeeded))
    });
    let answers: Vec<(bool, bool)> = answers.collect();
    let succeeded = answers.iter().filter(|(_, succeeded)| *succeeded).count();
    Tally {
        succeeded,
        reverted: answers.len() - succeeded,
        rejected: told.ledger.count() - answers.len(),
        changed: answers.iter().filter(|(answered, succeeded)| answered != succeeded).count(),
        refused: told.ledger.refusals().len(),
        sub_blocks: told.status.totals.sub_blocks_settled,
        threads: settled.threads.len(),
        reverted_threads: settled.reverted_threads.len(),
        conflicts: told.status.totals.conflicts,
        latency: told.ledger.latency(),
        proofs: told.seen.proofs.values().copied().collect(),
        took: told.took,
        through_thread: settled.threads.iter().chain(&settled.reverted_threads).copied().sum(),
        one_by_one,
    }
}
