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

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use starknet_api::core::ContractAddress;
use tokio::task::JoinHandle;
use zkthreads_batcher::worker::budget::max_steps;

use crate::config::{DemoArgs, OnHot};
use crate::devnet::accounts::PredeployedAccount;
use crate::launch::Node;
use crate::signals::Signals;
use crate::terminal::Paint;
use crate::thread::{ProverOptions, ThreadDaemon, ThreadDaemonConfig};

use chain::Chain;
use market::Market;
use print::{line, section};
use story::{Story, Told};
use tally::Tally;
use users::{Cast, TRADERS};

/// Memory that a prover may take, bytes. It bounds a sub-block's steps.
const PROVER_MEMORY: u64 = 8 << 30;
/// Longest that a sub-block stays open: about as long as proving one takes on two cores.
const MAX_AGE: Duration = Duration::from_secs(20);

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

    let directory = tempfile::Builder::new().prefix("zkthreads-demo-").tempdir()?;
    let config = thread_config(&chain.url, market.address, &cast.submitter, directory.path(), trading)?;
    let daemon = ThreadDaemon::launch(config).await?;
    let told = unless(interrupted, on_thread(&daemon, chain, cast, market, trading)).await;
    daemon.stop().await?;
    told
}

async fn on_thread(
    daemon: &ThreadDaemon,
    node: Chain,
    cast: Cast,
    market: Market,
    trading: Duration,
) -> Result<Told> {
    let thread = Chain::connect(format!("http://{}/rpc", daemon.address())).await?;
    thread.catch_up_with(&node).await?;
    line("thread", format_args!("{}, may write the order book alone", thread.url));
    section(&format!("{TRADERS} users trade on the thread for {} s", trading.as_secs()));
    let story = Story { node, thread, cast, market, trading, max_steps: max_steps(PROVER_MEMORY) };
    story.tell().await
}

/// A thread for the order book.
fn thread_config(
    node: &str,
    market: ContractAddress,
    submitter: &PredeployedAccount,
    directory: &Path,
    trading: Duration,
) -> Result<ThreadDaemonConfig> {
    let key_file = directory.join("key");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&key_file)?;
    writeln!(file, "{:#x}", submitter.private_key)?;
    Ok(ThreadDaemonConfig {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        node: node.to_owned(),
        contracts: Some(BTreeSet::from([market])),
        submitter: submitter.address,
        key_file,
        data_dir: Some(directory.join("thread")),
        max_transactions: 256,
        max_age: MAX_AGE.min(trading / 3),
        max_fee: None,
        fee_margin: 50,
        on_hot: OnHot::Retry,
        max_conflicts: 3,
        provers: ProverOptions {
            workers: 1,
            memory_bytes: PROVER_MEMORY,
            deadline: Duration::from_secs(600),
            program: std::env::current_exe()?,
        },
    })
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
        refusals: told.ledger.refusals(),
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
