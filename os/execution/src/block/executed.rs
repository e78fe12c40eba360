//! What an execution came to, before it is a receipt.

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::state::cached_state::{CommitmentStateDiff, StateMaps};
use blockifier::transaction::objects::TransactionExecutionInfo;
use starknet_api::block::BlockTimestamp;
use starknet_api::state::ThinStateDiff;
use zkthreads_storage::{Receipt, SettledInner, ThreadOutcome, ThreadTimes, TransactionTrace};

use super::order::sort;
use super::{receipt, trace};
use crate::error::AdmitError;
use crate::thread::settle::SettledSegments;
use crate::transaction::PendingTransaction;

/// A transaction whose effects are in the session's state.
pub(super) struct Executed {
    pub(super) info: TransactionExecutionInfo,
    pub(super) changes: StateMaps,
    /// When of that was written what sub-blocks wrote.
    pub(super) times: ThreadTimes,
    /// The latest time that it saw, if it saw any.
    pub(super) saw: Option<BlockTimestamp>,
    /// What a thread adds: the segments that settled, and what became of it.
    pub(super) thread: Option<(SettledSegments, ThreadOutcome)>,
}

/// What a transaction's execution leaves in its block.
pub(crate) struct Execution {
    pub(crate) receipt: Receipt,
    pub(crate) trace: TransactionTrace,
    /// What it settled, if it is a thread.
    pub(crate) settled: SettledInner,
}

impl Executed {
    pub(super) fn finish(
        self,
        transaction: &PendingTransaction,
        constants: &VersionedConstants,
    ) -> Result<Execution, AdmitError> {
        let (receipt, settled) = receipt::build(transaction, &self.info, self.thread.as_ref())?;
        let mut diff = ThinStateDiff::from(CommitmentStateDiff::from(self.changes));
        sort(&mut diff);
        Ok(Execution { receipt, trace: trace::build(&self.info, diff, constants), settled })
    }
}
