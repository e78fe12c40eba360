//! Why a worker has no proof.

use std::process::ExitStatus;
use std::time::Duration;

/// Why a sub-block was not proven.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WorkerError {
    /// No worker can be started.
    #[error("a prover cannot be started: {reason}")]
    Spawn {
        /// What the system says.
        reason: String,
    },
    /// The worker's process ended.
    #[error("the prover died ({status}){}", said(.last_words))]
    Died {
        /// How it ended.
        status: ExitStatus,
        /// The last it wrote to its log.
        last_words: Option<String>,
    },
    /// The worker was killed: it took too long.
    #[error("the prover took more than {} s", .deadline.as_secs())]
    Deadline {
        /// What it may take.
        deadline: Duration,
    },
    /// The worker's memory bound was too small.
    #[error("the prover needs more than its {} MiB of memory", .memory_bytes >> 20)]
    OutOfMemory {
        /// The bound.
        memory_bytes: u64,
    },
    /// The worker answered with something that is no answer, and was killed.
    #[error("the prover's answer is unreadable: {reason}")]
    Answer {
        /// What is wrong with it.
        reason: String,
    },
    /// The thread OS states something else than blockifier did: a bug in the OS. Trying again changes nothing.
    #[error("the thread OS states something else than blockifier did")]
    StatementMismatch,
    /// The sub-block cannot be proven. Trying again changes nothing.
    #[error("{reason}")]
    Failed {
        /// What the thread OS or the prover says.
        reason: String,
    },
    /// The pool was dropped.
    #[error("the provers were stopped")]
    Stopped,
}

impl WorkerError {
    /// Whether proving the same sub-block again would end the same way: the sub-block is at fault, not the worker.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::StatementMismatch | Self::Failed { .. })
    }
}

fn said(last_words: &Option<String>) -> String {
    last_words.as_ref().map(|words| format!(": {words}")).unwrap_or_default()
}
