//! The whole database as one file.
//!
//! ```text
//! magic (8 bytes), schema version (u32), one zstd frame of records, SHA-256 of all bytes before it
//!
//! records: 1, length of the name (u8), name                                   a table begins
//!          2, length of the key (u8), length of the row (u32), key, row       a row of it
//! ```
//!
//! Numbers are big-endian. Tables come in the schema's order, rows in the order of their keys, so one database has one
//! dump. All that is checked before anything is written: a file that was damaged, cut off or made up is refused by name,
//! and costs no more memory than [`IMPORT_LIMIT`] whatever it promises.
//!
//! The dump of an earlier schema version is read as well if all its rows are what they would be in this one.

mod export;
mod import;

use std::io::{self, BufRead, Read, Write};

use sha2::{Digest, Sha256};

use crate::ForkPoint;
use crate::db::tables::{AnyTable, TABLES};

/// A dump's first bytes.
const MAGIC: [u8; 8] = *b"zkthdump";
/// Kinds of records.
const TABLE: u8 = 1;
const ROW: u8 = 2;
/// Longest row, in bytes. The longest real ones are classes and packages, a few MiB each.
const ROW_LIMIT: u32 = 64 << 20;
/// Most that an import keeps in memory, in bytes: it takes effect as one batch. Larger databases are copied as
/// checkpoints.
pub const IMPORT_LIMIT: usize = 1 << 30;
/// Compression: fast, and about as good as the slow levels on hashes.
const LEVEL: i32 = 3;
/// Largest window, as a power of two, that a reader makes room for: more than `LEVEL` ever uses.
const WINDOW_LOG: u32 = 23;

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

/// The tables of a dump, in order.
fn tables() -> impl Iterator<Item = &'static AnyTable> {
    TABLES.iter().filter(|table| table.name != SCHEMA)
}

/// The table that stands in the dump's head instead.
const SCHEMA: &str = <crate::db::tables::Schema as crate::db::table::Table>::NAME;

/// Passes bytes on and keeps their checksum: of those that were written, or taken out of the reader's buffer.
struct Checksummed<S> {
    stream: S,
    digest: Sha256,
}

impl<S> Checksummed<S> {
    fn new(stream: S) -> Self {
        Self { stream, digest: Sha256::new() }
    }
}

impl<S: Write> Write for Checksummed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: BufRead> Read for Checksummed<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(bytes)?;
        self.digest.update(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl<S: BufRead> BufRead for Checksummed<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.stream.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed was filled before, so this reads nothing.
        if let Ok(filled) = self.stream.fill_buf() {
            self.digest.update(filled.get(..amount).unwrap_or_default());
        }
        self.stream.consume(amount);
    }
}
