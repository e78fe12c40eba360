//! RocksDB behind typed tables: nothing else in this crate touches a column family.
//!
//! Reads through one [`Snapshot`] see one moment. A [`Batch`] takes effect as a whole: RocksDB writes it to the log as
//! one record with a checksum and syncs the log before any reader sees it, and recovery drops a record that is not
//! whole, so neither a reader nor a crash can catch a part of it.

pub(crate) mod events_in_block;
pub(crate) mod keys;
pub(crate) mod open;
pub(crate) mod rows;
pub(crate) mod table;
pub(crate) mod tables;
pub(crate) mod versions;

use std::ffi::CStr;
use std::path::Path;

use rocksdb::checkpoint::Checkpoint;
use rocksdb::statistics::Ticker;
use rocksdb::{
    ColumnFamily, DB, DBPinnableSlice, DBRawIterator, Options, PrefixRange, ReadOptions,
    SnapshotWithThreadMode, WriteBatch, WriteOptions,
};

use self::keys::Backwards;
use self::rows::Latest;
use self::table::{Key, RowError, Table, decode_row, encode_row};
use self::tables::AnyTable;
use crate::StorageError;

/// An open database.
pub(crate) struct Db {
    rocks: DB,
    /// What it was opened with; RocksDB counts into it.
    options: Options,
}

impl Db {
    /// Makes whatever was written outlive the machine.
    pub(crate) fn sync(&self) -> Result<(), StorageError> {
        Ok(self.rocks.flush_wal(true)?)
    }

    /// The directory that it is in.
    pub(crate) fn path(&self) -> &Path {
        self.rocks.path()
    }

    /// A view of the database as it is now, whatever is committed later.
    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot { db: self, at: self.rocks.snapshot() }
    }

    /// Copies the database as it is now into a directory that does not exist yet. Files are linked where they can be.
    pub(crate) fn checkpoint(&self, path: &Path) -> Result<(), StorageError> {
        Ok(Checkpoint::new(&self.rocks)?.create_checkpoint(path)?)
    }

    /// What RocksDB counts of a table; zero if it does not.
    pub(crate) fn table_property(&self, table: &AnyTable, name: &CStr) -> Result<u64, StorageError> {
        Ok(self.rocks.property_int_value_cf(self.family_named(table.name)?, name)?.unwrap_or_default())
    }

    /// What RocksDB counts of the database; zero if it does not.
    pub(crate) fn property(&self, name: &CStr) -> Result<u64, StorageError> {
        Ok(self.rocks.property_int_value(name)?.unwrap_or_default())
    }

    /// A batch with nothing in it.
    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch { db: self, writes: WriteBatch::default() }
    }

    /// How often something happened since the database was opened.
    pub(crate) fn count(&self, ticker: Ticker) -> u64 {
        self.options.get_ticker_count(ticker)
    }

    /// The bytes of any table's row.
    pub(crate) fn row_bytes(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.rocks.get_cf(self.family_named(table)?, key)?)
    }

    fn family<T: Table>(&self) -> Result<&ColumnFamily, StorageError> {
        self.family_named(T::NAME)
    }

    fn family_named(&self, name: &str) -> Result<&ColumnFamily, StorageError> {
        self.rocks
            .cf_handle(name)
            .ok_or_else(|| StorageError::Inconsistent { reason: format!("table `{name}` does not exist") })
    }
}

/// A row's key and value.
pub(crate) type Row<T> = (<T as Table>::Key, <T as Table>::Value);

/// Reading rows.
pub(crate) trait Read {
    /// The row's bytes.
    fn bytes<T: Table>(&self, key: &[u8]) -> Result<Option<DBPinnableSlice<'_>>, StorageError>;

    /// The rows in the order of their keys.
    fn rows<T: Table>(&self, options: ReadOptions) -> Result<DBRawIterator<'_>, StorageError>;

