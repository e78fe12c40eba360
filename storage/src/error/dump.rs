//! Why a dump could not be written or read.

use std::io;

use crate::ForkPoint;

/// Why a dump could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// Writing failed.
    #[error("the dump cannot be written: {0}")]
    Write(#[source] io::Error),
    /// Reading failed, or the compressed bytes are damaged.
    #[error("the dump cannot be read: {0}")]
    Read(#[source] io::Error),
    /// The file is something else.
    #[error("this is no dump of a node's database")]
    NotADump,
    /// The file was written by another version of the node.
    #[error("the dump has schema version {found}, this node reads version {expected}")]
    SchemaVersion {
        /// What the file says.
        found: u32,
        /// What this node needs.
        expected: u32,
    },
    /// The file ends early.
    #[error("the dump ends early")]
    CutOff,
    /// There is more after the end.
    #[error("the dump goes on after its end")]
    GoesOn,
    /// The contents are not those that were written.
    #[error("the dump's checksum is wrong")]
    Checksum,
    /// A kind of record that does not exist.
    #[error("the dump has a record of the unknown kind {kind}")]
    RecordKind {
        /// The kind.
        kind: u8,
    },
    /// A table that does not exist, or comes where another one was due.
    #[error("the dump has a table `{name}` where there can be none")]
    Table {
        /// The table's name.
        name: String,
    },
    /// A row outside a table, or not after the one before it.
    #[error("the dump has a row in table `{table}` out of order")]
    RowOrder {
        /// The table; empty before the first.
        table: &'static str,
    },
    /// A row too long to be one.
    #[error("the dump has a row of {bytes} bytes in table `{table}`")]
    RowLength {
        /// The table.
        table: &'static str,
        /// What the file says of its length.
        bytes: u32,
    },
    /// More than an import can take.
    #[error("the dump holds more than {limit} bytes of rows: copy a checkpoint instead")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The dump is of a chain that began elsewhere.
    #[error("the dump's chain was not forked where this one was")]
    OtherFork {
        /// Where this database's chain was forked, if it was.
        expected: Option<ForkPoint>,
    },
}
