//! What can go wrong in the database.

use std::path::{Path, PathBuf};

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress, GlobalRoot};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{LogicalTime, PackageDigest, StateCell};

use crate::db::versions;
use crate::{ChainKind, ForkPoint, JournalOwner};

mod base;
mod block_bytes;
mod dump;

pub use base::BaseStateError;
pub use block_bytes::BlockBytesError;
pub use dump::DumpError;

/// Why the database could not be opened, read or extended.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database is open already, in another process or in this one.
    #[error("{path} is in use by a running node")]
    InUse {
        /// The directory.
        path: String,
    },
    /// RocksDB failed (disk, permissions, a bad checksum).
    #[error("database: {0}")]
    Database(#[from] rocksdb::Error),
    /// The database was written by another version of the node.
    #[error("{path} has schema version {found}, this program reads and writes version {expected}: {}", way_out(.path, *.found))]
    SchemaVersion {
        /// The directory.
        path: PathBuf,
        /// What the database says.
        found: u32,
        /// What this node needs.
        expected: u32,
    },
    /// The directory, if there is one, holds no database.
    #[error("there is no database in {path}")]
    NoDatabase {
        /// The directory.
        path: String,
    },
    /// The directory holds a RocksDB database that is not a node's.
    #[error("{path} holds a database that is not this node's")]
    ForeignDatabase {
        /// The directory.
        path: String,
    },
    /// A row cannot be read: damaged, or written by something else.
    #[error("row of table `{table}` is damaged: {reason}")]
    DamagedRow {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Rows that belong together are not all there.
    #[error("the database is inconsistent: {reason}")]
    Inconsistent {
        /// What is missing.
        reason: String,
    },
    /// A value cannot be written as a row.
    #[error("cannot encode a row of table `{table}`: {reason}")]
    Encode {
        /// The table.
        table: &'static str,
        /// Why.
        reason: String,
    },
    /// A trie key of 2^251 or more.
    #[error("{key:#x} is not a trie key: keys are below 2^251")]
    KeyOutOfRange {
        /// The key.
        key: Felt,
    },
    /// The state after the block is not kept any more.
    #[error("the state is kept from block {oldest} on")]
    Pruned {
        /// The first block after which it is available.
        oldest: BlockNumber,
    },
    /// The block was reverted after the view of it was made.
    #[error("block {block} was reverted")]
    Reverted {
        /// The block.
        block: BlockNumber,
    },
    /// The chain was forked off another one, which would have to be asked.
    #[error("this chain was forked at {fork} of another one, whose state is not at hand")]
    BaseMissing {
        /// Where.
        fork: ForkPoint,
    },
    /// The other chain's state cannot be read.
    #[error(transparent)]
    Base(#[from] BaseStateError),
    /// The database is not of this fork.
    #[error("the database is of {}, not of {}", described(.found), described(.asked))]
    OtherFork {
        /// What was asked for.
        asked: Option<ForkPoint>,
        /// Where the database's chain was forked, if it was.
        found: Option<ForkPoint>,
    },
    /// Only a chain of the other kind can do this: an own one grows and proves, a followed one takes blocks.
    #[error("the database keeps {found}; this needs one that keeps {expected}")]
    OtherKind {
        /// What was needed.
        expected: ChainKind,
        /// What it is.
        found: ChainKind,
    },
    /// The journal is of another thread.
    #[error("the journal is of {found}, not of {asked}")]
    OtherOwner {
        /// Whose was asked for.
        asked: Box<JournalOwner>,
        /// Whose it is.
        found: Box<JournalOwner>,
    },
    /// The disk does not take what must be durable, or is full. To be tried again.
    #[error("nothing can be written into {path}: {reason}")]
    Unwritable {
        /// The directory.
        path: String,
        /// What the disk says.
        reason: String,
    },
    /// A proof was asked for of what was not written locally.
    #[error("not written here but before the fork at {fork}: only the network that was forked can prove it")]
    OfBase {
        /// Where the chain was forked.
        fork: ForkPoint,
    },
    /// The bytes of a block could not be made or read.
    #[error(transparent)]
    BlockBytes(#[from] BlockBytesError),
    /// A dump could not be written or read.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// There is something where a checkpoint should be made.
    #[error("{path} exists already")]
    Occupied {
        /// The path.
        path: String,
    },
    /// A directory could not be made.
    #[error("cannot make the directory {path}: {error}")]
    Directory {
        /// The path.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The block is not in the database.
    #[error("there is no block {number}")]
    NoSuchBlock {
        /// The number asked for.
        number: BlockNumber,
    },
    /// A block was refused; nothing of it was written.
    #[error("block refused: {0}")]
    Refused(#[from] CommitError),
}

/// What to do about the database at `path`, which is of version `found`. It is in a data directory, or among what a cache keeps
/// of several forks, which is as good.
fn way_out(path: &Path, found: u32) -> String {
    if versions::is_carried_over(found) {
        let directory = path.parent().unwrap_or(path).display();
        format!("`zkthreads db migrate --data-dir {directory}` carries it over")
    } else {
        "only a program of its version reads it".to_owned()
    }
}

fn described(fork: &Option<ForkPoint>) -> String {
    fork.map_or_else(|| "a chain that was not forked".to_owned(), |fork| format!("a fork at {fork}"))
}

/// Why a block does not fit on the tip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The number is not the next one.
    #[error("block number {found} where {expected} was due")]
    Number {
        /// The next block's number.
        expected: BlockNumber,
        /// The header's.
        found: BlockNumber,
    },
    /// The parent is not the tip.
    #[error("parent hash {:#x} where the tip is {:#x}", .found.0, .expected.0)]
    Parent {
        /// The tip's hash (zero before block 0).
        expected: BlockHash,
        /// The header's.
        found: BlockHash,
    },
    /// The state was prepared on top of another tip.
    #[error("the state was prepared on block {prepared_on:?}, the tip is {tip:?}")]
    StalePreparation {
        /// The tip when it was prepared.
        prepared_on: Option<BlockNumber>,
        /// The tip now.
        tip: Option<BlockNumber>,
    },
    /// The block's diff is not the one its state was prepared from.
    #[error("the state was prepared from another state diff")]
    StateDiff,
    /// The header's state root is not the prepared state's.
    #[error("the header's state root is {found:?}, the prepared state's is {expected:?}")]
    StateRoot {
        /// The prepared state's.
        expected: GlobalRoot,
        /// The header's.
        found: GlobalRoot,
    },
    /// The header miscounts the block's transactions.
    #[error("the header counts {found} transactions, the block has {expected}")]
    TransactionCount {
        /// As many as there are.
        expected: usize,
        /// The header's count.
        found: usize,
    },
    /// Not every transaction comes with its trace.
    #[error("{traces} traces of {transactions} transactions")]
    TraceCount {
        /// How many transactions there are.
        transactions: usize,
        /// How many traces.
        traces: usize,
    },
    /// What is said to have settled by a transaction that is no thread.
    #[error("transaction {index} is no thread: it settles nothing")]
    SettledByNone {
        /// The transaction's index.
        index: u32,
    },
    /// The package that a thread transaction names comes without it, and is not stored.
    #[error("package {:#x} is missing", .digest.0)]
    MissingPackage {
        /// The package.
        digest: PackageDigest,
    },
    /// A time of a cell that the block does not change, or that is not before the block.
    #[error("{cell} of {contract}, written by a sub-block over block {}, is no change of this block", .time.number)]
    ThreadTime {
        /// The contract.
        contract: ContractAddress,
        /// The cell.
        cell: StateCell,
        /// Its time.
        time: LogicalTime,
    },
    /// A class says it was declared in another block.
    #[error("class {:#x} says it was declared in block {declared_at}", .class_hash.0)]
    DeclaredAt {
        /// The class.
        class_hash: ClassHash,
        /// What its record says.
        declared_at: BlockNumber,
    },
    /// A class of the diff comes without its code, and none is stored.
    #[error("class {:#x} is declared by the diff but its code is missing", .class_hash.0)]
    MissingClass {
        /// The class.
        class_hash: ClassHash,
    },
    /// History keys hold 32-bit block numbers.
    #[error("block number {number} is beyond 2^32 - 1")]
    TooHigh {
        /// The number.
        number: BlockNumber,
    },
}
