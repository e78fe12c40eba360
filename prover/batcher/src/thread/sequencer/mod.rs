//! One thread that sees to everything, one thing after the other.

mod commands;
mod hand_out;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use zkthreads_execution::Executor;
use zkthreads_rpc_api::ChainFeed;

use crate::thread::config::ThreadConfig;
use crate::thread::intake::{Arrival, MAX_GROUP};
use crate::thread::job::{Bundle, Forward, Job, NodeHealth};
use crate::thread::message::Message;
use crate::thread::outage::Outage;
use crate::thread::report;
use crate::thread::rules::Rules;
use crate::thread::shared::Shared;
use crate::thread::work::Work;

/// How often to look at what happens by itself.
const TICK: Duration = Duration::from_secs(1);

/// Sees to everything that others send to a thread.
pub(in crate::thread) struct Sequencer {
    rules: Rules,
    config: ThreadConfig,
    executor: Executor,
    feed: ChainFeed,
    shared: Arc<Shared>,
    messages: Receiver<Message<Self>>,
    sender: Sender<Message<Self>>,
    state: SequencerState,
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

enum SequencerState {
    Running(Box<Work>),
    /// It starts over from the journal as soon as it can.
    Down {
        outage: Outage,
        retry_at: Instant,
    },
}

impl Sequencer {
    /// One that is down, and starts over from the journal when it is told to.
    pub(in crate::thread) fn new(
        config: ThreadConfig,
        executor: Executor,
        feed: ChainFeed,
        shared: Arc<Shared>,
        (sender, messages): (Sender<Message<Self>>, Receiver<Message<Self>>),
        outage: Outage,
    ) -> Self {
        Self {
            rules: Rules::new(&executor, config.clone()),
            config,
            executor,
            feed,
            shared,
            messages,
            sender,
            state: SequencerState::Down { outage, retry_at: Instant::now() },
            jobs: VecDeque::new(),
            bundles: VecDeque::new(),
            forwards: VecDeque::new(),
            health: NodeHealth::Reachable,
            looked_at: Instant::now(),
            is_stopping: false,
        }
    }

    pub(in crate::thread) fn run(mut self) {
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
    fn see_to(&mut self, first: Message<Self>) {
        let mut arrivals: Vec<Arrival> = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Submit(arrival) => arrivals.push(*arrival),
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

    fn take_in(&mut self, arrivals: Vec<Arrival>) {
        if arrivals.is_empty() {
            return;
        }
        let taken = self.with(|work| work.take_in(&arrivals));
        // Before the answers: whoever has one finds in the status what came of it.
        self.tell_status();
        match taken {
            Ok(results) => {
                for (arrival, result) in arrivals.into_iter().zip(results) {
                    arrival.answer(result, &self.shared);
                }
            }
            Err(outage) => arrivals.into_iter().for_each(|arrival| arrival.refuse(&outage)),
        }
    }

    /// Does something with what is in memory. If that fails, all of it is dropped.
    fn with<T>(&mut self, work: impl FnOnce(&mut Work) -> Result<T, Outage>) -> Result<T, Outage> {
        let result = match &mut self.state {
            SequencerState::Running(running) => work(running),
            SequencerState::Down { outage, .. } => return Err(outage.clone()),
        };
        result.inspect_err(|outage| {
            tracing::error!(%outage, "the thread takes nothing until it can go on");
            self.state = SequencerState::Down { outage: outage.clone(), retry_at: Instant::now() + TICK };
        })
    }

    /// As [`Self::with`], for what nobody waits for: it is done again after the start from the journal, or is obsolete.
    fn attempt(&mut self, work: impl FnOnce(&mut Work) -> Result<(), Outage>) {
        // The outage is in the log and in the status.
        let _ = self.with(work);
    }

    /// Starts over from the journal.
    pub(in crate::thread) fn recover(&mut self) {
        match Work::restore(&self.rules, &self.executor, &self.feed, &self.shared) {
            Ok(work) => {
                let unsettled = work.unsettled.len();
                tracing::info!(
                    unsettled,
                    waiting = work.waiting.len(),
                    "the thread goes on from its journal"
                );
                self.state = SequencerState::Running(Box::new(work));
            }
            Err(outage) => {
                if !matches!(&self.state, SequencerState::Down { outage: before, .. } if *before == outage) {
                    tracing::error!(%outage, "the thread cannot go on from its journal");
                }
                self.state = SequencerState::Down { outage, retry_at: Instant::now() + TICK };
            }
        }
    }

    /// Sees to what happens by itself.
    fn look(&mut self) {
        let now = Instant::now();
        if let SequencerState::Down { retry_at, .. } = &self.state {
            if *retry_at <= now {
                self.recover();
            }
            return;
        }
        let is_tick = now.saturating_duration_since(self.looked_at) >= TICK;
        if is_tick {
            self.looked_at = now;
        }
        let is_old = self.closing().is_some_and(|closing| closing <= now);
        self.attempt(|work| {
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

    /// When the open sub-block is complete for its age. While no prover is free it grows: one proof of many transactions
    /// takes less than several of few.
    fn closing(&self) -> Option<Instant> {
        match &self.state {
            SequencerState::Running(work) if !self.jobs.is_empty() => {
                work.unsettled.open.since.map(|since| since + self.config.max_age)
            }
            SequencerState::Running(_) | SequencerState::Down { .. } => None,
        }
    }

    /// How long nothing has to be done if nobody sends anything.
    fn patience(&self) -> Duration {
        let now = Instant::now();
        let due = match &self.state {
            SequencerState::Down { retry_at, .. } => Some(*retry_at),
            SequencerState::Running(work) => {
                let closing = self.closing();
                let is_wanted = !(self.jobs.is_empty() && self.bundles.is_empty());
                closing.into_iter().chain(work.next_due().filter(|due| is_wanted && *due > now)).min()
            }
        };
        due.map_or(TICK, |due| due.saturating_duration_since(now)).min(TICK)
    }

    pub(in crate::thread) fn tell_status(&mut self) {
        let work = match &self.state {
            SequencerState::Running(work) => Ok(work.as_ref()),
            SequencerState::Down { outage, .. } => Err(outage),
        };
        let mut status = self.shared.status.write();
        let base_block = match work {
            Ok(work) => report::base_block(&work.head),
            Err(_) => {
                let head = self.executor.latest_header();
                head.map_or(status.base_block, |head| report::base_block(&head))
            }
        };
        let figures = self.shared.figures.lock();
        *status = report::status(&self.config, &self.health, base_block, &figures, work);
    }
}
