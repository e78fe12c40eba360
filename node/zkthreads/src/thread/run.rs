//! A thread over one fork of its node, with all that works for it: it ends when the node's chain is another one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle, JoinSet, spawn_blocking};
use zkthreads_batcher::follow::{ChainFollower, Unfollowed};
use zkthreads_batcher::settle::{Forwarder, Settler};
use zkthreads_batcher::thread::{Thread, ThreadConfig, ThreadHandle, ThreadParts};
use zkthreads_client::NodeClient;
use zkthreads_execution::Executor;
use zkthreads_rpc::{RpcContext, RpcServer, ThreadSink, serve};
use zkthreads_rpc_api::{ChainFeed, ThreadControl};
use zkthreads_storage::{JournalOwner, ThreadJournal};
use zkthreads_workers::{ProverPool, ProverPoolConfig, budget};

use super::connect::{Connection, patiently};
use super::setup::Setup;
use super::{ProverOptions, ThreadDaemonConfig, ThreadDaemonError, chain, provers};
use crate::hardening::Hardening;
use crate::metrics::ThreadSources;

/// Where the journal is in the data directory.
const JOURNAL: &str = "journal";
/// How often the node is asked for its newest block.
const POLL: Duration = Duration::from_millis(150);
/// How often is looked whether the thread has the node's newest block when it begins.
const CATCH_UP_LOOK: Duration = Duration::from_millis(20);
/// Longest that a thread which ends waits for the last handles of its database.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest that the loops may take to end: what they have under way is in the journal.
const TASKS_TIMEOUT: Duration = Duration::from_secs(5);

/// A running thread.
pub(super) struct ThreadRun {
    thread: ThreadHandle,
    sequencer: JoinHandle<std::thread::Result<()>>,
    follower: JoinHandle<Unfollowed>,
    /// Ends the follower.
    unfollow: oneshot::Sender<()>,
    tasks: JoinSet<()>,
    rpc: RpcServer,
    executor: Executor,
    hardening: Hardening,
    sources: ThreadSources,
}

/// How a thread's run ended.
#[derive(Debug)]
pub(super) enum End {
    /// The node's chain does not contain the block any more after which the thread began.
    Refork,
    /// The node has another chain altogether, or the sequencer ended, which it should never.
    Failed(ThreadDaemonError),
}

impl ThreadRun {
    /// Begins one, or goes on with it, and serves it at `address`.
    pub(super) async fn begin(setup: &Setup, address: SocketAddr) -> Result<Self, ThreadDaemonError> {
        let Setup { config, connection, sources, .. } = setup;
        let rules = rules(config)?;
        let executor = chain::open(setup).await?;
        let hardening = Hardening::start(executor.clone())?;
        let pool = prover_pool(config)?;
        let feed = ChainFeed::default();
        let (thread, sequencer) =
            sequence(setup, rules, executor.clone(), feed.clone(), pool.clone()).await?;
        let sequencer = spawn_blocking(move || sequencer.join());

        let control: Arc<dyn ThreadControl> = Arc::new(thread.clone());
        let context = RpcContext {
            storage: executor.storage().clone(),
            executor: executor.clone(),
            sink: Arc::new(ThreadSink::new(Arc::clone(&control), executor.clone())),
            feed,
            answers_after: None,
            devnet: None,
            origin: Some(zkthreads_fork::relay(&config.node)?),
            thread: Some(control),
        };
        sources.set(executor.storage().clone(), thread.clone());

        let Connection { node, chain_id, submitter } = connection;
        let follower = ChainFollower {
            node: node.clone(),
            thread: thread.clone(),
            storage: executor.storage().clone(),
            chain_id: chain_id.clone(),
            poll: POLL,
        };
        let (unfollow, unfollowed) = oneshot::channel();
        let follower = tokio::spawn(follower.run(async { unfollowed.await.unwrap_or(()) }));
        let served = async {
            up_to_date(node, &thread, &follower).await?;
            Ok(serve(address, context).await?)
        };
        let rpc = served.await.inspect_err(|_: &ThreadDaemonError| thread.stop())?;
        let mut tasks = JoinSet::new();
        for _ in 0..config.provers.workers {
            tasks.spawn(provers::prove(thread.clone(), pool.clone()));
        }
        tasks.spawn(Settler::new(thread.clone(), node.clone(), submitter.clone()).run());
        tasks.spawn(Forwarder::new(thread.clone(), node.clone()).run());
        let sources = sources.clone();
        Ok(Self { thread, sequencer, follower, unfollow, tasks, rpc, executor, hardening, sources })
    }

    /// Where it is served.
    pub(super) fn address(&self) -> SocketAddr {
        self.rpc.address()
    }

