//! Databases of earlier versions: refused by name, carried over, and then as good as any.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_api::transaction::{Event, TransactionHash};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{Package, SettleError, StateCell};
use zkthreads_storage::{
    CachedBase, CellWrite, ForkPoint, JournalOwner, Migrated, PooledTransaction, SettledInner, Storage,
    StorageError, ThreadJournal, migrate,
};

use crate::fork::EmptyBase;
use crate::reopening::set_schema_version;
use crate::support::{
    address, busy_diff, cell, commit, emitted, outcome, package, raw, rich_block, rows, thread,
};

/// This program's version.
const NOW: u32 = 7;

/// A copy of the chain that the program of version 4 made; the README beside it says how.
fn version_4(directory: &Path) -> anyhow::Result<PathBuf> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/version-4/chain");
    let path = directory.join("chain");
    fs::create_dir(&path)?;
    for entry in fs::read_dir(fixture)? {
        let entry = entry?;
        fs::copy(entry.path(), path.join(entry.file_name()))?;
    }
    Ok(path)
}

fn strk() -> ContractAddress {
    address(Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d"))
}

/// Where STRK keeps the balance of 0x1234: 1,000 since block 1, 1,234 since block 2, 1,300 since block 5.
fn balance() -> StorageKey {
    cell(Felt::from_hex_unchecked("0x4fc7b23d1ef6e4f099416be09d83699fe35126d2a42325636e93745a36ce3cb"))
}

/// Whose nonce blocks 1, 2, 4 and 5 changed.
fn minter() -> ContractAddress {
    address(Felt::from_hex_unchecked("0x1caf2df5ed5dde1ae3faef4acd72522ac3cb16e23f6dc4c7f9faed67124c511"))
}

/// Nothing is missing, and every write is its block's own.
fn assert_is_the_chain(storage: &Storage) -> anyhow::Result<()> {
    let last = BlockNumber(5);
    assert_eq!(storage.latest()?, Some(last));
    let hash = BlockHash(Felt::from_hex_unchecked(
        "0x2659291b4ac7a89eaf5278051314a4eb655a3e6d8b912728aa19e448cca5b74",
    ));
    assert_eq!(storage.header(last)?.map(|header| header.block_hash), Some(hash));
    assert!(storage.check().is_sound(), "{:?}", storage.check());
    let latest = storage.state_at(last);
    assert_eq!(latest.storage(strk(), balance())?, Felt::from(1_300));
    assert_eq!(latest.nonce(minter())?, Nonce(Felt::from(4)));
    for (view, base, block) in [(5, 4, Some(5)), (5, 5, None), (4, 1, Some(2)), (4, 2, None)] {
        let write = block.map(|block| CellWrite { block: BlockNumber(block), sub_block: None });
        let view = storage.state_at(BlockNumber(view));
        let found = view.written_after(BlockNumber(base), strk(), StateCell::Storage(balance()))?;
        assert_eq!(found, write, "of the balance, after {base}");
    }
    let write = latest.written_after(BlockNumber(4), minter(), StateCell::Nonce)?;
    assert_eq!(write, Some(CellWrite { block: last, sub_block: None }));
    assert_eq!(storage.export_block(last)?.map(|block| block.thread_times), Some(vec![]));
    Ok(())
}

#[test]
fn a_chain_of_version_4() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = version_4(directory.path())?;
    let refused = Storage::open(&path).expect_err("of another version");
    assert!(matches!(refused, StorageError::SchemaVersion { found: 4, expected: NOW, .. }), "{refused}");
    let command = format!("`zkthreads db migrate --data-dir {}`", directory.path().display());
    let message = refused.to_string();
    assert!(message.contains("has schema version 4") && message.contains(&command), "{message}");

    assert_eq!(migrate(&path)?, Migrated { from: 4, to: NOW });
    assert_eq!(migrate(&path)?, Migrated { from: NOW, to: NOW }, "nothing to do");
    let mut storage = Storage::open(&path)?;
    for _now_and_after_reopening in 0..2 {
        assert_is_the_chain(&storage)?;
        drop(storage);
        storage = Storage::open(&path)?;
    }

    // It grows, and goes back to what it was.
    let before = rows(&storage)?;
    storage.commit(rich_block(&storage, busy_diff(6), 1)?)?;
    assert!(storage.check().is_sound(), "{:?}", storage.check());
    storage.revert_to(BlockNumber(5))?;
    assert!(rows(&storage)? == before);
    storage.revert_to(BlockNumber(1))?;
    assert!(storage.check().is_sound(), "{:?}", storage.check());
    Ok(())
}

