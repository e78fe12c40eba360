//! How transactions come into the pool: from RPC, and from the journal after a restart.

use jsonrpsee::core::async_trait;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{AdmitError, ExecutionError, PendingBody, PendingTransaction};
use zkthreads_rpc_api::{PoolStatus, SubmitError, TransactionSink};
use zkthreads_storage::{PooledTransaction, StorageError};

use crate::pool::{Plan, Pool};
use crate::waiting::{Arrival, Seconds, Waiting};
use crate::{Mempool, journal};

/// What came of the journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    /// Transactions that wait again.
    pub kept: usize,
    /// Transactions that are no longer valid; why is remembered.
    pub dropped: usize,
}

/// How room is made for a transaction: [`Pool::plan`], or [`Pool::plan_again`].
type Planner = fn(&Pool, &Waiting, Nonce) -> Result<Plan, SubmitError>;

impl Mempool {
    /// Takes up what the journal holds. What was acknowledged is put back as it was admitted: of the state nothing is asked,
    /// since it lacks what the block under construction had; the next block will ask. To be called before anything else is
    /// put in.
    ///
    /// # Errors
    /// If the database fails.
    pub fn restore(&self) -> Result<Restored, ExecutionError> {
        let mut restored = Restored::default();
        self.lock().restore_rejections(self.executor.storage().pool_rejections()?);
        for row in self.executor.storage().pool()? {
            let hash = row.hash;
            if self.executor.storage().transaction(hash)?.is_some() {
                self.executor.storage().pool_remove(&[hash])?;
            } else if let Err(reason) = self.put_back_as_admitted(row)? {
                self.lock().reject_gone(hash, format!("not valid after a restart: {reason}"));
                restored.dropped += 1;
            } else {
                restored.kept += 1;
            }
        }
        Ok(restored)
    }

    /// A transaction is checked, written down, and checked again: writing a package takes milliseconds, for which
    /// nobody else should wait.
    fn insert(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        if let PendingBody::L1Handler(_) = &transaction.body {
            let reason = "a message from L1 goes into a block without waiting here".to_owned();
            return Err(SubmitError::Unavailable { reason });
        }
        let hash = transaction.hash;
        let Some(_until_it_is_in) = self.writing.begin(hash) else { return Err(SubmitError::Duplicate) };
        let waiting = self.waiting(transaction, Arrival::MIN, (self.clock)());
        self.check(&*self.open()?, &waiting, Pool::plan)?;
        let storage = self.executor.storage();
        storage.pool_put(&journal::row(&waiting)).map_err(unavailable)?;
        let refused = self.put(waiting, Pool::plan);
        if let Err(error) = &refused
            // Otherwise it is the other one's row.
            && (*error != SubmitError::Duplicate || storage.transaction(hash).map_err(unavailable)?.is_some())
        {
            storage.pool_remove(&[hash]).map_err(unavailable)?;
        }
        refused.map(|()| hash)
    }

    /// A transaction that stays in the journal.
    fn put_back_as_admitted(&self, row: PooledTransaction) -> Result<Result<(), String>, ExecutionError> {
        let (hash, arrival, admitted_at) = (row.hash, row.arrival, row.admitted_at);
        let Some(submission) = journal::submission(row) else {
            return Ok(Err("a part of it is missing".to_owned()));
        };
        let admitted = match self.executor.prepare(submission, false) {
            Ok(admitted) if admitted.hash == hash => admitted,
            Ok(_) => return Ok(Err("it has another hash on this chain".to_owned())),
            Err(AdmitError::Internal(error)) => return Err(error),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let waiting = Waiting { from_before: true, ..self.waiting(admitted, arrival, admitted_at) };
        Ok(self.put(waiting, Pool::plan_again).map_err(|error| error.to_string()))
    }

    fn waiting(&self, transaction: PendingTransaction, arrival: Arrival, admitted_at: Seconds) -> Waiting {
        Waiting::new(transaction, self.peek().arrive(arrival), admitted_at)
    }

    fn put(&self, waiting: Waiting, plan: Planner) -> Result<(), SubmitError> {
        let mut pool = self.open()?;
        let plan = self.check(&pool, &waiting, plan)?;
        self.feed.received(&waiting.transaction);
        pool.put(waiting, plan);
        Ok(())
    }

    fn check(&self, pool: &Pool, waiting: &Waiting, plan: Planner) -> Result<Plan, SubmitError> {
        if self.executor.storage().transaction(waiting.transaction.hash).map_err(unavailable)?.is_some() {
            return Err(SubmitError::Duplicate);
        }
        let nonce = self.canonical_nonce(waiting.transaction.sender()).map_err(unavailable)?;
        plan(pool, waiting, nonce)
    }
}

fn unavailable(error: StorageError) -> SubmitError {
    SubmitError::Unavailable { reason: error.to_string() }
}

#[async_trait]
impl TransactionSink for Mempool {
    async fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        self.insert(transaction)
    }

    fn status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        self.peek().status(hash)
    }

    fn pending(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        self.peek().transaction(hash)
    }

    fn pending_nonce(&self, account: ContractAddress) -> Option<Nonce> {
        self.peek().nonce_after(account)
    }

    fn refuses(&self) -> Option<String> {
        self.state.lock().closed.clone()
    }
}
