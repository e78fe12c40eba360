//! Why a block could not be made bytes, or bytes a block.

use std::io;

/// Why a block could not be made bytes, or bytes a block.
#[derive(Debug, thiserror::Error)]
pub enum BlockBytesError {
    /// These are not the bytes of a block.
    #[error("these bytes are no exported block")]
    NotABlock,
    /// The bytes were made by another version of the node.
    #[error("the exported block has schema version {found}, this node reads version {expected}")]
    SchemaVersion {
        /// What the bytes say.
        found: u32,
        /// What this node needs.
        expected: u32,
    },
    /// The compressed bytes are damaged or end early.
    #[error("the exported block is damaged: {0}")]
    Damaged(#[source] io::Error),
    /// There is more after the end.
    #[error("the exported block goes on after its end")]
    GoesOn,
    /// More than a block can be.
    #[error("the exported block has more than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A part that cannot be, or not there.
    #[error("part of kind {kind} of the exported block: {reason}")]
    Part {
        /// Which part.
        kind: u8,
        /// What is wrong with it.
        reason: String,
    },
}
