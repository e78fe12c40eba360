//! Why bytes are not a package.

use starknet_types_core::felt::Felt;

use crate::limits::{
    MAX_PACKAGE_BYTES, MAX_PROOF_BYTES, MAX_REVERT_REASON_BYTES, MAX_SEGMENT_BYTES, MAX_SEGMENTS,
};
use crate::statement::StatementError;

/// Why bytes are not a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// More than [`MAX_PACKAGE_BYTES`].
    #[error("the package has {bytes} bytes, more than {MAX_PACKAGE_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The bytes do not begin with [`PACKAGE_MAGIC`](super::PACKAGE_MAGIC).
    #[error("not a thread package")]
    Magic,
    /// A layout this node does not know.
    #[error("unknown package version {found}")]
    UnknownVersion {
        /// The version.
        found: u16,
    },
    /// A package of version 3 whose number of segments is none that this version has: none, one (which is version 2)
    /// or more than [`MAX_SEGMENTS`].
    #[error("a package of several segments has 2 to {MAX_SEGMENTS} of them, this one says {found}")]
    SegmentCount {
        /// What it says.
        found: u32,
    },
    /// A segment has more than [`MAX_SEGMENT_BYTES`].
    #[error("a segment has {bytes} bytes, more than {MAX_SEGMENT_BYTES}")]
    SegmentTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The bytes end inside a field.
    #[error("the package ends inside {field}")]
    Truncated {
        /// The field that is cut.
        field: &'static str,
    },
    /// Bytes follow the last field.
    #[error("{bytes} bytes follow the end of the package")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// A length promises more items than the remaining bytes can hold.
    #[error("{field} promises {promised} items, the remaining bytes hold at most {possible}")]
    LengthExceedsInput {
        /// The list.
        field: &'static str,
        /// Its length.
        promised: u32,
        /// How many would fit.
        possible: usize,
    },
    /// 32 bytes that are not below the field's prime.
    #[error("{field} holds a non-canonical felt")]
    NonCanonicalFelt {
        /// The field.
        field: &'static str,
    },
    /// A value is outside its field's range.
    #[error("{field} is out of range: {value:#x}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Its value.
        value: Felt,
    },
    /// The proof has more than [`MAX_PROOF_BYTES`].
    #[error("the proof has {bytes} bytes, more than {MAX_PROOF_BYTES}")]
    ProofTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The statement does not decode.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The statement names another number of inner transactions than the package holds.
    #[error("the statement names {named} inner transactions, the package holds {held}")]
    InnerTransactionCount {
        /// In the statement.
        named: usize,
        /// In the package.
        held: usize,
    },
    /// The statement says that a transaction was reverted, the package does not say why.
    #[error("inner transaction {index} is reverted, its revert reason is missing")]
    RevertReasonMissing {
        /// The transaction.
        index: usize,
    },
    /// The package says why a transaction was reverted that, as the statement says, was not.
    #[error("inner transaction {index} is not reverted, but has a revert reason")]
    RevertReasonSuperfluous {
        /// The transaction.
        index: usize,
    },
    /// A revert reason has more than [`MAX_REVERT_REASON_BYTES`].
    #[error("a revert reason has {bytes} bytes, more than {MAX_REVERT_REASON_BYTES}")]
    RevertReasonTooLong {
        /// Its size.
        bytes: usize,
    },
    /// A revert reason is not UTF-8.
    #[error("a revert reason is not UTF-8")]
    RevertReasonText,
    /// The statement names another number of events than the package holds.
    #[error("the statement names {named} events, the package holds {held}")]
    EventCount {
        /// In the statement.
        named: u64,
        /// In the package.
        held: usize,
    },
    /// An event names an inner transaction that does not exist.
    #[error("an event names inner transaction {index}, there are {count}")]
    EventIndex {
        /// The index it names.
        index: u32,
        /// Number of inner transactions.
        count: usize,
    },
}
