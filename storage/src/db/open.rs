//! Opening: tuning, creation, the schema version.

use std::collections::BTreeSet;
use std::path::Path;

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, DBCompressionType, ErrorKind, Options,
    SliceTransform, statistics::StatsLevel,
};

use super::table::{Layout, Table};
use super::tables::{AnyTable, CACHE_TABLES, FORMER_TABLES, Headers, JOURNAL_TABLES, Schema, TABLES};
use super::versions::{SCHEMA_VERSION, UNDER_WAY};
use super::{Db, Read};
use crate::StorageError;

/// Memory for blocks of rows read from disk, in bytes, shared by all tables.
const BLOCK_CACHE_BYTES: usize = 256 << 20;
/// Memory for rows not yet in table files, in bytes, shared by all tables.
const WRITE_BUFFER_BYTES: usize = 256 << 20;
/// Of these, for one table at most. After the disk was full, RocksDB goes on by itself once there is space for all
/// tables' buffers: with this, half a gigabyte.
const TABLE_BUFFER_BYTES: usize = 16 << 20;
/// The log is at most about this long, in bytes: what a reopening may have to replay. Without a bound, tables that
/// are seldom written would keep it from being cut.
const LOG_BYTES: u64 = 256 << 20;
/// Bits of Bloom filter per key: about 1 in 100 lookups of an absent key reads the disk in vain.
const BLOOM_BITS_PER_KEY: f64 = 10.0;
/// Part of a memtable given to its own prefix filter.
const MEMTABLE_FILTER_RATIO: f64 = 0.1;
/// Rows of this many bytes or more live in blob files, so that compaction moves only their addresses.
const BLOB_FROM_BYTES: u64 = 4 << 10;
/// Blocks of rows this big, in bytes, compress well and still cost one disk page or few.
const BLOCK_BYTES: usize = 16 << 10;
/// Files kept open. Bounded, so that a node fits under the usual limit of 1,024 descriptors.
const OPEN_FILES: i32 = 512;
/// RocksDB's own log files kept.
const LOG_FILES: usize = 4;

impl Db {
    /// Opens the database at `path`, creating it with `tables` if there is none.
    ///
    /// A new database gets its schema version last. So one without a version is one whose creation was interrupted,
    /// which is then simply completed, unless it holds anything that is not ours.
    pub(crate) fn open(path: &Path, tables: &[AnyTable]) -> Result<Self, StorageError> {
        let cache = Cache::new_lru_cache(BLOCK_CACHE_BYTES);
        let mut names: BTreeSet<String> = tables.iter().map(|table| table.name.to_owned()).collect();
        if path.join("CURRENT").exists() {
            let families = DB::list_cf(&Options::default(), path)?;
            let mut db = open_families(path, &cache, families.iter().map(String::as_str))?;
            match db.version(path, &families)? {
                Some(SCHEMA_VERSION) => {
                    let is_there = |table: &AnyTable| families.iter().any(|name| name == table.name);
                    // Whoever opens something else than this kind of database is told so by what is missing.
                    if tables.iter().any(|table| table.name != Schema::NAME && is_there(table)) {
                        // Tables that came later, which older versions do without.
                        db.add_tables(tables, &cache)?;
                    }
                    return Ok(db);
                }
                Some(found) => return Err(other_version(path, found)),
                // An earlier version may have begun to make it.
                None => names.extend(families),
            }
        }
        let mut db = open_families(path, &cache, names.iter().map(String::as_str))?;
        db.remove_former_tables()?;
        let mut batch = db.batch();
        batch.put::<Schema>(&(), &SCHEMA_VERSION)?;
        batch.commit()?;
        Ok(db)
    }

    /// Opens a database that exists, of whatever kind and version, with the tables that it has. Tells its version; `None` if
    /// its creation was interrupted.
    pub(crate) fn open_as_it_is(path: &Path) -> Result<(Self, Option<u32>), StorageError> {
        let cache = Cache::new_lru_cache(BLOCK_CACHE_BYTES);
        let families = DB::list_cf(&Options::default(), path)?;
        let db = open_families(path, &cache, families.iter().map(String::as_str))?;
        let version = db.version(path, &families)?;
        Ok((db, version))
    }

    /// Makes those tables that are not there.
    fn add_tables(&mut self, tables: &[AnyTable], cache: &Cache) -> Result<(), StorageError> {
        for table in tables {
            if !self.has_table(table) {
                self.rocks.create_cf(table.name, &tuning(table.layout, cache))?;
            }
        }
        Ok(())
    }

    /// Makes those tables of a chain that are not there, on the way to another version.
    pub(crate) fn add_chain_tables(&mut self) -> Result<(), StorageError> {
        self.add_tables(TABLES, &Cache::new_lru_cache(BLOCK_CACHE_BYTES))
    }

