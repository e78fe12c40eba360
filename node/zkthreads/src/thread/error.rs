//! Why a thread's daemon does not start, or ends.

use starknet_api::StarknetApiError;
use starknet_api::core::ContractAddress;
use zkthreads_batcher::follow::{BeginError, Unfollowed};
use zkthreads_client::{NodeError, SubmitterError};
use zkthreads_fork::ForkError;
use zkthreads_rpc::ServeError;
use zkthreads_storage::StorageError;
use zkthreads_workers::WorkerError;

use super::key::KeyFileError;
use super::manifest::ThreadManifestError;

/// Why a thread's daemon does not start, or ends.
#[derive(Debug, thiserror::Error)]
pub enum ThreadDaemonError {
    /// The submitter's key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The data directory is another thread's.
    #[error(transparent)]
    Manifest(#[from] ThreadManifestError),
    /// The node refuses what every node answers.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The submitter cannot settle.
    #[error(transparent)]
    Submitter(Box<SubmitterError>),
    /// A contract of the thread is not there.
    #[error("there is no contract at {contract}, which --contracts names")]
    NoContract {
        /// Its address.
        contract: ContractAddress,
    },
    /// So little memory proves nothing.
    #[error("--prover-memory: {bytes} bytes are too little to prove anything")]
    TooLittleMemory {
        /// What the provers may take.
        bytes: u64,
    },
    /// The node's state cannot be read through a cache.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// The node's chain cannot be followed.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// The node's chain cannot be followed any more.
    #[error(transparent)]
    Unfollowed(#[from] Unfollowed),
    /// A database.
    #[error("database: {0}")]
    Storage(#[from] StorageError),
    /// The thread does not begin.
    #[error("the thread does not start: {0}")]
    Start(#[from] zkthreads_batcher::thread::ThreadError),
    /// The provers.
    #[error(transparent)]
    Provers(#[from] WorkerError),
    /// The RPC server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A value that Starknet's types cannot hold.
    #[error(transparent)]
    Value(#[from] StarknetApiError),
    /// The system refused a directory or a thread.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// Sequencing ended, which it should never.
    #[error("sequencing ended: {reason}")]
    Sequencer {
        /// Why.
        reason: String,
    },
}

impl From<SubmitterError> for ThreadDaemonError {
    fn from(error: SubmitterError) -> Self {
        Self::Submitter(Box::new(error))
    }
}