/// The version is written last: without it, whatever else was done is done again.
#[test]
fn what_was_interrupted_is_taken_again() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = version_4(directory.path())?;
    migrate(&path)?;
    drop(Storage::open(&path)?);
    set_schema_version(&path, Some(&[1, 4]))?;
    assert!(matches!(Storage::open(&path), Err(StorageError::SchemaVersion { found: 4, .. })));
    assert_eq!(migrate(&path)?, Migrated { from: 4, to: NOW });
    assert_is_the_chain(&Storage::open(&path)?)
}

/// Makes a database that `open` opens, and one of version 4 of it, all of whose tables this version has; carries it over.
fn check_kind(path: &Path, open: impl Fn(&Path) -> Result<(), StorageError>) -> anyhow::Result<()> {
    open(path)?;
    set_schema_version(path, Some(&[1, 4]))?;
    assert!(matches!(open(path), Err(StorageError::SchemaVersion { found: 4, .. })));
    assert_eq!(migrate(path)?, Migrated { from: 4, to: NOW });
    Ok(open(path)?)
}

#[test]
fn caches_and_journals_have_versions_too() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let fork = ForkPoint { number: BlockNumber(7), hash: BlockHash(Felt::from(7)) };
    check_kind(&directory.path().join("cache"), |path| CachedBase::open(path, fork, EmptyBase).map(drop))?;
    let owner = JournalOwner { chain_id: ChainId::Sepolia, submitter: address(1) };
    check_kind(&directory.path().join("journal"), |path| ThreadJournal::open(path, &owner).map(drop))
}

#[test]
fn what_cannot_be_carried_over() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let nowhere = directory.path().join("nowhere");
    assert!(matches!(migrate(&nowhere), Err(StorageError::NoDatabase { .. })));
    assert!(!nowhere.exists());
    assert!(matches!(migrate(directory.path()), Err(StorageError::NoDatabase { .. })));

    let path = directory.path().join("chain");
    let storage = Storage::open(&path)?;
    commit(&storage, busy_diff(0))?;
    assert!(matches!(migrate(&path), Err(StorageError::InUse { .. })));
    drop(storage);
    for version in [0, 3, 8, 9] {
        set_schema_version(&path, Some(&[1, version]))?;
        let refused = migrate(&path).expect_err("of an unknown version");
        let expected =
            matches!(refused, StorageError::SchemaVersion { found, .. } if found == u32::from(version));
        assert!(expected && !refused.to_string().contains("db migrate"), "{refused}");
    }
    set_schema_version(&path, Some(&[9, 7]))?;
    assert!(matches!(migrate(&path), Err(StorageError::DamagedRow { table: "default", .. })));
    set_schema_version(&path, Some(&[1, 7]))?;
    assert_eq!(Storage::open(&path)?.latest()?, Some(BlockNumber(0)), "nothing was changed");

    let foreign = directory.path().join("foreign");
    let mut options = rocksdb::Options::default();
    options.create_if_missing(true);
    rocksdb::DB::open(&options, &foreign)?.put(b"their", b"row")?;
    assert!(matches!(migrate(&foreign), Err(StorageError::ForeignDatabase { .. })));
    Ok(())
}

/// A database as a program of version 6 left it: packages by transaction hash, and no index.
pub(crate) fn make_version_6(path: &Path, packages: &[(TransactionHash, Package)]) -> anyhow::Result<()> {
    let mut db = raw(path)?;
    for new in NEW_IN_7 {
        db.drop_cf(new)?;
    }
    for former in ["packages", "pool_packages"] {
        db.create_cf(former, &rocksdb::Options::default())?;
    }
    for (hash, package) in packages {
        let of_pool = if *hash == POOLED { "pool_packages" } else { "packages" };
        let family = db.cf_handle(of_pool).expect("just made");
        db.put_cf(family, hash.0.to_bytes_be(), [vec![1], package.encode()].concat())?;
    }
    drop(db);
    set_schema_version(path, Some(&[1, 6]))
}

const NEW_IN_7: [&str; 8] = [
    "settled_inner",
    "events_by_contract",
    "events_by_key",
    "package_summaries",
    "package_segments",
    "package_proofs",
    "package_holders",
    "pooled_packages",
];

const POOLED: TransactionHash = TransactionHash(Felt::from_hex_unchecked("0x9001ed"));

