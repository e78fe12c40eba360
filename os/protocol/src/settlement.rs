//! What became of a thread transaction: typed refusals, shared by block execution, storage and RPC.

use std::fmt;

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress};
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;

use crate::statement::LogicalTime;

/// One precondition that no longer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The contract whose state moved.
    pub contract: ContractAddress,
    /// Which part of it.
    pub cell: StateCell,
    /// The value the sub-block read.
    pub expected: Felt,
    /// The canonical value now.
    pub found: Felt,
}

/// A part of a contract's state that a precondition can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StateCell {
    /// A storage cell.
    Storage(StorageKey),
    /// The nonce.
    Nonce,
    /// The class hash.
    ClassHash,
}

/// A listed cell that was written later than the sub-block was executed, so that its transactions saw a value that was not
/// there yet at their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleCell {
    /// The contract.
    pub contract: ContractAddress,
    /// Which part of it.
    pub cell: StateCell,
    /// The block that wrote it.
    pub block: BlockNumber,
    /// When its writer was executed, as the writer saw it, if that was a sub-block.
    pub sub_block: Option<LogicalTime>,
}

/// Why a thread transaction did not settle. Its `Display` is the receipt's revert reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SettleError {
    /// The OS program is unknown or not active at this height.
    #[error("os_version: program {os_program_hash:#x} is not active")]
    OsVersion {
        /// The program named by the envelope.
        os_program_hash: Felt,
    },
    /// The statement is about another chain.
    #[error("chain_id: statement is for {found:#x}, this chain is {expected:#x}")]
    ChainId {
        /// This chain.
        expected: Felt,
        /// The statement's.
        found: Felt,
    },
    /// The statement names another submitter.
    #[error("submitter: only {expected} may settle this, not {found}")]
    Submitter {
        /// The statement's submitter.
        expected: ContractAddress,
        /// The envelope's sender.
        found: ContractAddress,
    },
    /// The base block does not exist.
    #[error("base_block: block {number} is unknown")]
    BaseBlockUnknown {
        /// Its number.
        number: u64,
    },
    /// The base block has another sequencer on this chain, or is younger than the sub-block.
    #[error("base_block: the context of block {number} differs from this chain's header")]
    BaseBlockContext {
        /// Its number.
        number: u64,
    },
    /// The base block is too far behind.
    #[error("base_block: block {number} is {age} blocks old, at most {max_age} are accepted")]
    BaseBlockTooOld {
        /// Its number.
        number: u64,
        /// Blocks since.
        age: u64,
        /// The limit.
        max_age: u64,
    },
    /// The sub-block is from a time that has not come yet. It is a reason to wait.
    #[error("not_yet: the sub-block is from {timestamp}, the block is from {now}")]
    NotYet {
        /// The sub-block's time, seconds since the Unix epoch.
        timestamp: u64,
        /// The block's.
        now: u64,
    },
    /// The sub-block's time lies too far back: others have seen a later one.
    #[error(
        "too_late: the sub-block is from {timestamp}, {lag} s before what the chain has seen, at most {max_lag} s are accepted"
    )]
    TooLate {
        /// The sub-block's time, seconds since the Unix epoch.
        timestamp: u64,
        /// How far behind, seconds.
        lag: u64,
        /// The limit, seconds.
        max_lag: u64,
    },
    /// Cells were written later than the sub-block was executed, be it with the value that it read.
    #[error("stale base: {}", StaleList(.base, .cells))]
    StaleBase {
        /// When the sub-block was executed, as its transactions saw it.
        base: LogicalTime,
        /// The cells, some of them if they are many.
        cells: Vec<StaleCell>,
    },
    /// An executed class was declared after the base block.
    #[error("class: {:#x} was declared in block {declared_at}, the base block is {base}", .class_hash.0)]
    ClassTooNew {
        /// The class.
        class_hash: ClassHash,
        /// The block that declared it.
        declared_at: u64,
        /// The base block.
        base: u64,
    },
    /// The envelope's calls touched a cell that its segments wrote at another time than the block's.
    #[error(
        "mixed_times: the calls touch {cell} of {contract}, which a segment wrote at {timestamp}, the block is from {now}"
    )]
    MixedTimes {
        /// The contract.
        contract: ContractAddress,
        /// The cell.
        cell: StateCell,
        /// The segment's time, seconds since the Unix epoch.
        timestamp: u64,
        /// The block's.
        now: u64,
    },
    /// An executed class is not declared on this chain.
    #[error("class: {:#x} is not declared", .class_hash.0)]
    ClassUndeclared {
        /// The class.
        class_hash: ClassHash,
    },
    /// An executed class ran with other code than this chain's.
    #[error("class: {:#x} hardens to {:#x} here, the statement says {:#x}", .class_hash.0, .expected.0, .found.0)]
    ClassMismatch {
        /// The class.
        class_hash: ClassHash,
        /// Compiled class hash (version 2) of its hardened code on this chain.
        expected: CompiledClassHash,
        /// In the statement.
        found: CompiledClassHash,
    },
    /// A class is Cairo 0, which no thread runs or deploys.
    #[error("class: {:#x} is a Cairo 0 class", .class_hash.0)]
    ClassLegacy {
        /// The class.
        class_hash: ClassHash,
    },
    /// A class was metered in another resource than on this chain.
    #[error("class: {:#x} is metered in {} here", .class_hash.0, if *.expected { "Sierra gas" } else { "Cairo steps" })]
    ClassMetering {
        /// The class.
        class_hash: ClassHash,
        /// Whether this chain meters it in Sierra gas.
        expected: bool,
    },
    /// A class has no hardened code, so no thread runs or deploys it.
    #[error("class: {:#x} has no hardened code, so threads may not run it", .class_hash.0)]
    #[serde(alias = "ClassUnconfined")]
    ClassUnhardened {
        /// The class.
        class_hash: ClassHash,
    },
    /// The hardened code of a class is not known here yet: the node makes it up for classes of an older database, one after the
    /// other.
    #[error("class: the hardened code of {:#x} is not known yet, try again", .class_hash.0)]
    ClassPending {
        /// The class.
        class_hash: ClassHash,
    },
    /// The sub-block writes to a system contract.
    #[error("system_contract: writes to {address} are refused")]
    SystemContractWrite {
        /// 0x1 or 0x2.
        address: ContractAddress,
    },
    /// An inner transaction of the package is not the one the statement names.
    #[error("inner_transaction: number {index} hashes to {computed}, the statement names {named}")]
    InnerTransaction {
        /// Its index.
        index: u32,
        /// Hash of the package's transaction.
        computed: TransactionHash,
        /// Hash in the statement.
        named: TransactionHash,
    },
    /// The package's events are not the ones the statement commits to.
    #[error("events: the package's events commit to {computed:#x}, the statement to {named:#x}")]
    Events {
        /// Commitment to the package's events.
        computed: Felt,
        /// Commitment in the statement.
        named: Felt,
    },
    /// Preconditions no longer hold.
    #[error("conflict: {}", ConflictList(.0))]
    Conflicts(Vec<Conflict>),
    /// The proof was refused.
    #[error("proof: {reason}")]
    Proof {
        /// The verifier's error.
        reason: String,
    },
    /// The diff could not be applied or the envelope's own calls failed.
    #[error("execution: {reason}")]
    Execution {
        /// Why.
        reason: String,
    },
}

