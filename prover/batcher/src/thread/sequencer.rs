//! One thread that sees to everything, one thing after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use starknet_api::block::BlockNumber;
use starknet_api::core::Nonce;
use starknet_api::transaction::TransactionHash;
use tokio::sync::oneshot;
use zkthreads_execution::{ExecutionError, Executor};
use zkthreads_rpc::ChainFeed;
use zkthreads_storage::FollowedBlock;

use super::SubBlockId;
use super::config::{ThreadConfig, ThreadParts};
use super::figures::Figures;
use super::handle::{FollowError, Lease, Message, ThreadHandle};
use super::intake::{Arrival, MAX_GROUP};
use super::job::{Bundle, BundleFailure, Forward, InFlight, Job, NodeHealth};
use super::report;
use super::rules::Rules;
use super::setback::Setback;
use super::shared::Shared;
use super::work::Work;
use crate::worker::{Proven, Stage, WorkerError};

/// How often to look at what happens by itself.
const TICK: Duration = Duration::from_secs(1);

/// Why a thread cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ThreadError {
    /// The database has no block to begin with, or fails.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// There cannot be another thread of execution.
    #[error("no thread of execution for the sequencer: {0}")]
    Spawn(#[from] std::io::Error),
}

/// A thread: users' transactions on top of a node's chain.
pub struct Thread;

impl Thread {
    /// Starts the sequencer, which goes on where the journal ends. It ends with [`ThreadHandle::stop`].
    ///
    /// # Errors
    /// If the followed database has no block, or cannot be read.
    pub fn start(parts: ThreadParts) -> Result<(ThreadHandle, JoinHandle<()>), ThreadError> {
        let ThreadParts { executor, journal, feed, provers, config } = parts;
        let head = executor.latest_header()?;
        let (sender, messages) = channel();
        let base = report::base_block(&head);
        let beginning = Setback::State { reason: "the journal is being read".to_owned() };
        let status = report::status(&config, &NodeHealth::Reachable, base, Err(&beginning));
        let shared = Arc::new(Shared {
            chain_id: executor.config().chain_id.clone(),
            journal: Arc::new(journal),
            provers,
            queued: AtomicUsize::new(0),
            head: RwLock::new((base.block_number, base.block_hash)),
            waiting: RwLock::default(),
            figures: Mutex::new(Figures::new(Instant::now())),
            status: RwLock::new(status),
        });
        let mut sequencer = Sequencer {
            rules: Rules::new(&executor, config.clone()),
            config,
            executor,
            feed,
            shared: Arc::clone(&shared),
            messages,
            sender: sender.clone(),
            state: State::Down { setback: beginning, retry_at: Instant::now() },
            jobs: VecDeque::new(),
            bundles: VecDeque::new(),
            forwards: VecDeque::new(),
            health: NodeHealth::Reachable,
            looked_at: Instant::now(),
            is_stopping: false,
        };
        // Nobody is served before it is known what was acknowledged.
        let (ready, is_ready) = sync_channel(1);
        let run = move || {
            sequencer.recover();
            sequencer.tell_status();
            let _ = ready.send(());
            sequencer.run();
        };
        let thread = std::thread::Builder::new().name("thread-sequencer".to_owned()).spawn(run)?;
        // If it panicked, whoever asks it something learns that it has stopped.
        let _ = is_ready.recv();
        Ok((ThreadHandle::new(sender, shared), thread))
    }
}

/// Sees to everything that others send to a thread.
pub(super) struct Sequencer {
    rules: Rules,
    config: ThreadConfig,
    executor: Executor,
    feed: ChainFeed,
    shared: Arc<Shared>,
    messages: Receiver<Message>,
    sender: Sender<Message>,
    state: State,
    /// Who waits for a sub-block to prove.
    jobs: VecDeque<oneshot::Sender<Job>>,
    /// Who waits for a bundle to settle.
    bundles: VecDeque<oneshot::Sender<Bundle>>,
    /// Who waits for a transaction to forward.
    forwards: VecDeque<oneshot::Sender<Forward>>,
    health: NodeHealth,
    /// When was last looked at what happens by itself.
    looked_at: Instant,
    is_stopping: bool,
}

enum State {
    Running(Box<Work>),
    /// It starts over from the journal as soon as it can.
    Down {
        setback: Setback,
        retry_at: Instant,
    },
}

impl Sequencer {
    fn run(mut self) {
        while !self.is_stopping {
            match self.messages.recv_timeout(self.patience()) {
                Ok(message) => self.see_to(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.look();
            self.hand_out();
            self.tell_status();
        }
        self.feed.set_pre_confirmed(None);
    }

    /// Sees to what there is by now, in order. Transactions that come in a row are recorded together.
    fn see_to(&mut self, first: Message) {
        let mut arrivals: Vec<Box<Arrival>> = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Submit(arrival) => arrivals.push(arrival),
                Message::Command(command) => {
                    self.take_in(std::mem::take(&mut arrivals));
                    command(self);
                }
                Message::Stop => {
                    self.is_stopping = true;
                    break;
                }
            }
            next = if arrivals.len() < MAX_GROUP { self.messages.try_recv().ok() } else { None };
        }
        self.take_in(arrivals);
    }