    /// A table's rows whose keys begin with these bytes, from the first on.
    fn rows_within<T: Table>(&self, prefix: &[u8]) -> Result<DBRawIterator<'_>, StorageError> {
        let mut rows = self.rows::<T>(within(prefix))?;
        rows.seek_to_first();
        Ok(rows)
    }

    /// The row at `key`.
    fn get<T: Table>(&self, key: &T::Key) -> Result<Option<T::Value>, StorageError> {
        self.bytes::<T>(&key.encode())?.map(|row| decode::<T>(&row)).transpose()
    }

    /// Whether there is a row at `key`.
    fn has<T: Table>(&self, key: &T::Key) -> Result<bool, StorageError> {
        Ok(self.bytes::<T>(&key.encode())?.is_some())
    }

    /// The values of all rows whose keys start with `prefix`, in the order of the keys. If the table has a
    /// [`Layout::Prefix`](table::Layout::Prefix), the prefix must be as long as that.
    fn values<T: Table>(&self, prefix: &[u8]) -> Result<Vec<T::Value>, StorageError> {
        let mut rows = self.rows_within::<T>(prefix)?;
        let mut values = Vec::new();
        while let Some(row) = rows.value() {
            values.push(decode::<T>(row)?);
            rows.next();
        }
        rows.status()?;
        Ok(values)
    }

    /// The keys and values of the same rows; of the keys, what follows the prefix.
    fn each_within<T: Table>(
        &self,
        prefix: &[u8],
        mut row: impl FnMut(&[u8], T::Value) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut rows = self.rows_within::<T>(prefix)?;
        while let Some((key, value)) = rows.item() {
            row(key.get(prefix.len()..).unwrap_or_default(), decode::<T>(value)?)?;
            rows.next();
        }
        Ok(rows.status()?)
    }

    /// The first row behind `key`, in the order of the keys, that is `wanted`. Read past the cache.
    fn first_row_after<T: Table>(
        &self,
        key: &[u8],
        wanted: impl Fn(&T::Value) -> bool,
    ) -> Result<Option<Row<T>>, StorageError> {
        let mut rows = self.rows::<T>(everything())?;
        rows.seek(key);
        while let Some((found, row)) = rows.item() {
            if found != key {
                let value = decode::<T>(row)?;
                if wanted(&value) {
                    return Ok(Some((decode_key::<T>(found)?, value)));
                }
            }
            rows.next();
        }
        rows.status()?;
        Ok(None)
    }

    /// The value of the first row at or after `key` whose key starts with `prefix`.
    fn first_from<T: Table>(&self, key: &[u8], prefix: &[u8]) -> Result<Option<T::Value>, StorageError> {
        let mut rows = self.rows::<T>(within(prefix))?;
        rows.seek(key);
        let value = rows.value().map(decode::<T>).transpose()?;
        rows.status()?;
        Ok(value)
    }

    /// The last change up to the block that `key` ends in, from a history table whose prefix is all of the key before
    /// the block and `prefix` bytes long.
    fn last_change<H: Table>(
        &self,
        key: &H::Key,
        prefix: usize,
    ) -> Result<Option<Latest<H::Value>>, StorageError> {
        debug_assert_eq!(H::LAYOUT, table::Layout::Prefix(prefix));
        let key = key.encode();
        let mut rows = self.rows::<H>(in_prefix())?;
        rows.seek(&key);
        match rows.item() {
            Some((found, row)) if found.get(..prefix) == key.get(..prefix) => {
                let since = Backwards::read_last(found).ok_or_else(|| StorageError::DamagedRow {
                    table: H::NAME,
                    reason: "its key holds no block".into(),
                })?;
                Ok(Some(Latest { value: decode::<H>(row)?, since }))
            }
            _ => Ok(rows.status().map(|()| None)?),
        }
    }
}

/// Rows whose keys start with `prefix`.
fn within(prefix: &[u8]) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_range(PrefixRange(prefix));
    options
}

/// Rows from key `first` on, before key `end`.
pub(crate) fn between(first: &[u8], end: &[u8]) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_range(first..end);
    options
}

/// Rows with the table's own prefix of the key that is sought.
pub(crate) fn in_prefix() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_prefix_same_as_start(true);
    options
}

impl Read for Db {
    fn bytes<T: Table>(&self, key: &[u8]) -> Result<Option<DBPinnableSlice<'_>>, StorageError> {
        Ok(self.rocks.get_pinned_cf(self.family::<T>()?, key)?)
    }

    fn rows<T: Table>(&self, options: ReadOptions) -> Result<DBRawIterator<'_>, StorageError> {
        Ok(self.rocks.raw_iterator_cf_opt(self.family::<T>()?, options))
    }
}

/// One moment of the database.
pub(crate) struct Snapshot<'a> {
    db: &'a Db,
    at: SnapshotWithThreadMode<'a, DB>,
}

