//! Why the sequencer cannot go on with what it has in memory.

use zkthreads_execution::ExecutionError;
use zkthreads_storage::StorageError;
use zkthreads_sub_block::SubBlockError;

/// Why the sequencer cannot go on with what it has in memory: it drops that, and starts over from the journal as soon as
/// it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Outage {
    /// The state below the thread cannot be read.
    #[error("the state cannot be read: {reason}")]
    State {
        /// What happened.
        reason: String,
    },
    /// The journal cannot be written or read.
    #[error("the journal cannot be written: {reason}")]
    Journal {
        /// What happened.
        reason: String,
    },
}

impl Outage {
    /// Of a journal that fails.
    pub(super) fn journal(error: StorageError) -> Self {
        Self::Journal { reason: error.to_string() }
    }

    /// Of a transaction that reads what seems to be newer than the newest block.
    pub(super) fn too_old() -> Self {
        Self::State { reason: "a cell is said to be newer than the newest block".to_owned() }
    }

    fn state(error: impl std::error::Error) -> Self {
        Self::State { reason: error.to_string() }
    }
}

impl From<StorageError> for Outage {
    fn from(error: StorageError) -> Self {
        Self::state(error)
    }
}

impl From<ExecutionError> for Outage {
    fn from(error: ExecutionError) -> Self {
        Self::state(error)
    }
}

impl From<SubBlockError> for Outage {
    fn from(error: SubBlockError) -> Self {
        Self::state(error)
    }
}
