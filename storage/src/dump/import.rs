//! Reading a dump.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::vec;

use sha2::Digest;
use starknet_api::block::BlockNumber;
use zstd::stream::read::Decoder;

use super::scratch::ScratchDirectory;
use super::{Checksummed, IMPORT_LIMIT, MAGIC, ROW, ROW_LIMIT, TABLE, WINDOW_LOG, former_tables, tables};
use crate::db::table::Table;
use crate::db::tables::{AnyTable, Beginnings, Schema, TABLES};
use crate::db::versions::{SCHEMA_VERSION, is_carried_over};
use crate::db::{Batch, Db, Read as _, encoded};
use crate::{DumpError, Storage, StorageError, migrate};

impl Storage {
    /// Replaces everything by the rows of a dump, wholly and durably or not at all: blocks, state, the journal of
    /// pending transactions. Views and caches of what was there are void ([`Self::epoch`]).
    ///
    /// # Errors
    /// [`StorageError::Dump`] or [`StorageError::DamagedRow`] if `from` is not a whole, unchanged dump of a chain that
    /// began where this one did; otherwise, if the database cannot be written.
    pub fn import(&self, mut from: impl Read) -> Result<(), StorageError> {
        self.import_from(&mut from)
    }

    /// From any reader, so that it is compiled here, once.
    fn import_from(&self, from: &mut dyn Read) -> Result<(), StorageError> {
        let _one_at_a_time = self.lock_writer();
        let (version, rows) = Rows::new(from)?;
        if version == SCHEMA_VERSION {
            self.import_rows(rows, IMPORT_LIMIT)
        } else {
            self.import_earlier(version, rows)
        }
    }

    /// The rows of an earlier version become a database of that version, which is carried over in a directory beside this one; then
    /// that one's are imported.
    fn import_earlier(&self, version: u32, rows: Rows<'_>) -> Result<(), StorageError> {
        let directory = ScratchDirectory::make(self.db().path())?;
        let path = directory.0.join("chain");
        let mut db = Db::open(&path, TABLES)?;
        db.add_former_tables()?;
        let mut batch = db.batch();
        rows.read_into(&mut batch, IMPORT_LIMIT)?;
        batch.put::<Schema>(&(), &version)?;
        batch.commit()?;
        drop(db);
        migrate::migrate(&path)?;
        let dump = directory.0.join("dump");
        let file = File::create(&dump).map_err(DumpError::Write)?;
        Storage::open(&path)?.export(BufWriter::new(file))?;
        let mut file = File::open(&dump).map_err(DumpError::Read)?;
        // It has more rows than before: the index of events.
        self.import_rows(Rows::new(&mut file)?.1, 2 * IMPORT_LIMIT)
    }

    /// Imports rows of this program's version, of so many bytes at most. The caller holds the writer's lock.
    fn import_rows(&self, rows: Rows<'_>, limit: usize) -> Result<(), StorageError> {
        let mut batch = self.db().batch();
        tables().try_for_each(|table| batch.clear(table))?;
        let beginning = rows.read_into(&mut batch, limit)?;
        let expected = self.db().get::<Beginnings>(&())?;
        if beginning != expected.map(|beginning| encoded::<Beginnings>(&beginning)).transpose()? {
            let expected = expected.and_then(|beginning| beginning.fork);
            return Err(DumpError::OtherFork { expected }.into());
        }
        // Whatever is written until then, the batch clears.
        let _until_written = self.lock_packages();
        self.remove_from(BlockNumber::ZERO, batch)
    }
}

/// The records of a dump.
struct Rows<'a> {
    records: Decoder<'static, Checksummed<BufReader<&'a mut dyn Read>>>,
    /// Tables that may still come.
    tables: vec::IntoIter<&'static AnyTable>,
}