    fn take_in(&mut self, arrivals: Vec<Box<Arrival>>) {
        if arrivals.is_empty() {
            return;
        }
        match self.with(|work| work.take_in(&arrivals)) {
            Ok(results) => {
                for (arrival, result) in arrivals.into_iter().zip(results) {
                    arrival.answer(result, &self.shared);
                }
            }
            Err(setback) => arrivals.into_iter().for_each(|arrival| arrival.refuse(&setback)),
        }
    }

    /// Does something with what is in memory. If that fails, all of it is dropped.
    fn with<T>(&mut self, work: impl FnOnce(&mut Work) -> Result<T, Setback>) -> Result<T, Setback> {
        let result = match &mut self.state {
            State::Running(running) => work(running),
            State::Down { setback, .. } => return Err(setback.clone()),
        };
        result.inspect_err(|setback| {
            tracing::error!(%setback, "the thread takes nothing until it can go on");
            self.state = State::Down { setback: setback.clone(), retry_at: Instant::now() + TICK };
        })
    }

    /// As [`Self::with`], for what nobody waits for: it is done again after the start from the journal, or is obsolete.
    fn attempt(&mut self, work: impl FnOnce(&mut Work) -> Result<(), Setback>) {
        // The setback is in the log and in the status.
        let _ = self.with(work);
    }

    /// Starts over from the journal.
    fn recover(&mut self) {
        match Work::restore(&self.rules, &self.executor, &self.feed, &self.shared) {
            Ok(work) => {
                let unsettled = work.unsettled.len();
                tracing::info!(
                    unsettled,
                    waiting = work.waiting.len(),
                    "the thread goes on from its journal"
                );
                self.state = State::Running(Box::new(work));
            }
            Err(setback) => {
                if !matches!(&self.state, State::Down { setback: before, .. } if *before == setback) {
                    tracing::error!(%setback, "the thread cannot go on from its journal");
                }
                self.state = State::Down { setback, retry_at: Instant::now() + TICK };
            }
        }
    }

    /// Sees to what happens by itself.
    fn look(&mut self) {
        let now = Instant::now();
        if let State::Down { retry_at, .. } = &self.state {
            if *retry_at <= now {
                self.recover();
            }
            return;
        }
        let is_tick = now.saturating_duration_since(self.looked_at) >= TICK;
        if is_tick {
            self.looked_at = now;
        }
        let max_age = self.config.max_age;
        self.attempt(|work| {
            let is_old = work
                .unsettled
                .open
                .since
                .is_some_and(|since| now.saturating_duration_since(since) >= max_age);
            if is_old {
                work.complete()?;
                work.look_after_waiting()?;
                work.end_turn()?;
            }
            if is_tick {
                work.drop_expired(now);
                work.drop_refused(now);
                if !work.turn.places.is_empty() {
                    work.end_turn()?;
                }
            }
            Ok(())
        });
    }

    /// How long nothing has to be done if nobody sends anything.
    fn patience(&self) -> Duration {
        let now = Instant::now();
        let due = match &self.state {
            State::Down { retry_at, .. } => Some(*retry_at),
            State::Running(work) => {
                let closing = work.unsettled.open.since.map(|since| since + self.config.max_age);
                let is_wanted = !(self.jobs.is_empty() && self.bundles.is_empty());
                closing.into_iter().chain(work.next_due().filter(|due| is_wanted && *due > now)).min()
            }
        };
        due.map_or(TICK, |due| due.saturating_duration_since(now)).min(TICK)
    }

    fn tell_status(&mut self) {
        let work = match &self.state {
            State::Running(work) => Ok(work.as_ref()),
            State::Down { setback, .. } => Err(setback),
        };
        let mut status = self.shared.status.write();
        let head = self.executor.latest_header();
        let base_block = head.map_or(status.base_block, |head| report::base_block(&head));
        *status = report::status(&self.config, &self.health, base_block, work);
    }

