//! Block production: takes transactions out of the mempool, executes them, seals and commits blocks.
//!
//! There is always an open block. What comes is executed in it at once and shown to others as pre-confirmed
//! ([`ChainFeed`]); the [`BlockMode`] says when it is sealed. A sealed block is one atomic write; until then its
//! transactions are in the mempool's journal, so a node that is killed executes them again.
//!
//! One thread does all of it, and nothing else writes blocks. Others reach it through a [`ProducerHandle`]; it sees to
//! their commands between two transactions.

mod building;
mod clock;
mod commands;
mod handle;
mod moment;
mod report;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use starknet_api::block::{BlockTimestamp, GasPrices};
use zkthreads_execution::{ExecutionError, Executor, OpenBlock};
use zkthreads_rpc_api::ChainFeed;
use zkthreads_storage::StorageError;

use clock::Clock;
use handle::Message;
use zkthreads_mempool::Mempool;

pub use clock::ClockState;
pub use handle::{CommandError, MadeBlock, ProducerHandle};
pub use moment::{Course, ProducerSnapshot};

/// When blocks are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockMode {
    /// As soon as a transaction is executed, with all that can be executed by then.
    OnTransaction,
    /// At this interval, whether or not there are transactions.
    Interval(Duration),
    /// When someone asks for it, or the block is full.
    OnDemand,
}

/// How blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerConfig {
    /// When they are sealed.
    pub mode: BlockMode,
    /// What the clock shows when it starts; the system's time if absent.
    pub start_time: Option<BlockTimestamp>,
    /// How many blocks back states and tries are kept; all if absent. Blocks and receipts are kept always.
    pub state_history: Option<u64>,
}

/// Longest that a block takes transactions in as they come and is then sealed, so that each is in a block soon even under load.
const MAX_FILL_TIME: Duration = Duration::from_secs(2);

/// How old an empty open block's timestamp may become.
const REFRESH: Duration = Duration::from_secs(1);

/// Why block production ended other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum ProducerError {
    /// Block execution failed, through no transaction's fault.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its thread panicked.
    #[error("the block producer panicked")]
    Panic,
}

/// Makes blocks; the only writer of the database after genesis.
pub struct Producer {
    executor: Executor,
    mempool: Arc<Mempool>,
    feed: ChainFeed,
    config: ProducerConfig,
    clock: Clock,
    /// Of the next block that is opened.
    gas_prices: GasPrices,
    open: Option<OpenBlock>,
    /// Whether the open block holds something that did not come from the mempool.
    holds_others: bool,
    /// When the open block took its first transaction.
    filling_since: Option<Instant>,
    /// When the next block is due, at an interval.
    deadline: Instant,
    messages: Receiver<Message>,
    sender: Sender<Message>,
}

impl Producer {
    /// A producer of blocks on `executor`'s chain out of `mempool`, who tells `feed` what happens.
    #[must_use]
    pub fn new(executor: Executor, mempool: Arc<Mempool>, feed: ChainFeed, config: ProducerConfig) -> Self {
        let (sender, messages) = channel();
        let interval = match config.mode {
            BlockMode::Interval(interval) => interval,
            BlockMode::OnTransaction | BlockMode::OnDemand => Duration::ZERO,
        };
        Self {
            gas_prices: executor.config().gas_prices.clone(),
            executor,
            mempool,
            feed,
            config,
            clock: Clock::new(system_time, config.start_time),
            open: None,
            holds_others: false,
            filling_since: None,
            deadline: Instant::now() + interval,
            messages,
            sender,
        }
    }

    /// The way to reach it.
    #[must_use]
    pub fn handle(&self) -> ProducerHandle {
        ProducerHandle::new(self.sender.clone())
    }

    /// Makes blocks until the mempool is closed. Blocks its thread.
    ///
    /// # Errors
    /// If the node itself fails; a transaction's failure never ends production.
    pub fn run(mut self) -> Result<(), ProducerError> {
        let sender = self.sender.clone();
        // It fails only if the producer has ended.
        self.mempool.set_waker(move || drop(sender.send(Message::Look)));
        while !self.mempool.is_closed() {
            self.refresh()?;
            while let Ok(message) = self.messages.try_recv() {
                self.see_to(message)?;
            }
            if self.is_due() {
                self.seal()?;
            } else if let Some(transaction) = self.mempool.take() {
                self.take_in(transaction)?;
            } else if self.config.mode == BlockMode::OnTransaction
                && !self.is_empty()
                && !self.mempool.is_validating()
            {
                self.seal()?;
            } else {
                self.wait()?;
            }
        }
        if self.config.mode != BlockMode::OnDemand && !self.is_empty() {
            self.seal()?;
        }
        self.feed.set_pre_confirmed(None);
        Ok(())
    }

    fn see_to(&mut self, message: Message) -> Result<(), ProducerError> {
        if let Message::Command(command) = message {
            self.catch_up()?;
            command(self);
        }
        Ok(())
    }

    /// Whether the open block has to be sealed now, whatever else could go into it.
    fn is_due(&self) -> bool {
        match self.config.mode {
            BlockMode::Interval(_) => Instant::now() + self.sealing_time() >= self.deadline,
            BlockMode::OnTransaction => self.filled_for() >= MAX_FILL_TIME,
            BlockMode::OnDemand => false,
        }
    }

    /// How long the open block has been filled, what sealing it will take included.
    fn filled_for(&self) -> Duration {
        self.filling_since.map(|since| since.elapsed() + self.sealing_time()).unwrap_or_default()
    }

    /// How long threads that are due may come before everything else in a block.
    fn threads_share(&self) -> Duration {
        let filling = match self.config.mode {
            BlockMode::Interval(interval) => interval.min(MAX_FILL_TIME),
            BlockMode::OnTransaction | BlockMode::OnDemand => MAX_FILL_TIME,
        };
        filling / 2
    }

    fn sealing_time(&self) -> Duration {
        self.open.as_ref().map(OpenBlock::sealing_time).unwrap_or_default()
    }

    /// Waits for a command, for something in the mempool, or until the open block has to be looked after.
    fn wait(&mut self) -> Result<(), ProducerError> {
        let timeout = match self.config.mode {
            BlockMode::Interval(_) => REFRESH.min(self.deadline.saturating_duration_since(Instant::now())),
            // What is being validated is soon there, or the block is due.
            BlockMode::OnTransaction if !self.is_empty() => MAX_FILL_TIME.saturating_sub(self.filled_for()),
            BlockMode::OnTransaction | BlockMode::OnDemand => REFRESH,
        };
        match self.messages.recv_timeout(timeout.min(self.until_due())) {
            Ok(message) => self.see_to(message),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
        }
    }

    /// How long it takes until the open block, if it is empty, is to be opened anew for a thread that is due then.
    fn until_due(&self) -> Duration {
        let due = self.mempool.next_due().filter(|_| self.is_empty());
        due.and_then(|due| self.clock.until(due)).unwrap_or(Duration::MAX)
    }
}

/// The system's time.
#[must_use]
pub fn now() -> BlockTimestamp {
    BlockTimestamp(system_time().as_secs())
}

/// The time since the Unix epoch.
fn system_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
