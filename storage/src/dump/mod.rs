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
pub(crate) mod scratch;

use std::io::{self, BufRead, Read, Write};

use sha2::{Digest, Sha256};

use crate::db::table::Table;
use crate::db::tables::{
    AnyTable, FORMER_TABLES, FormerPackages, PackageSummaries, PooledPackages, Schema, TABLES,
};

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

/// The tables of a dump, in order.
fn tables() -> impl Iterator<Item = &'static AnyTable> {
    TABLES.iter().filter(|table| table.name != SCHEMA)
}

/// The tables of a dump of an earlier version, in order: those that came later stand where those stood that they replace.
fn former_tables() -> Vec<&'static AnyTable> {
    let replaced_by = |table: &AnyTable| {
        FORMER_TABLES.iter().find(|former| match former.name {
            FormerPackages::NAME => table.name == PackageSummaries::NAME,
            _ => table.name == PooledPackages::NAME,
        })
    };
    tables().flat_map(|table| replaced_by(table).into_iter().chain([table])).collect()
}

/// The table that stands in the dump's head instead.
const SCHEMA: &str = Schema::NAME;

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
