//! The mempool: admitted transactions on their way into blocks. `docs/mempool.md` has its rules and limits.
//!
//! [`Pool`] is the bookkeeping, without locks, clock or database; [`Mempool`] shares one between the RPC server, which
//! puts transactions in, the verification workers, which look at the proofs of threads, and the block producer, which
//! takes out what can be executed.
//!
//! An account's next nonce is read from the database under the pool's lock, and [`Mempool::block_committed`] takes
//! that lock after each commit; so the pool never works with a nonce older than the last block it was told of.
//!
//! A transaction is in the database's journal before it is acknowledged, and until a block has it or it is dropped. A
//! node that is killed at any moment takes up what the journal holds ([`Mempool::restore`]); what a block has already
//! is struck out.

mod account;
mod journal;
mod limits;
mod locked;
mod offenders;
mod pool;
mod rejections;
mod submit;
mod turn;
mod usage;
mod validators;
mod waiting;
mod weight;
mod writing;

use std::sync::{Arc, Weak};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use parking_lot::{Condvar, Mutex};
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{Executor, PendingTransaction};
use zkthreads_rpc_api::ChainFeed;
use zkthreads_storage::StorageError;

pub use limits::{Budget, MempoolLimits};
pub use pool::contents::Contents;
pub use submit::Restored;
pub use usage::Usage;

use pool::Pool;
use turn::OpenedBlock;
use validators::Validators;
use waiting::{Arrival, Seconds};
use writing::Writing;

/// Tells the time, in seconds since the Unix epoch.
pub type Clock = Box<dyn Fn() -> Seconds + Send + Sync>;

/// Called when there may be something to do for the block producer.
type Waker = Box<dyn Fn() + Send + Sync>;

/// The pool, shared.
pub struct Mempool {
    executor: Executor,
    feed: ChainFeed,
    clock: Clock,
    state: Mutex<PoolState>,
    writing: Writing,
    validators: Validators,
    /// Told of every verdict and validation.
    verified: Condvar,
    /// For the verification workers, which may outlive it.
    this: Weak<Self>,
}

struct PoolState {
    pool: Pool,
    /// Why no more transactions are taken, if so.
    closed: Option<String>,
    waker: Option<Waker>,
}

/// A point in the order of arrival: what was acknowledged before it came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(Arrival);

/// What there is to do about transactions that came before a mark.
#[derive(Debug)]
pub enum Before {
    /// This one can be executed.
    Take(Box<PendingTransaction>),
    /// One waits for a verdict, or to be validated again.
    Verifying,
    /// None can be executed now, nor once a verdict is known.
    Nothing,
}

/// What the pool holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MempoolFigures {
    /// Everything but thread transactions.
    pub ordinary: Usage,
    /// Thread transactions.
    pub threads: Usage,
}

impl Mempool {
    /// An empty pool over `executor`'s chain that tells `feed` what it takes and drops.
    #[must_use]
    pub fn new(executor: Executor, limits: MempoolLimits, feed: ChainFeed) -> Arc<Self> {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self::with_clock(executor, limits, feed, Box::new(now))
    }

    /// The same with a clock of its own.
    #[must_use]
    pub fn with_clock(executor: Executor, limits: MempoolLimits, feed: ChainFeed, clock: Clock) -> Arc<Self> {
        let state = PoolState { pool: Pool::new(limits), closed: None, waker: None };
        Arc::new_cyclic(|this| Self {
            executor,
            feed,
            clock,
            state: Mutex::new(state),
            writing: Writing::default(),
            validators: Validators::start(),
            verified: Condvar::new(),
            this: Weak::clone(this),
        })
    }

    /// Refuses transactions from now on and wakes the block producer to end.
    pub fn close(&self, reason: impl Into<String>) {
        let mut state = self.state.lock();
        state.closed.get_or_insert_with(|| reason.into());
        state.wake();
    }

    /// Has `wake` called whenever a transaction can be executed, or will be by [`Mempool::next_due`], and when the mempool is
    /// closed; maybe more often. It must not call the mempool.
    pub fn set_waker(&self, wake: impl Fn() + Send + Sync + 'static) {
        let mut state = self.state.lock();
        state.waker = Some(Box::new(wake));
        state.wake();
    }

