//! Transactions that the devnet itself sends: into the pool, and then waiting for what becomes of them.

use std::sync::Arc;
use std::time::Duration;

use starknet_api::transaction::TransactionHash;
use tokio::runtime::Handle;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use zkthreads_execution::{AdmitError, ExecutionError, Executor, PendingTransaction, StateAt, Submission};
use zkthreads_rpc::{ChainEvent, ChainFeed, PoolStatus, SubmitError, TransactionSink};
use zkthreads_storage::{ExecutionStatus, StorageError};

/// Longest that a transaction is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The way into the pool and the view on what comes out.
pub(super) struct Delivery {
    pub(super) executor: Executor,
    pub(super) sink: Arc<dyn TransactionSink>,
    pub(super) feed: ChainFeed,
    /// Whether a transaction is waited for until its block is sealed, which it is at once.
    pub(super) until_sealed: bool,
}

/// A transaction that is in the pool.
pub(super) struct Sent {
    pub(super) hash: TransactionHash,
    events: Receiver<ChainEvent>,
}

/// Why a transaction is not in the pool.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// Admission.
    #[error(transparent)]
    Refused(#[from] AdmitError),
    /// The pool.
    #[error(transparent)]
    Pool(#[from] SubmitError),
    /// There is no state to check it on.
    #[error(transparent)]
    State(#[from] ExecutionError),
}

/// Why a transaction is in no block.
#[derive(Debug, thiserror::Error)]
pub(super) enum LostError {
    /// It was dropped.
    #[error("{0}")]
    Rejected(String),
    /// Nothing happened.
    #[error("not executed after {} seconds", PATIENCE.as_secs())]
    Late,
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Delivery {
    /// Puts a transaction into the pool.
    pub(super) fn send(&self, submission: Submission) -> Result<Sent, SendError> {
        let transaction = self.executor.admit_at(&self.open()?, submission)?;
        // Before the transaction is sent, so that nothing is missed.
        let events = self.feed.subscribe();
        let hash = self.submit(transaction)?;
        Ok(Sent { hash, events })
    }

    /// Where transactions are executed: the open block.
    pub(super) fn open(&self) -> Result<StateAt, ExecutionError> {
        self.feed
            .pre_confirmed()
            .map_or_else(|| self.executor.latest(), |open| Ok(StateAt::PreConfirmed(open)))
    }

    fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        Handle::current().block_on(self.sink.submit(transaction))
    }

    /// Waits until a transaction is in the open block, or in a sealed one; what came of it.
    pub(super) fn wait(&self, sent: Sent) -> Result<ExecutionStatus, LostError> {
        let Sent { hash, mut events } = sent;
        let wait = async {
            loop {
                let news = match events.recv().await {
                    Ok(ChainEvent::PreConfirmed { transaction, .. }) => {
                        let transaction = &transaction.transaction;
                        let is_done = transaction.hash == hash && !self.until_sealed;
                        is_done.then(|| Ok(transaction.receipt.status.clone()))
                    }
                    Ok(ChainEvent::Rejected { hash: rejected, reason }) => {
                        (rejected == hash).then_some(Err(LostError::Rejected(reason)))
                    }
                    Ok(ChainEvent::Block(..)) | Err(RecvError::Lagged(_)) => self.status(hash).transpose(),
                    Ok(
                        ChainEvent::Received { .. } | ChainEvent::L1Accepted(_) | ChainEvent::Reorg { .. },
                    ) => None,
                    Err(RecvError::Closed) => Some(Err(LostError::Stopping)),
                };
                if let Some(outcome) = news {
                    return outcome;
                }
            }
        };
        Handle::current().block_on(tokio::time::timeout(PATIENCE, wait)).unwrap_or(Err(LostError::Late))
    }

    /// What has come of a transaction, if anything has. Looks into the database last, since transactions move there.
    fn status(&self, hash: TransactionHash) -> Result<Option<ExecutionStatus>, LostError> {
        let open = self.feed.pre_confirmed();
        if let Some((_, executed)) = open.as_ref().and_then(|block| block.find(hash))
            && !self.until_sealed
        {
            return Ok(Some(executed.transaction.receipt.status.clone()));
        }
        if let Some(PoolStatus::Rejected { reason }) = self.sink.status(hash) {
            return Err(LostError::Rejected(reason));
        }
        let stored = self.executor.storage().transaction(hash)?;
        Ok(stored.map(|(_, _, transaction)| transaction.receipt.status))
    }
}
