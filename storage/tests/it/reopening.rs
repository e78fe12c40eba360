//! Closing and opening.

use starknet_api::block::BlockNumber;
use zkthreads_storage::{Storage, StorageError};

use crate::support::{Model, busy_diff, commit, next_block, raw};

#[test]
fn a_new_database_is_empty() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("made/on/the/way");
    for _ in 0..2 {
        let storage = Storage::open(&path)?;
        assert_eq!(storage.latest()?, None);
        assert!(storage.header(BlockNumber(0))?.is_none());
        assert!(storage.transactions(BlockNumber(0))?.is_none());
        assert!(storage.state_diff(BlockNumber(0))?.is_none());
        let proof = storage.storage_proof(BlockNumber(0), &Default::default());
        assert!(matches!(proof, Err(StorageError::NoSuchBlock { number: BlockNumber(0) })));
    }
    Ok(())
}

#[test]
fn a_chain_grows_over_reopenings() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut model = Model::default();
    for round in 0..5u64 {
        let storage = Storage::open(directory.path())?;
        assert_eq!(storage.latest()?, (3 * round).checked_sub(1).map(BlockNumber));
        for block in 3 * round..3 * round + 3 {
            model.apply(&busy_diff(block));
            commit(&storage, busy_diff(block))?;
        }
    }
    let storage = Storage::open(directory.path())?;
    for block in 0..15 {
        let number = BlockNumber(block);
        assert_eq!(storage.state_diff(number)?, Some(busy_diff(block)));
        let hash = storage.header(number)?.expect("a header").block_hash;
        assert_eq!(storage.block_number(hash)?, Some(number));
    }
    assert_eq!(root(&storage)?, root_from_scratch(&model)?);
    Ok(())
}

fn root(storage: &Storage) -> anyhow::Result<starknet_api::core::GlobalRoot> {
    Ok(storage.prepare_state(&Default::default())?.global_root())
}

pub(crate) fn root_from_scratch(model: &Model) -> anyhow::Result<starknet_api::core::GlobalRoot> {
    let directory = tempfile::tempdir()?;
    Ok(Storage::open(directory.path())?.prepare_state(&model.as_diff())?.global_root())
}

#[test]
fn a_database_is_opened_once() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    assert!(matches!(Storage::open(directory.path()), Err(StorageError::InUse { .. })));
    let clone = storage.clone();
    drop(storage);
    commit(&clone, busy_diff(0))?;
    drop(clone);
    assert_eq!(Storage::open(directory.path())?.latest()?, Some(BlockNumber(0)));
    Ok(())
}

/// A database's one row in the default column family: the schema version, which tests may set.
pub(crate) fn set_schema_version(path: &std::path::Path, row: Option<&[u8]>) -> anyhow::Result<()> {
    let db = raw(path)?;
    match row {
        Some(row) => db.put(b"", row)?,
        None => db.delete(b"")?,
    }
    Ok(())
}

#[test]
fn another_schema_version_is_refused_by_name() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    drop(Storage::open(directory.path())?);
    // Row version 1, then 8 in CBOR.
    set_schema_version(directory.path(), Some(&[1, 8]))?;
    let refused = Storage::open(directory.path());
    assert!(matches!(refused, Err(StorageError::SchemaVersion { found: 8, expected: 7, .. })), "{refused:?}");
    set_schema_version(directory.path(), Some(&[9, 7]))?;
    assert!(matches!(
        Storage::open(directory.path()),
        Err(StorageError::DamagedRow { table: "default", .. })
    ));
    Ok(())
}

/// An older version made it, which had no use for the table.
#[test]
fn a_table_that_came_later_is_added() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    commit(&Storage::open(directory.path())?, busy_diff(0))?;
    {
        let mut db = raw(directory.path())?;
        db.drop_cf("pool_rejections")?;
    }
    let storage = Storage::open(directory.path())?;
    assert_eq!((storage.latest()?, storage.pool_rejections()?), (Some(BlockNumber(0)), vec![]));
    Ok(())
}

#[test]
fn an_interrupted_creation_is_completed() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    drop(Storage::open(directory.path())?);
    let options = rocksdb::Options::default();
    set_schema_version(directory.path(), None)?;
    {
        let families = rocksdb::DB::list_cf(&options, directory.path())?;
        let mut db = rocksdb::DB::open_cf(&options, directory.path(), families)?;
        db.drop_cf("class_trie")?;
    }
    commit(&Storage::open(directory.path())?, busy_diff(0))?;
    Ok(())
}

#[test]
fn another_program_s_database_is_refused() -> anyhow::Result<()> {
    let mut options = rocksdb::Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    for (families, row) in [(vec!["default"], Some(b"row")), (vec!["default", "theirs"], None)] {
        let directory = tempfile::tempdir()?;
        let db = rocksdb::DB::open_cf(&options, directory.path(), families)?;
        if let Some(row) = row {
            db.put(b"their", row)?;
        }
        drop(db);
        let refused = Storage::open(directory.path());
        assert!(matches!(refused, Err(StorageError::ForeignDatabase { .. })), "{refused:?}");
    }
    Ok(())
}

#[test]
fn a_damaged_row_is_a_typed_error() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    commit(&storage, busy_diff(0))?;
    drop(storage);
    let db = raw(directory.path())?;
    for (family, key, row) in [
        ("headers", 0u64.to_be_bytes().to_vec(), vec![1, 0xff]),
        ("state_diffs", 0u64.to_be_bytes().to_vec(), vec![]),
        ("contract_trie", vec![0], vec![1, 0, 0]),
    ] {
        db.put_cf(db.cf_handle(family).expect("the table"), key, row)?;
    }
    drop(db);
    let storage = Storage::open(directory.path())?;
    assert!(matches!(storage.header(BlockNumber(0)), Err(StorageError::DamagedRow { table: "headers", .. })));
    assert!(matches!(
        storage.state_diff(BlockNumber(0)),
        Err(StorageError::DamagedRow { table: "state_diffs", .. })
    ));
    let refused = next_block(&storage, busy_diff(1));
    assert!(refused.is_err());
    assert!(matches!(
        storage.prepare_state(&busy_diff(1)),
        Err(StorageError::DamagedRow { table: "contract_trie", .. })
    ));
    Ok(())
}