impl Read for Snapshot<'_> {
    fn bytes<T: Table>(&self, key: &[u8]) -> Result<Option<DBPinnableSlice<'_>>, StorageError> {
        Ok(self.at.get_pinned_cf(self.db.family::<T>()?, key)?)
    }

    fn rows<T: Table>(&self, options: ReadOptions) -> Result<DBRawIterator<'_>, StorageError> {
        Ok(self.at.raw_iterator_cf_opt(self.db.family::<T>()?, options))
    }
}

impl Snapshot<'_> {
    /// All rows of any table in the order of their keys, as bytes.
    pub(crate) fn all_rows(&self, table: &AnyTable) -> Result<DBRawIterator<'_>, StorageError> {
        let mut rows = self.at.raw_iterator_cf_opt(self.db.family_named(table.name)?, everything());
        rows.seek_to_first();
        Ok(rows)
    }

    /// All rows of a table in the order of their keys.
    pub(crate) fn each<T: Table>(
        &self,
        mut row: impl FnMut(T::Key, T::Value) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut rows = self.rows::<T>(everything())?;
        rows.seek_to_first();
        while let Some((key, value)) = rows.item() {
            row(decode_key::<T>(key)?, decode::<T>(value)?)?;
            rows.next();
        }
        Ok(rows.status()?)
    }
}

/// All rows, read once and past the cache.
fn everything() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_total_order_seek(true);
    options.fill_cache(false);
    options
}

/// Writes that take effect together.
pub(crate) struct Batch<'a> {
    db: &'a Db,
    writes: WriteBatch,
}

impl Batch<'_> {
    /// Writes a row.
    pub(crate) fn put<T: Table>(&mut self, key: &T::Key, value: &T::Value) -> Result<(), StorageError> {
        self.writes.put_cf(self.db.family::<T>()?, key.encode(), encoded::<T>(value)?);
        Ok(())
    }

    /// Writes a row, or removes it.
    pub(crate) fn set<T: Table>(
        &mut self,
        key: &T::Key,
        value: Option<&T::Value>,
    ) -> Result<(), StorageError> {
        match value {
            Some(value) => self.put::<T>(key, value),
            None => self.delete::<T>(key),
        }
    }

    /// Removes a row.
    pub(crate) fn delete<T: Table>(&mut self, key: &T::Key) -> Result<(), StorageError> {
        self.delete_encoded::<T>(&key.encode())
    }

    /// Removes the row with these bytes as its key.
    pub(crate) fn delete_encoded<T: Table>(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.writes.delete_cf(self.db.family::<T>()?, key);
        Ok(())
    }

    /// Removes all rows of any table.
    pub(crate) fn clear(&mut self, table: &AnyTable) -> Result<(), StorageError> {
        // No key is as long as this, nor begins with so many ones.
        let (first, beyond): (&[u8], &[u8]) = (&[], &[0xff; 128]);
        self.writes.delete_range_cf(self.db.family_named(table.name)?, first, beyond);
        Ok(())
    }

    /// Writes a row of any table, or removes it.
    pub(crate) fn set_bytes(
        &mut self,
        table: &str,
        key: &[u8],
        row: Option<&[u8]>,
    ) -> Result<(), StorageError> {
        let family = self.db.family_named(table)?;
        match row {
            Some(row) => self.writes.put_cf(family, key, row),
            None => self.writes.delete_cf(family, key),
        }
        Ok(())
    }

    /// How much memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.writes.size_in_bytes()
    }

    /// Makes all of it durable and visible, or nothing.
    pub(crate) fn commit(self) -> Result<(), StorageError> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        Ok(self.db.rocks.write_opt(self.writes, &options)?)
    }

    /// As [`Self::commit`], but a crash of the machine (not of the process) may still lose all of it.
    pub(crate) fn write(self) -> Result<(), StorageError> {
        Ok(self.db.rocks.write(self.writes)?)
    }
}

/// A row's bytes.
pub(crate) fn encoded<T: Table>(value: &T::Value) -> Result<Vec<u8>, StorageError> {
    encode_row(value).map_err(|RowError(reason)| StorageError::Encode { table: T::NAME, reason })
}

pub(crate) fn decode_key<T: Table>(key: &[u8]) -> Result<T::Key, StorageError> {
    match T::Key::decode(key) {
        Some((key, [])) => Ok(key),
        _ => Err(StorageError::DamagedRow { table: T::NAME, reason: "this is no key of it".into() }),
    }
}

pub(crate) fn decode<T: Table>(row: &[u8]) -> Result<T::Value, StorageError> {
    decode_row(row).map_err(|RowError(reason)| StorageError::DamagedRow { table: T::NAME, reason })
}
