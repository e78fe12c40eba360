//! The node's database: typed RocksDB tables, state history, the three Patricia tries and proofs from them.
//!
//! # One block, one write
//!
//! [`Storage::commit`] is what makes the chain grow. Everything a block adds (header and its index, transactions with
//! receipts, traces and their indices, packages, where events are, state diff, times of what sub-blocks wrote, history, latest state, classes,
//! trie nodes and theirs, the tip) goes into one RocksDB batch. RocksDB appends a batch to its write-ahead log as one
//! checksummed record and we ask it to sync the log before the write returns; only then do readers see it. So:
//!
//! * when `commit` returns, the block survives a crash of the process or the machine;
//! * after a crash at any point the database opens at the last committed block: recovery replays whole records and
//!   drops a torn one;
//! * no reader ever sees a part of a block: a lookup is one read, and what takes several reads does them on one
//!   snapshot.
//!
//! [`Storage::revert_to`] and [`Storage::import`] are such batches, too. Blocks change in no other way, so a
//! [`StateView`] needs no snapshot: what later blocks write carries their number and is skipped, and if its block is
//! reverted or its state pruned, it says so.
//!
//! # State
//!
//! The latest state is flat (one row per cell, with the block that set it). A view tries it first and is done unless
//! the cell changed after the view's block; then one seek in the history finds the value, because history keys end in
//! `u32::MAX − block`. The tries' tables hold the tip's nodes; their histories hold what each block put an end to, from
//! which [`Storage::storage_proof`] reads the tries of any block. [`Storage::prune`] forgets old states, never blocks.
//!
//! Below the first block lies nothing, or another chain's state ([`Storage::open_forked`]). A database can also follow
//! another node's chain block by block ([`Storage::open_following`]).
//!
//! Absent on purpose: execution, and anything that fetches another chain's state.

mod base;
mod block_commit;
mod check;
mod db;
mod dump;
mod epochs;
mod error;
mod events;
mod followed;
mod migrate;
mod model;
mod packages;
mod state;
mod storage;
mod thread_journal;
pub mod trie;

pub use base::BaseState;
pub use base::cache::CachedBase;
pub use block_commit::BlockCommit;
pub use check::{Check, Problem};
pub use dump::IMPORT_LIMIT;
pub use error::{BaseStateError, BlockBytesError, CommitError, DumpError, StorageError};
pub use events::{EventPlace, EventQuery, FoundEvents};
pub use followed::{FollowedBlock, MAX_BLOCK_BYTES};
pub use migrate::{Migrated, migrate};
pub use model::{
    BlockTransaction, CallGas, CallTrace, CallType, CellWrite, ChainKind, ClassDefinition, ClassRecord,
    Dropped, ExecutionStatus, ForkPoint, Hardened, OrderedEvent, OrderedMessage, PackageSummary,
    PooledTransaction, Receipt, RejectedTransaction, SegmentSummary, SettledInner, ThreadOutcome,
    ThreadTimes, TransactionTrace, is_changed,
};
pub use state::leaf::ContractLeaf;
pub use state::prepare::PreparedState;
pub use state::proof::{ProofRequest, StorageProof};
pub use state::revert::Reverted;
pub use state::view::StateView;
pub use storage::Storage;
pub use storage::stats::{Stats, TableStats};
pub use thread_journal::{
    JournalBatch, JournalContents, JournalOwner, JournalPlace, JournalStage, JournalSubBlock,
    JournalTransaction, ThreadJournal,
};