    /// Whether the mempool was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state.lock().closed.is_some()
    }

    /// Tells of the block that is open from now on. A thread is held until the open block is late enough for it; in every block
    /// those that are due come first again.
    pub fn block_opened(&self, number: BlockNumber, timestamp: BlockTimestamp) {
        let strict = self.executor.config().thread_rules.at(number).is_strict();
        self.peek().block_opened(OpenedBlock { timestamp, strict });
    }

    /// Lets everything else go before threads that are due, until a block is opened: they were first for long enough.
    pub fn others_go_first(&self) {
        self.peek().others_go_first();
    }

    /// When the first of the threads is due that are held and could be executed then.
    #[must_use]
    pub fn next_due(&self) -> Option<BlockTimestamp> {
        self.peek().next_due()
    }

    /// Whether the open block is late enough for a transaction that was taken, be it for one that was open before.
    #[must_use]
    pub fn is_due(&self, hash: TransactionHash) -> bool {
        self.peek().is_due(hash)
    }

    /// Takes the first of the executable transactions for the block under construction: a thread that is due, or the one with
    /// the highest tip, of several the one that came first. A thread is executable once the verdict on its proof is known, or
    /// known not to be needed yet, so that executing it waits for nothing.
    #[must_use]
    pub fn take(&self) -> Option<PendingTransaction> {
        self.peek().take()
    }

    /// Takes a thread that is due, if it has no place after anything else: in the strict form.
    #[must_use]
    pub fn take_due(&self) -> Option<PendingTransaction> {
        self.peek().take_due()
    }

    /// The present, in the order of arrival.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.peek().next_arrival())
    }

    /// As [`Mempool::take`], of what came before `mark` only, so that newcomers, however many, make nobody wait for ever.
    /// Waits for verdicts that are under way, until `deadline` at the latest, but for no thread that is held.
    #[must_use]
    pub fn take_before(&self, mark: Mark, deadline: Instant) -> Before {
        let mut pool = self.peek();
        loop {
            if let Some(taken) = pool.take_before(mark.0) {
                return Before::Take(Box::new(taken));
            }
            if !pool.is_verifying_before(mark.0) {
                return Before::Nothing;
            }
            if !pool.wait_for_verdict(deadline) {
                return Before::Verifying;
            }
        }
    }

    /// Puts back the transaction taken last: it did not fit into the block.
    pub fn put_back(&self, hash: TransactionHash) {
        self.lock().put_back(hash);
    }

    /// Puts back the transaction taken last, and has it validated again: what its validation saw has changed.
    pub fn validate_again(&self, hash: TransactionHash) {
        self.peek().validate_again(hash);
    }

    /// Puts back the thread taken last, whose preconditions hold by now, and has its proof verified.
    pub fn verify(&self, hash: TransactionHash) {
        self.peek().verify(hash);
    }

    /// Whether a transaction that was taken was acknowledged on top of blocks that are gone. It may be valid only after others
    /// of that kind, which come in the order in which they were acknowledged.
    #[must_use]
    pub fn is_from_before(&self, hash: TransactionHash) -> bool {
        self.peek().is_from_before(hash)
    }

    /// Whether a transaction that could execute is being validated again, and will be ready soon.
    #[must_use]
    pub fn is_validating(&self) -> bool {
        self.peek().is_validating()
    }

    /// Takes the transaction that was put back, whatever would come before it: it was executed for a block that had no room,
    /// and is not to be executed for one block after another.
    #[must_use]
    pub fn take_this(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        self.peek().take_this(hash)
    }

    /// A transaction that was taken and is in the open block, to be executed there once more.
    #[must_use]
    pub fn taken(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        self.peek().taken(hash)
    }

    /// Drops a transaction that was taken: no block can hold it.
    pub fn reject(&self, hash: TransactionHash, reason: String) {
        self.lock().reject(hash, reason, false);
    }

    /// The same, where that is no fault of its sender's.
    pub fn give_up(&self, hash: TransactionHash, reason: String) {
        self.lock().reject(hash, reason, true);
    }

    /// Forgets what was taken (the committed block has it) and drops transactions whose nonce the block consumed,
    /// be it by a thread that settled the same user transaction. `changed` are the accounts whose nonces the block changed.
    ///
    /// # Errors
    /// If the database fails.
    pub fn block_committed(&self, changed: &[ContractAddress]) -> Result<(), StorageError> {
        let mut pool = self.lock();
        let nonces = self.canonical_nonces(pool.affected(changed))?;
        let settled = |hash| matches!(self.executor.storage().inner_place(hash), Ok(Some(_)));
        pool.settle(nonces, settled);
        Ok(())
    }

    /// Takes back what was taken: the block under construction was given up, and the chain may have lost blocks.
    /// What cannot be executed on the chain as it is now stays until it can, or expires.
    ///
    /// # Errors
    /// If the database fails.
    pub fn block_abandoned(&self) -> Result<(), StorageError> {
        let mut pool = self.lock();
        let nonces = self.canonical_nonces(pool.accounts())?;
        pool.abandon(nonces);
        Ok(())
    }

    /// Drops everything, also what was taken: the chain begins anew.
    pub fn clear(&self, reason: &str) {
        self.lock().clear(reason);
    }

    /// What the pool holds.
    #[must_use]
    pub fn figures(&self) -> MempoolFigures {
        let usages = self.peek().usages();
        MempoolFigures { ordinary: usages.ordinary, threads: usages.threads }
    }

    fn canonical_nonces(
        &self,
        accounts: impl IntoIterator<Item = ContractAddress>,
    ) -> Result<Vec<(ContractAddress, Nonce)>, StorageError> {
        accounts.into_iter().map(|account| Ok((account, self.canonical_nonce(account)?))).collect()
    }

    fn canonical_nonce(&self, account: ContractAddress) -> Result<Nonce, StorageError> {
        let storage = self.executor.storage();
        match storage.latest()? {
            Some(latest) => storage.state_at(latest).nonce(account),
            None => Ok(Nonce::default()),
        }
    }
}