    /// Gives work to those who wait for it.
    fn hand_out(&mut self) {
        let now = Instant::now();
        let State::Running(work) = &mut self.state else { return };
        while let Some(taker) = next_taker(&mut self.jobs) {
            let Some((sub_block, lease)) = work.next_job(now) else {
                self.jobs.push_front(taker);
                break;
            };
            let name = sub_block.name();
            let give_back = move |sequencer: &mut Self| {
                sequencer.attempt(|work| {
                    work.give_back_job(name, lease);
                    Ok(())
                });
            };
            let job = Job {
                id: name.0,
                attempt: name.1,
                executed: Arc::clone(&sub_block.executed),
                alive: sub_block.alive.subscribe(),
                _lease: Lease::new(&self.sender, give_back),
            };
            // If nobody waits any more, the job's end gives it back.
            drop(taker.send(job));
        }
        while let Some(taker) = next_taker(&mut self.bundles) {
            let Some(taken) = work.next_bundle(now) else {
                self.bundles.push_front(taker);
                break;
            };
            let lease = taken.lease;
            let give_back = move |sequencer: &mut Self| {
                sequencer.attempt(|work| {
                    work.give_back_bundle(lease);
                    Ok(())
                });
            };
            let bundle = Bundle {
                sub_blocks: taken.sub_blocks,
                package: taken.package,
                alive: taken.alive,
                _lease: Lease::new(&self.sender, give_back),
            };
            drop(taker.send(bundle));
        }
        while let Some(taker) = next_taker(&mut self.forwards) {
            let Some((hash, transaction, lease)) = work.next_forward(now) else {
                self.forwards.push_front(taker);
                break;
            };
            let give_back = move |sequencer: &mut Self| {
                sequencer.attempt(|work| {
                    work.forwards.give_back(lease);
                    Ok(())
                });
            };
            drop(taker.send(Forward { hash, transaction, _lease: Lease::new(&self.sender, give_back) }));
        }
    }

    pub(super) fn follow(&mut self, block: FollowedBlock) -> Result<(), FollowError> {
        self.get_ready()?;
        self.executor.storage().follow(block)?;
        self.attempt(Work::go_on);
        Ok(())
    }

    pub(super) fn revert_to(&mut self, number: BlockNumber) -> Result<(), FollowError> {
        self.get_ready()?;
        if let Some(undone) = self.executor.storage().revert_to(number)? {
            self.attempt(|work| work.go_back(undone));
        }
        Ok(())
    }

    /// Starts over from the journal if that has to be done. While the journal cannot be written, the chain is not
    /// followed; while the state cannot be read, it is, for that may help.
    fn get_ready(&mut self) -> Result<(), FollowError> {
        if matches!(self.state, State::Down { .. }) {
            self.recover();
        }
        match &self.state {
            State::Down { setback: Setback::Journal { reason }, .. } => {
                Err(FollowError::Halted { reason: reason.clone() })
            }
            State::Down { .. } | State::Running(_) => Ok(()),
        }
    }

    pub(super) fn node_is(&mut self, health: NodeHealth) {
        if self.health != health {
            match &health {
                NodeHealth::Reachable => tracing::info!("the node answers again"),
                NodeHealth::Away { reason } => tracing::warn!(reason, "the node does not answer"),
            }
            self.health = health;
        }
    }

    pub(super) fn want_job(&mut self, taker: oneshot::Sender<Job>) {
        self.jobs.push_back(taker);
    }

    pub(super) fn proving(&mut self, id: SubBlockId, attempt: u32, stage: Stage) {
        self.attempt(|work| {
            work.proving((id, attempt), stage);
            Ok(())
        });
    }

    pub(super) fn proved(&mut self, id: SubBlockId, attempt: u32, result: Result<Proven, WorkerError>) {
        self.attempt(|work| work.proved((id, attempt), result));
    }

    pub(super) fn want_bundle(&mut self, taker: oneshot::Sender<Bundle>) {
        self.bundles.push_back(taker);
    }

    pub(super) fn submitting(
        &mut self,
        names: &[(SubBlockId, u32)],
        hash: TransactionHash,
        nonce: Nonce,
    ) -> bool {
        self.with(|work| work.submitting(names, hash, nonce)).unwrap_or(false)
    }

    pub(super) fn bundle_failed(&mut self, names: &[(SubBlockId, u32)], failure: &BundleFailure) {
        self.attempt(|work| work.bundle_failed(names, failure));
    }

    pub(super) fn in_flight(&mut self) -> Vec<InFlight> {
        self.with(|work| Ok(work.in_flight())).unwrap_or_default()
    }

    pub(super) fn want_forward(&mut self, taker: oneshot::Sender<Forward>) {
        self.forwards.push_back(taker);
    }

    pub(super) fn forwarded(&mut self, hash: TransactionHash, result: Result<(), String>) {
        self.attempt(|work| {
            work.forwarded(hash, &result);
            Ok(())
        });
    }
}

/// The next one who still waits.
fn next_taker<T>(takers: &mut VecDeque<oneshot::Sender<T>>) -> Option<oneshot::Sender<T>> {
    while let Some(taker) = takers.pop_front() {
        if !taker.is_closed() {
            return Some(taker);
        }
    }
    None
}