    /// Waits for its end.
    pub(super) async fn ended(&mut self) -> End {
        tokio::select! {
            unfollowed = &mut self.follower => match unfollowed {
                Ok(Unfollowed::Refork { .. }) => End::Refork,
                Ok(Unfollowed::ThreadStopped | Unfollowed::ShutDown) => {
                    End::Failed(failure((&mut self.sequencer).await))
                }
                Ok(other @ Unfollowed::OtherChain { .. }) => End::Failed(other.into()),
                Err(error) => End::Failed(failure(Err(error))),
            },
            ended = &mut self.sequencer => End::Failed(failure(ended)),
        }
    }

    /// Ends it: no more transactions are taken, calls under way are answered, the databases are closed.
    pub(super) async fn end(self) {
        let Self { thread, sequencer, follower, unfollow, mut tasks, rpc, executor, hardening, sources } =
            self;
        sources.clear();
        rpc.stop().await;
        thread.stop();
        drop(thread);
        // It may have ended by itself.
        let _ = unfollow.send(());
        if !follower.is_finished() {
            let _ = follower.await;
        }
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(TASKS_TIMEOUT, ended).await.is_err() {
            tasks.shutdown().await;
        }
        if !sequencer.is_finished() {
            // A panic was told when it happened.
            let _ = sequencer.await;
        }
        let storage = executor.storage().clone();
        hardening.stop().await;
        drop(executor);
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        while !storage.is_last_handle() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Waits until the thread shows the node's newest block: users' nonces are the node's, and nobody is served the state of
/// long ago. The node may go back meanwhile, so it is asked each time.
async fn up_to_date(
    node: &NodeClient,
    thread: &ThreadHandle,
    follower: &JoinHandle<Unfollowed>,
) -> Result<(), ThreadDaemonError> {
    loop {
        let (latest, _) = patiently(|| async { Ok(node.latest().await?) }).await?;
        // A follower that has ended says why later.
        if thread.status().base_block.block_number >= latest || follower.is_finished() {
            return Ok(());
        }
        tokio::time::sleep(CATCH_UP_LOOK).await;
    }
}

/// Starts the sequencer on what the journal holds.
async fn sequence(
    setup: &Setup,
    config: ThreadConfig,
    executor: Executor,
    feed: ChainFeed,
    pool: ProverPool,
) -> Result<(ThreadHandle, std::thread::JoinHandle<()>), ThreadDaemonError> {
    let owner =
        JournalOwner { chain_id: setup.connection.chain_id.clone(), submitter: setup.config.submitter };
    let path = setup.directory.join(JOURNAL);
    let start = spawn_blocking(move || {
        let journal = ThreadJournal::open(&path, &owner)?;
        let provers = Arc::new(move || pool.figures());
        Ok(Thread::start(ThreadParts { executor, journal, feed, provers, config })?)
    });
    start.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn prover_pool(config: &ThreadDaemonConfig) -> Result<ProverPool, ThreadDaemonError> {
    let ProverOptions { workers, memory_bytes, deadline, program } = config.provers.clone();
    Ok(ProverPool::new(ProverPoolConfig { workers: workers as usize, memory_bytes, deadline, program })?)
}

/// The rules of the sequencer.
fn rules(config: &ThreadDaemonConfig) -> Result<ThreadConfig, ThreadDaemonError> {
    let bytes = config.provers.memory_bytes;
    let max_steps = budget::max_steps(bytes);
    if max_steps == 0 {
        return Err(ThreadDaemonError::TooLittleMemory { bytes });
    }
    Ok(ThreadConfig {
        writable: config.contracts.clone().map(Arc::new),
        max_transactions: config.max_transactions as usize,
        max_steps,
        max_fresh_cells: config.limits.fresh_cells,
        max_fresh_cells_per_account: config.limits.fresh_cells_per_account,
        max_age: config.max_age,
        max_conflicts: config.max_conflicts,
        on_hot: config.on_hot,
        max_unsettled: config.limits.unsettled,
        max_unsettled_bytes: config.limits.unsettled_bytes,
        max_unsettled_cells: config.limits.unsettled_cells,
        ..ThreadConfig::new(config.node.clone(), config.submitter)
    })
}

/// Why the sequencer ended, though nobody ended it.
fn failure(ended: Result<std::thread::Result<()>, JoinError>) -> ThreadDaemonError {
    let reason = match ended {
        Ok(Ok(())) => "it was stopped",
        Ok(Err(_)) | Err(_) => "it panicked",
    };
    ThreadDaemonError::Sequencer { reason: reason.to_owned() }
}
