//! Transactions that the devnet itself sends: into the pool, and then waiting for what becomes of them.

use starknet_api::transaction::TransactionHash;
use tokio::runtime::Handle;
use zkthreads_execution::{AdmitError, ExecutionError, Executor, PendingTransaction, StateAt, Submission};
use zkthreads_rpc_api::{LostError, OutcomeFollower, Outcomes, SubmitError};
use zkthreads_storage::ExecutionStatus;

/// The way into the pool and the view on what comes out.
pub(super) struct Delivery {
    pub(super) executor: Executor,
    pub(super) outcomes: Outcomes,
}

/// A transaction that is in the pool.
pub(super) struct Sent {
    pub(super) hash: TransactionHash,
    follower: OutcomeFollower,
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

impl Delivery {
    /// Puts a transaction into the pool.
    pub(super) fn send(&self, submission: Submission) -> Result<Sent, SendError> {
        let transaction = self.executor.admit_at(&self.open()?, submission)?;
        // Before the transaction is sent, so that nothing is missed.
        let follower = self.outcomes.follow();
        let hash = self.submit(transaction)?;
        Ok(Sent { hash, follower })
    }

    /// Where transactions are executed: the open block.
    pub(super) fn open(&self) -> Result<StateAt, ExecutionError> {
        self.outcomes
            .feed
            .pre_confirmed()
            .map_or_else(|| self.executor.latest(), |open| Ok(StateAt::PreConfirmed(open)))
    }

    fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError> {
        Handle::current().block_on(self.outcomes.sink.submit(transaction))
    }

    /// Waits until a transaction is executed, in a sealed block if it is sealed at once; what came of it.
    pub(super) fn wait(&self, sent: Sent) -> Result<ExecutionStatus, LostError> {
        let outcome = Handle::current().block_on(sent.follower.outcome(sent.hash))?;
        outcome.ok_or_else(|| LostError::Rejected("it waits for others".to_owned()))
    }
}
