//! The node's database: typed RocksDB tables, state history, the three Patricia tries and proofs from them.
//!
//! # One block, one write
//!
//! [`Storage::commit`] is the only thing that writes after creation. Everything a block adds (header and its index,
//! transactions with receipts and their index, packages, state diff, history, latest state, classes, trie nodes, the
//! tip) goes into one RocksDB batch. RocksDB appends a batch to its write-ahead log as one checksummed record and we
//! ask it to sync the log before the write returns; only then do readers see it. So:
//!
//! * when `commit` returns, the block survives a crash of the process or the machine;
//! * after a crash at any point the database opens at the last committed block: recovery replays whole records and
//!   drops a torn one;
//! * no reader ever sees a part of a block: a lookup is one read, and what takes several reads at the tip
//!   ([`Storage::prepare_state`], [`Storage::storage_proof`]) does them on one snapshot.
//!
//! Blocks are never changed once committed, so a [`StateView`] of a block answers the same for ever and needs no
//! snapshot: what later blocks write carries their number and is skipped.
//!
//! # State
//!
//! The latest state is flat (one row per cell, with the block that set it). A view tries it first and is done unless
//! the cell changed after the view's block; then one seek in the history finds the value, because history keys end in
//! `u32::MAX − block`. The tries hold the tip's version only.
//!
//! Absent on purpose: reorganisation, pruning, and tries of past blocks.

mod base;
mod check;
mod db;
mod dump;
mod epochs;
mod error;
mod model;
mod state;
mod storage;
pub mod trie;

pub use base::{BaseState, BaseStateError, ForkPoint};
pub use check::{Check, Problem};
pub use dump::{DumpError, IMPORT_LIMIT};
pub use error::{CommitError, StorageError};
pub use model::{
    BlockCommit, BlockTransaction, CallGas, CallTrace, CallType, ClassDefinition, ClassRecord,
    ExecutionStatus, OrderedEvent, OrderedMessage, PooledTransaction, Receipt, ThreadOutcome,
    TransactionTrace,
};
pub use state::prepare::PreparedState;
pub use state::proof::{ContractLeaf, ProofRequest, StorageProof};
pub use state::revert::Reverted;
pub use state::view::StateView;
pub use storage::Storage;
pub use storage::stats::{Stats, TableStats};
