//! `zkthreads demo`: a node, a thread beside it, and twenty users who trade on an order book, for a minute.
//!
//! [`host`] runs the nodes, [`set_up`] opens the market on them. [`story`] is what happens, [`users`] who makes it happen on [`market`], [`conflict`] what goes wrong on purpose.
//! [`observer`] looks at the thread and shows it on the [`screen`]: [`rows`] how things are, [`milestones`] what is new.
//! In the end [`settled`] reads the node's blocks, [`twin`] sends the same transactions to another node one by one,
//! [`tally`](mod@tally) is the closing table, and [`next`] what to try. [`room`] is what it all needs of the machine, [`ending`] what
//! may end it early. The demo talks to nodes and thread over HTTP only, and fails if anything goes other than it tells.

mod chain;
mod conflict;
mod ending;
mod host;
mod inclusion;
mod ledger;
mod market;
mod milestones;
mod next;
mod observer;
mod room;
mod rows;
#[cfg(test)]
mod sample;
mod screen;
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
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use starknet_api::core::ContractAddress;
use zkthreads_batcher::thread::HotPolicy;
use zkthreads_genesis::accounts::PredeployedAccount;
use zkthreads_workers::budget::max_steps;

use crate::config::DemoArgs;
use crate::signals::Signals;
use crate::terminal::Paint;
use crate::thread::{ProverOptions, ThreadDaemon, ThreadDaemonConfig, ThreadLimits};

use chain::Chain;
use ending::Endings;
use host::Host;
use market::Market;
use screen::Screen;
use story::{Story, Told};
use tally::Tally;
use twin::Replayed;
use users::TRADERS;

/// How long a sub-block stays open while the prover has nothing to do. So the first one is small and soon proven; those
/// after it grow for as long as the proof before them takes.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Runs the demo.
///
/// # Errors
/// If there is no room for it, a node or the thread does not start, anything goes otherwise than it should, a signal
/// ends it or nobody reads it any more.
pub async fn run(arguments: DemoArgs) -> Result<()> {
    // Before the first line is there, which whoever interrupts it may answer to.
    let signals = Signals::catch()?;
    let screen = Arc::new(Screen::new());
    let seconds = arguments.seconds;
    screen.say(format_args!(
        "zkThreads demo: {seconds} s of trading, then some minutes to prove and check the rest. Ctrl-C ends it; nothing \
         of it stays."
    ));
    let directory = room::directory()?;
    let demo = Demo {
        endings: Endings::watch(signals, &screen, directory.path()),
        screen,
        directory: directory.path(),
        prover_memory: room::prover_memory()?,
        trading: Duration::from_secs(seconds),
    };
    demo.run().await
}

/// The demo under way.
struct Demo<'a> {
    screen: Arc<Screen>,
    endings: Endings,
    /// Where everything is kept.
    directory: &'a Path,
    /// Memory that the prover may take, bytes. It bounds a sub-block's steps.
    prover_memory: u64,
    /// How long users trade.
    trading: Duration,
}

impl Demo<'_> {
    async fn run(mut self) -> Result<()> {
        let started = Instant::now();
        let screen = Arc::clone(&self.screen);
        screen.section("A devnet, an order book, and a thread beside it");
        let mut node = self.launch("node").await?;
        let told = self.on_node(&mut node).await;
        node.stop().await?;
        let told = told?;

        screen.section("The same transactions, sent to another node one by one");
        let mut twin = self.launch("twin").await?;
        let replayed = self.on_twin(&mut twin, &told).await;
        twin.stop().await?;
        let replayed = replayed?;
        ensure!(replayed.picture == told.picture, "they leave another order book behind");
        screen.line("order book", format_args!("the same in the {}", "end".green()));

        screen.section("What it came to");
        tally(&told, replayed.costs.into_iter().sum()).show(&screen);
        screen.verbatim("");
        screen.say(format_args!("{} in {:.0} s", "Done".green(), started.elapsed().as_secs_f64()));
        next::tell(&screen)
    }

    async fn launch(&self, name: &str) -> Result<Host> {
        let path = self.directory.join(name);
        let _doing = self.screen.doing(format_args!("starting a devnet in {}", path.display()));
        Host::launch(&path).await
    }

    /// Opens the market on the node, starts the thread, and tells the story.
    async fn on_node(&mut self, host: &mut Host) -> Result<Told> {
        let screen = Arc::clone(&self.screen);
        let (node, cast) = host.enter().await?;
        screen.line("node", &node.url);
        let opening = set_up::open_market(&screen, &node, &cast);
        let market = self.endings.or(host.while_it_lives(opening)).await?;
        let mut daemon = self.start_thread(&node, market, &cast.submitter).await?;
        let (address, trading, max_steps) = (daemon.address(), self.trading, max_steps(self.prover_memory));
        let story = async {
            let thread = Chain::connect(address).await?;
            thread.catch_up_with(&node).await?;
            screen.line("thread", format_args!("{}, may write the order book alone", thread.url));
            screen.line("page", format_args!("{}/threads shows it in a browser", thread.site()));
            screen.section(format_args!("{TRADERS} users trade on the thread for {} s", trading.as_secs()));
            Story { screen: Arc::clone(&screen), node, thread, cast, market, trading, max_steps }.tell().await
        };
        let told = tokio::select! {
            told = self.endings.or(host.while_it_lives(story)) => told,
            error = daemon.failed() => return Err(error).context("the thread stopped"),
        };
        daemon.stop().await?;
        told
    }

    async fn start_thread(
        &self,
        node: &Chain,
        market: Market,
        submitter: &PredeployedAccount,
    ) -> Result<ThreadDaemon> {
        let memory = room::shown(self.prover_memory);
        let _doing = self
            .screen
            .doing(format_args!("starting a thread, and a prover that may take {memory} of memory"));
        let config = thread_config(&node.url, market.address, submitter, self.directory, self.prover_memory)?;
        ThreadDaemon::launch(config).await.context("the thread did not start")
    }

    /// Sends the same transactions to the other node.
    async fn on_twin(&mut self, host: &mut Host, told: &Told) -> Result<Replayed> {
        let (chain, cast) = host.enter().await?;
        let replaying = twin::replay(
            &self.screen,
            (&chain, &cast),
            &told.settled.transactions,
            &told.ledger,
            &told.direct,
        );
        self.endings.or(host.while_it_lives(replaying)).await
    }
}

/// A thread for the order book.
fn thread_config(
    node: &str,
    market: ContractAddress,
    submitter: &PredeployedAccount,
    directory: &Path,
    prover_memory: u64,
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
        max_age: MAX_AGE,
        max_fee: None,
        fee_margin: 50,
        on_hot: HotPolicy::Retry,
        max_conflicts: 3,
        limits: ThreadLimits::default(),
        provers: ProverOptions {
            workers: 1,
            memory_bytes: prover_memory,
            deadline: Duration::from_secs(600),
            program: std::env::current_exe()?,
        },
    })
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
