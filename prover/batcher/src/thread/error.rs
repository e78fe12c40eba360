//! What can go wrong between a thread and those who work for it.

use zkthreads_execution::ExecutionError;
use zkthreads_storage::StorageError;

/// The sequencer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the thread has stopped")]
pub struct Stopped;

/// Why a block of the node was not taken, or not undone.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The sequencer has ended.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The thread's journal cannot be written. To be tried again.
    #[error("the thread cannot write its journal: {reason}")]
    Halted {
        /// What the disk says.
        reason: String,
    },
    /// The database refuses the block (it does not follow on the newest one), or fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The same, found while reading.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
}

/// Why a thread cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ThreadError {
    /// The database has no block to begin with, or fails.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// There cannot be another thread of execution.
    #[error("no thread of execution for the sequencer: {0}")]
    Spawn(#[from] std::io::Error),
}
