//! Changed rows, over the database.

use std::collections::BTreeMap;

use crate::StorageError;
use crate::db::table::{Key, Table};
use crate::db::{Batch, Db, Read, decode, encoded};

/// Rows of any table as bytes, by table and key; `None` for those that go.
pub(super) type Rows = BTreeMap<(&'static str, Vec<u8>), Option<Vec<u8>>>;

/// The database with changed rows that are not written yet.
pub(super) struct Overlay<'a> {
    db: &'a Db,
    rows: Rows,
}

impl<'a> Overlay<'a> {
    pub(super) fn new(db: &'a Db) -> Self {
        Self { db, rows: Rows::new() }
    }

    /// The row at `key`.
    pub(super) fn get<T: Table>(&self, key: &T::Key) -> Result<Option<T::Value>, StorageError> {
        match self.rows.get(&(T::NAME, key.encode())) {
            Some(row) => row.as_deref().map(decode::<T>).transpose(),
            None => self.db.get::<T>(key),
        }
    }

    /// Writes a row.
    pub(super) fn put<T: Table>(&mut self, key: &T::Key, value: &T::Value) -> Result<(), StorageError> {
        self.rows.insert((T::NAME, key.encode()), Some(encoded::<T>(value)?));
        Ok(())
    }

    /// Removes a row.
    pub(super) fn delete<T: Table>(&mut self, key: &T::Key) {
        self.rows.insert((T::NAME, key.encode()), None);
    }

    /// The changed rows, and the same rows as they are in the database.
    pub(super) fn finish(self) -> Result<(Rows, Rows), StorageError> {
        let mut before = Rows::new();
        for (table, key) in self.rows.keys() {
            before.insert((*table, key.clone()), self.db.row_bytes(table, key)?);
        }
        Ok((self.rows, before))
    }
}

/// Puts rows into a batch.
pub(super) fn put_rows(batch: &mut Batch<'_>, rows: &Rows) -> Result<(), StorageError> {
    rows.iter().try_for_each(|((table, key), row)| batch.set_bytes(table, key, row.as_deref()))
}