/// A chain with a package that settled behind an event of its envelope, one that was reverted, and one in the pool.
pub(crate) fn with_packages(path: &Path) -> anyhow::Result<(Storage, Vec<(TransactionHash, Package)>)> {
    let storage = Storage::open(path)?;
    commit(&storage, busy_diff(0))?;
    let mut packages = Vec::new();
    for salt in 1..3 {
        let mut block = rich_block(&storage, busy_diff(salt), salt)?;
        let package = block.packages[0].1.as_ref().clone();
        let thread = &mut block.transactions[1];
        let own = Event { from_address: address(0xacc), ..Event::default() };
        let inner = package.events().map(|(_, event)| emitted(event));
        thread.receipt.events = [own.clone()].into_iter().chain(inner).chain([own]).collect();
        let error = (salt == 2).then(|| SettleError::Proof { reason: "weak".to_owned() });
        thread.receipt.thread = Some(outcome(error));
        block.settled = match salt {
            1 => vec![(1, SettledInner::of(1, &package.segments))],
            _ => vec![],
        };
        packages.push((thread.hash, package));
        storage.commit(block)?;
    }
    let pooled = package([TransactionHash(Felt::ONE), TransactionHash(Felt::TWO)], 9);
    storage.pool_put(&PooledTransaction {
        hash: POOLED,
        arrival: 1,
        admitted_at: 1,
        transaction: thread(&pooled),
        class: None,
        package: Some(Arc::new(pooled.clone())),
    })?;
    packages.push((POOLED, pooled));
    Ok((storage, packages))
}

#[test]
fn packages_get_rows_of_their_own_and_events_an_index() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("chain");
    let (storage, packages) = with_packages(&path)?;
    let expected = rows(&storage)?;
    drop(storage);
    make_version_6(&path, &packages)?;
    assert!(matches!(Storage::open(&path), Err(StorageError::SchemaVersion { found: 6, expected: NOW, .. })));
    assert_eq!(migrate(&path)?, Migrated { from: 6, to: NOW });
    let storage = Storage::open(&path)?;
    assert!(rows(&storage)? == expected, "every row is as if this program had written it");
    assert!(storage.check().is_sound(), "{:?}", storage.check());
    drop(storage);
    let families = rocksdb::DB::list_cf(&rocksdb::Options::default(), &path)?;
    assert!(!families.iter().any(|name| ["packages", "pool_packages"].contains(&name.as_str())));
    Ok(())
}

/// Rows are rewritten block by block: a database in between is no program's.
#[test]
fn a_rewriting_that_was_interrupted_is_taken_again() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("chain");
    let (storage, mut packages) = with_packages(&path)?;
    let expected = rows(&storage)?;
    drop(storage);
    make_version_6(&path, &packages)?;
    migrate(&path)?;
    // As it is when the first block was done, and the others were not.
    packages.remove(0);
    let mut db = raw(&path)?;
    db.create_cf("packages", &rocksdb::Options::default())?;
    let family = db.cf_handle("packages").expect("just made");
    db.put_cf(family, packages[0].0.0.to_bytes_be(), [vec![1], packages[0].1.encode()].concat())?;
    drop(db);
    // 2^31 + 6 in CBOR: under way from version 6.
    set_schema_version(&path, Some(&[1, 0x1a, 0x80, 0, 0, 6]))?;
    let refused = Storage::open(&path).expect_err("half way");
    assert!(matches!(refused, StorageError::SchemaVersion { found: 6, .. }), "{refused}");
    assert!(refused.to_string().contains("db migrate"), "{refused}");
    assert_eq!(migrate(&path)?, Migrated { from: 6, to: NOW });
    assert!(rows(&Storage::open(&path)?)? == expected);
    Ok(())
}

#[test]
fn a_package_that_is_missing_is_not_taken_for_one_that_was_moved() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("chain");
    let (storage, packages) = with_packages(&path)?;
    drop(storage);
    make_version_6(&path, &packages[1..])?;
    for _again in 0..2 {
        let refused = migrate(&path).expect_err("a package is missing");
        assert!(
            matches!(&refused, StorageError::Inconsistent { reason } if reason.contains("block 1")),
            "{refused}"
        );
        assert!(matches!(Storage::open(&path), Err(StorageError::SchemaVersion { found: 6, .. })));
    }
    Ok(())
}

/// Of a program of version 6, which had other tables.
#[test]
fn a_creation_that_an_earlier_version_was_interrupted_in_is_completed() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    drop(Storage::open(directory.path())?);
    make_version_6(directory.path(), &[])?;
    set_schema_version(directory.path(), None)?;
    assert_eq!(migrate(directory.path())?, Migrated { from: NOW, to: NOW });
    for _now_and_then in 0..2 {
        let storage = Storage::open(directory.path())?;
        commit(&storage, busy_diff(storage.next_place()?.0.0))?;
    }
    Ok(())
}

/// It has no version yet and no rows: whoever opens it makes it one of this version.
#[test]
fn a_creation_that_was_interrupted_needs_nothing() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    drop(Storage::open(directory.path())?);
    set_schema_version(directory.path(), None)?;
    assert_eq!(migrate(directory.path())?, Migrated { from: NOW, to: NOW });
    commit(&Storage::open(directory.path())?, busy_diff(0))?;
    Ok(())
}
