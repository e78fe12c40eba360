//! Typed RocksDB tables, state history and the Patricia tries.
mod error;
mod model;
mod proof_types;
mod storage;
pub mod trie;

pub use error::{CommitError, StorageError};
pub use model::{
    BlockCommit, BlockTransaction, ClassDefinition, ClassRecord, ExecutionStatus, Receipt, ThreadOutcome,
};
pub use proof_types::{ContractLeaf, ProofRequest, StorageProof};
pub use storage::{PreparedState, StateView, Storage};