impl<'a> Rows<'a> {
    /// The rows, and the schema version that they are of: this program's, or one that is carried over.
    fn new(from: &'a mut dyn Read) -> Result<(u32, Self), DumpError> {
        let mut file = Checksummed::new(BufReader::new(from));
        let (mut magic, mut version) = ([0; MAGIC.len()], [0; size_of::<u32>()]);
        file.read_exact(&mut magic).map_err(|_| DumpError::NotADump)?;
        if magic != MAGIC {
            return Err(DumpError::NotADump);
        }
        file.read_exact(&mut version).map_err(read_error)?;
        let found = u32::from_be_bytes(version);
        if found != SCHEMA_VERSION && !is_carried_over(found) {
            return Err(DumpError::SchemaVersion { found, expected: SCHEMA_VERSION });
        }
        let mut records = Decoder::with_buffer(file).map_err(DumpError::Read)?.single_frame();
        records.window_log_max(WINDOW_LOG).map_err(DumpError::Read)?;
        let tables = if found == SCHEMA_VERSION { tables().collect() } else { former_tables() };
        Ok((found, Self { records, tables: tables.into_iter() }))
    }

    /// Puts all rows into the batch, which may be of so many bytes. Gives the row that says where the chain begins, if there is one.
    fn read_into(mut self, batch: &mut Batch<'_>, limit: usize) -> Result<Option<Vec<u8>>, StorageError> {
        let mut beginning = None;
        let mut table: Option<&AnyTable> = None;
        let mut last_key: Option<Vec<u8>> = None;
        while let Some(&kind) = self.bytes(1)?.first() {
            match kind {
                TABLE => {
                    table = Some(self.table()?);
                    last_key = None;
                }
                ROW => {
                    let table = table.ok_or(DumpError::RowOrder { table: "" })?;
                    let (key, row) = self.row(table.name)?;
                    (table.check)(&key, &row)?;
                    if last_key.is_some_and(|last| last >= key) {
                        return Err(DumpError::RowOrder { table: table.name }.into());
                    }
                    if batch.size().saturating_add(key.len() + row.len()) > limit {
                        return Err(DumpError::TooLong { limit }.into());
                    }
                    batch.set_bytes(table.name, &key, Some(&row))?;
                    if table.name == Beginnings::NAME {
                        beginning = Some(row);
                    }
                    last_key = Some(key);
                }
                kind => return Err(DumpError::RecordKind { kind }.into()),
            }
        }
        self.end()?;
        Ok(beginning)
    }

    fn table(&mut self) -> Result<&'static AnyTable, DumpError> {
        let [length] = self.array()?;
        let name = self.whole(length.into())?;
        let found = self.tables.by_ref().find(|table| table.name.as_bytes() == name);
        found.ok_or_else(|| DumpError::Table { name: String::from_utf8_lossy(&name).into_owned() })
    }

    fn row(&mut self, table: &'static str) -> Result<(Vec<u8>, Vec<u8>), DumpError> {
        let [key_length] = self.array()?;
        let row_length = u32::from_be_bytes(self.array()?);
        if row_length > ROW_LIMIT {
            return Err(DumpError::RowLength { table, bytes: row_length });
        }
        Ok((self.whole(key_length.into())?, self.whole(row_length)?))
    }

    /// The checksum, and nothing after it.
    fn end(self) -> Result<(), DumpError> {
        let Checksummed { stream: mut file, digest } = self.records.finish();
        let mut written = [0; 32];
        file.read_exact(&mut written).map_err(read_error)?;
        if digest.finalize()[..] != written {
            return Err(DumpError::Checksum);
        }
        match file.read(&mut [0]).map_err(read_error)? {
            0 => Ok(()),
            _ => Err(DumpError::GoesOn),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DumpError> {
        let mut bytes = [0; N];
        self.records.read_exact(&mut bytes).map_err(read_error)?;
        Ok(bytes)
    }

    /// As many bytes, or fewer if the records end before.
    fn bytes(&mut self, length: u32) -> Result<Vec<u8>, DumpError> {
        // Memory is taken as they come, whatever was promised.
        let mut bytes = Vec::new();
        self.records.by_ref().take(length.into()).read_to_end(&mut bytes).map_err(read_error)?;
        Ok(bytes)
    }

    fn whole(&mut self, length: u32) -> Result<Vec<u8>, DumpError> {
        let bytes = self.bytes(length)?;
        if bytes.len() == length as usize { Ok(bytes) } else { Err(DumpError::CutOff) }
    }
}

fn read_error(error: io::Error) -> DumpError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => DumpError::CutOff,
        _ => DumpError::Read(error),
    }
}
