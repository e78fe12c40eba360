//! The database's size and health, and copies of it.

use std::ffi::CStr;
use std::path::Path;

use rocksdb::properties::{
    BACKGROUND_ERRORS, BLOCK_CACHE_USAGE, CUR_SIZE_ALL_MEM_TABLES, ESTIMATE_NUM_KEYS,
    ESTIMATE_PENDING_COMPACTION_BYTES, IS_WRITE_STOPPED, LIVE_SST_FILES_SIZE, NUM_RUNNING_COMPACTIONS,
    NUM_RUNNING_FLUSHES,
};
use rocksdb::statistics::Ticker;

use super::Storage;
use crate::StorageError;
use crate::db::tables::TABLES;

/// RocksDB's name for the size of a table's files of long rows, which the bindings lack.
const LIVE_BLOB_FILE_SIZE: &CStr = c"rocksdb.live-blob-file-size";

/// The database's size and health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Each table's size.
    pub tables: Vec<TableStats>,
    /// Memory taken by blocks of rows read from disk.
    pub block_cache_bytes: u64,
    /// Blocks of rows found there since the database was opened.
    pub block_cache_hits: u64,
    /// Blocks of rows read from disk.
    pub block_cache_misses: u64,
    /// What compaction has yet to rewrite.
    pub pending_compaction_bytes: u64,
    /// Compactions under way.
    pub running_compactions: u64,
    /// Flushes of memory to disk under way.
    pub running_flushes: u64,
    /// Flushes and compactions that failed.
    pub background_errors: u64,
    /// Whether writes wait until compaction has caught up.
    pub write_stopped: bool,
}

/// A table's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableStats {
    /// The table.
    pub name: &'static str,
    /// How many rows it has, estimated: rows written twice or deleted may count until they are compacted.
    pub rows: u64,
    /// Its files on disk, in bytes, compressed.
    pub disk_bytes: u64,
    /// Its rows not yet in files, in bytes.
    pub memory_bytes: u64,
}

impl Storage {
    /// The database's size and health. Cheap: RocksDB keeps these numbers anyway.
    ///
    /// # Errors
    /// If RocksDB does not tell.
    pub fn stats(&self) -> Result<Stats, StorageError> {
        let db = self.db();
        let tables = TABLES.iter().map(|table| {
            Ok(TableStats {
                name: table.name,
                rows: db.table_property(table, ESTIMATE_NUM_KEYS)?,
                disk_bytes: db.table_property(table, LIVE_SST_FILES_SIZE)?
                    + db.table_property(table, LIVE_BLOB_FILE_SIZE)?,
                memory_bytes: db.table_property(table, CUR_SIZE_ALL_MEM_TABLES)?,
            })
        });
        let tables = tables.collect::<Result<_, StorageError>>()?;
        let each = |name| TABLES.iter().map(|table| db.table_property(table, name)).sum::<Result<u64, _>>();
        Ok(Stats {
            tables,
            block_cache_bytes: db.property(BLOCK_CACHE_USAGE)?,
            block_cache_hits: db.count(Ticker::BlockCacheHit),
            block_cache_misses: db.count(Ticker::BlockCacheMiss),
            pending_compaction_bytes: each(ESTIMATE_PENDING_COMPACTION_BYTES)?,
            running_compactions: db.property(NUM_RUNNING_COMPACTIONS)?,
            running_flushes: db.property(NUM_RUNNING_FLUSHES)?,
            background_errors: each(BACKGROUND_ERRORS)?,
            write_stopped: db.property(IS_WRITE_STOPPED)? != 0,
        })
    }

    /// Copies the database as it is now into the directory `path`, which must not exist; what it is to stand in is
    /// made. Files that never change again are linked, not copied, if `path` is on the same file system: then it takes
    /// a moment. The copy opens as any database.
    ///
    /// # Errors
    /// If there is something at `path`, or it cannot be written.
    pub fn checkpoint(&self, path: &Path) -> Result<(), StorageError> {
        if path.symlink_metadata().is_ok() {
            return Err(StorageError::Occupied { path: path.display().to_string() });
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|error| StorageError::Directory { path: parent.display().to_string(), error })?;
        }
        self.db().checkpoint(path)
    }
}