    /// Makes those tables of earlier versions that are not there: an interrupted step may have removed some.
    pub(crate) fn add_former_tables(&mut self) -> Result<(), StorageError> {
        self.add_tables(FORMER_TABLES, &Cache::new_lru_cache(BLOCK_CACHE_BYTES))
    }

    /// Removes the tables that earlier versions had.
    pub(crate) fn remove_former_tables(&mut self) -> Result<(), StorageError> {
        for table in FORMER_TABLES {
            if self.has_table(table) {
                self.rocks.drop_cf(table.name)?;
            }
        }
        Ok(())
    }

    /// Whether there is such a table.
    fn has_table(&self, table: &AnyTable) -> bool {
        self.rocks.cf_handle(table.name).is_some()
    }

    /// Whether this is a chain's database.
    pub(crate) fn is_chain(&self) -> bool {
        self.rocks.cf_handle(Headers::NAME).is_some()
    }

    /// The schema version of a database with these column families; `None` if its creation was interrupted.
    fn version(&self, path: &Path, families: &[String]) -> Result<Option<u32>, StorageError> {
        match self.get::<Schema>(&())? {
            None if families.iter().any(|name| layout(name).is_none()) || !self.is_blank()? => {
                Err(StorageError::ForeignDatabase { path: path.display().to_string() })
            }
            version => Ok(version),
        }
    }

    /// Whether the column family of the schema version holds nothing at all.
    fn is_blank(&self) -> Result<bool, StorageError> {
        let mut rows = self.rocks.raw_iterator_cf(self.family::<Schema>()?);
        rows.seek_to_first();
        rows.status()?;
        Ok(!rows.valid())
    }
}

/// Why a database of version `found` is not opened. One that is being carried over is of the version that it is carried over from.
pub(crate) fn other_version(path: &Path, found: u32) -> StorageError {
    StorageError::SchemaVersion { path: path.to_owned(), found: found & !UNDER_WAY, expected: SCHEMA_VERSION }
}

fn open_families<'a>(
    path: &Path,
    cache: &Cache,
    families: impl Iterator<Item = &'a str>,
) -> Result<Db, StorageError> {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_db_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_total_wal_size(LOG_BYTES);
    options.set_max_open_files(OPEN_FILES);
    options.set_keep_log_file_num(LOG_FILES);
    // Counters only: they cost next to nothing, times and distributions do not.
    options.enable_statistics();
    options.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    options.increase_parallelism(std::thread::available_parallelism().map_or(1, |n| n.get() as i32));
    let families = families
        .map(|name| ColumnFamilyDescriptor::new(name, tuning(layout(name).unwrap_or(Layout::Point), cache)));
    let rocks = DB::open_cf_descriptors(&options, path, families).map_err(|error| in_use(path, error))?;
    Ok(Db { rocks, options })
}

/// Tells the one failure that everybody meets from all others. RocksDB says it in words only: the lock is held, by
/// another process or by this one.
fn in_use(path: &Path, error: rocksdb::Error) -> StorageError {
    let text = error.to_string();
    let locked = text.contains("/LOCK: Resource temporarily unavailable")
        || text.contains("lock hold by current process");
    if error.kind() == ErrorKind::IOError && locked {
        StorageError::InUse { path: path.display().to_string() }
    } else {
        error.into()
    }
}

fn layout(family: &str) -> Option<Layout> {
    let mut tables = TABLES.iter().chain(CACHE_TABLES).chain(JOURNAL_TABLES).chain(FORMER_TABLES);
    tables.find(|table| table.name == family).map(|table| table.layout)
}

/// A table's options.
fn tuning(layout: Layout, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_block_size(BLOCK_BYTES);
    blocks.set_bloom_filter(BLOOM_BITS_PER_KEY, false);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    let mut options = Options::default();
    options.set_write_buffer_size(TABLE_BUFFER_BYTES);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    match layout {
        Layout::Point => {}
        Layout::Prefix(length) => {
            blocks.set_whole_key_filtering(false);
            options.set_prefix_extractor(SliceTransform::create_fixed_prefix(length));
            options.set_memtable_prefix_bloom_ratio(MEMTABLE_FILTER_RATIO);
        }
        Layout::Blob | Layout::PackedBlob => {
            options.set_enable_blob_files(true);
            options.set_enable_blob_gc(true);
            options.set_min_blob_size(BLOB_FROM_BYTES);
            options.set_blob_compression_type(match layout {
                Layout::PackedBlob => DBCompressionType::None,
                _ => DBCompressionType::Zstd,
            });
        }
    }
    options.set_block_based_table_factory(&blocks);
    options
}
