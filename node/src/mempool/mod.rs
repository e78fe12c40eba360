//! The mempool: admitted transactions on their way into blocks.
//!
//! [`Pool`] is the bookkeeping, without locks or database; [`Mempool`] shares one between the RPC server, which puts
//! transactions in, and the block producer, which takes them out.
//!
//! An account's next nonce is read from the database under the pool's lock, and [`Mempool::block_committed`] takes
//! that lock after each commit; so the pool never works with a nonce older than the last block it was told of.

mod account;
mod pool;
mod rejections;

use std::time::Instant;

use jsonrpsee::core::async_trait;
use parking_lot::{Condvar, Mutex};
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::PendingTransaction;
use zkthreads_rpc::{PoolStatus, SubmitError, TransactionSink};
use zkthreads_storage::{Storage, StorageError};

pub use pool::Limits;
use pool::Pool;

/// The pool, shared.
pub struct Mempool {
    storage: Storage,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    pool: Pool,
    /// Why no more transactions are taken, if so.
    closed: Option<String>,
}

/// What ended a wait of the block producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// A transaction can be executed.
    Ready,
    /// The deadline has passed.
    Deadline,
    /// The mempool was closed.
    Closed,
}

impl Mempool {
    /// An empty pool over the chain in `storage`.
    #[must_use]
    pub fn new(storage: Storage, limits: Limits) -> Self {
        let state = State { pool: Pool::new(limits), closed: None };
        Self { storage, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Refuses transactions from now on and wakes the block producer to end.
    pub fn close(&self, reason: impl Into<String>) {
        self.state.lock().closed.get_or_insert_with(|| reason.into());
        self.changed.notify_all();
    }

    /// Waits until a transaction can be executed.
    pub fn wait_ready(&self) -> Wake {
        let mut state = self.state.lock();
        loop {
            if state.closed.is_some() {
                return Wake::Closed;
            }
            if state.pool.has_ready() {
                return Wake::Ready;
            }
            self.changed.wait(&mut state);
        }
    }

    /// Waits until `deadline`, whatever arrives.
    pub fn wait_until(&self, deadline: Instant) -> Wake {
        let mut state = self.state.lock();
        loop {
            if state.closed.is_some() {
                return Wake::Closed;
            }
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                return if state.closed.is_some() { Wake::Closed } else { Wake::Deadline };
            }
        }
    }

    /// Takes the executable transaction that came first, for the block under construction.
    #[must_use]
    pub fn take(&self) -> Option<PendingTransaction> {
        self.state.lock().pool.take()
    }

    /// Puts back the transaction taken last: it did not fit into the block.
    pub fn put_back(&self, hash: TransactionHash) {
        self.state.lock().pool.put_back(hash);
    }

    /// Drops a transaction that was taken: no block can hold it.
    pub fn reject(&self, hash: TransactionHash, reason: String) {
        self.state.lock().pool.reject(hash, reason);
    }

    /// Forgets what was taken (the committed block has it) and drops transactions whose nonce the block consumed,
    /// be it by a thread that settled the same user transaction.
    ///
    /// # Errors
    /// If the database fails.
    pub fn block_committed(&self) -> Result<(), StorageError> {
        let mut state = self.state.lock();
        let mut nonces = Vec::new();
        for account in state.pool.accounts() {
            nonces.push((account, self.canonical_nonce(account)?));
        }
        state.pool.settle(nonces);
        Ok(())
    }

    fn canonical_nonce(&self, account: ContractAddress) -> Result<Nonce, StorageError> {
        match self.storage.latest()? {
            Some(latest) => self.storage.state_at(latest).nonce(account),
            None => Ok(Nonce::default()),
        }
    }

    fn insert(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        let unavailable = |error: StorageError| SubmitError::Unavailable { reason: error.to_string() };
        let hash = transaction.hash;
        let mut state = self.state.lock();
        if let Some(reason) = &state.closed {
            return Err(SubmitError::Unavailable { reason: reason.clone() });
        }
        if self.storage.transaction(hash).map_err(unavailable)?.is_some() {
            return Err(SubmitError::Duplicate);
        }
        let nonce = self.canonical_nonce(transaction.sender()).map_err(unavailable)?;
        state.pool.insert(transaction, nonce)?;
        drop(state);
        self.changed.notify_all();
        Ok(hash)
    }
}

#[async_trait]
impl TransactionSink for Mempool {
    async fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        self.insert(transaction)
    }

    fn status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        self.state.lock().pool.status(hash)
    }

    fn pending(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        self.state.lock().pool.transaction(hash)
    }

    fn pending_nonce(&self, account: ContractAddress) -> Option<Nonce> {
        self.state.lock().pool.nonce_after(account)
    }
}