/// Why a segment of a package did not settle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{error} [segment {segment}]")]
pub struct SegmentError {
    /// The segment, counted from zero.
    pub segment: u32,
    /// Why.
    #[source]
    pub error: SettleError,
}

struct ConflictList<'a>(&'a [Conflict]);

impl fmt::Display for ConflictList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, conflict) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            let Conflict { contract, cell, expected, found } = conflict;
            write!(f, "{cell} of {contract} expected {expected:#x} found {found:#x}")?;
        }
        Ok(())
    }
}

struct StaleList<'a>(&'a LogicalTime, &'a [StaleCell]);

impl fmt::Display for StaleList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(base, cells) = self;
        for StaleCell { contract, cell, block, sub_block } in *cells {
            write!(f, "{cell} of {contract} was written in block {block}")?;
            if let Some(LogicalTime { number, timestamp }) = sub_block {
                write!(f, " by a sub-block over block {number} at {timestamp}")?;
            }
            f.write_str(", ")?;
        }
        write!(f, "base is {} at {}", base.number, base.timestamp)
    }
}

impl fmt::Display for StateCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage(key) => write!(f, "storage {:#x}", key.0.key()),
            Self::Nonce => f.write_str("nonce"),
            Self::ClassHash => f.write_str("class hash"),
        }
    }
}
