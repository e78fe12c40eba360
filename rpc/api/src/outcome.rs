//! What becomes of a transaction that was sent: waited for by what happens on the chain.

use std::sync::Arc;
use std::time::Duration;

use starknet_api::transaction::TransactionHash;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use zkthreads_execution::PendingBody;
use zkthreads_storage::{ExecutionStatus, Storage, StorageError};

use crate::feed::{ChainEvent, ChainFeed};
use crate::sink::{PoolStatus, TransactionSink};

/// Longest that a transaction is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a transaction is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// It is in the open block.
    PreConfirmed,
    /// Its block is sealed.
    Sealed,
}

/// Where one sees what becomes of transactions. Cheap to clone.
#[derive(Clone)]
pub struct Outcomes {
    /// The chain's database.
    pub storage: Storage,
    /// The mempool.
    pub sink: Arc<dyn TransactionSink>,
    /// What happens on the chain.
    pub feed: ChainFeed,
    /// When a transaction is done.
    pub until: Until,
}

/// Follows what happens from one moment on: that before a transaction is sent, so that nothing is missed.
pub struct OutcomeFollower {
    outcomes: Outcomes,
    events: Receiver<ChainEvent>,
}

/// Why a transaction is in no block.
#[derive(Debug, thiserror::Error)]
pub enum LostError {
    /// It was dropped.
    #[error("{0}")]
    Rejected(String),
    /// Nothing happened.
    #[error("not executed after {} seconds", PATIENCE.as_secs())]
    Late,
    /// The chain was begun anew.
    #[error("the chain was begun anew")]
    Restarted,
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Outcomes {
    /// Follows what happens from now on.
    #[must_use]
    pub fn follow(&self) -> OutcomeFollower {
        OutcomeFollower { outcomes: self.clone(), events: self.feed.subscribe() }
    }

    /// Whether a transaction in the pool may wait there for long: a thread, for cells to have the values that it was proven on;
    /// any other, for those with smaller nonces, which nobody may ever send.
    fn may_wait_for_long(&self, hash: TransactionHash) -> bool {
        let Some(transaction) = self.sink.pending(hash) else { return false };
        if matches!(transaction.body, PendingBody::Thread(_)) {
            return true;
        }
        let next = self.sink.pending_nonce(transaction.sender());
        next.is_some_and(|next| next <= transaction.nonce())
    }

    /// What has come of a transaction, if anything has. Looks into the database last, since transactions move there.
    fn status(&self, hash: TransactionHash) -> Result<Option<ExecutionStatus>, LostError> {
        if self.until == Until::PreConfirmed
            && let Some((_, executed)) = self.feed.pre_confirmed().as_ref().and_then(|block| block.find(hash))
        {
            return Ok(Some(executed.transaction.receipt.status.clone()));
        }
        if let Some(PoolStatus::Rejected { reason }) = self.sink.status(hash) {
            return Err(LostError::Rejected(reason));
        }
        let stored = self.storage.transaction(hash)?;
        Ok(stored.map(|(_, _, transaction)| transaction.receipt.status))
    }
}

impl OutcomeFollower {
    /// Waits until a transaction is done; what came of it. One that may wait for long is not waited for.
    ///
    /// # Errors
    /// See [`LostError`].
    pub async fn outcome(mut self, hash: TransactionHash) -> Result<Option<ExecutionStatus>, LostError> {
        if self.outcomes.may_wait_for_long(hash) {
            return Ok(None);
        }
        let outcome = tokio::time::timeout(PATIENCE, self.wait(hash)).await;
        outcome.unwrap_or(Err(LostError::Late)).map(Some)
    }

    async fn wait(&mut self, hash: TransactionHash) -> Result<ExecutionStatus, LostError> {
        loop {
            let news = match self.events.recv().await {
                Ok(ChainEvent::PreConfirmed { transaction, .. }) => {
                    let transaction = &transaction.transaction;
                    let is_done = transaction.hash == hash && self.outcomes.until == Until::PreConfirmed;
                    is_done.then(|| transaction.receipt.status.clone())
                }
                Ok(ChainEvent::Rejected { hash: rejected, reason }) if rejected == hash => {
                    return Err(LostError::Rejected(reason));
                }
                Ok(ChainEvent::Block(..)) | Err(RecvError::Lagged(_)) => self.outcomes.status(hash)?,
                Ok(ChainEvent::Restarted) => return Err(LostError::Restarted),
                Ok(
                    ChainEvent::Received { .. }
                    | ChainEvent::Rejected { .. }
                    | ChainEvent::L1Accepted(_)
                    | ChainEvent::Reorg { .. },
                ) => None,
                Err(RecvError::Closed) => return Err(LostError::Stopping),
            };
            if let Some(status) = news {
                return Ok(status);
            }
        }
    }
}
