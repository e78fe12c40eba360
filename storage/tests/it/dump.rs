//! Dumps: what was written is read again, and nothing else is.

use std::io::Write;

use sha2::{Digest, Sha256};
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_types_core::felt::Felt;
use zkthreads_storage::{DumpError, Storage, StorageError};

use crate::fork::EmptyBase;
use crate::journal::pooled;
use crate::migrate::{make_version_6, with_packages};
use crate::support::{address, busy_diff, cell, chain, commit, rows};

fn busy_chain(path: &std::path::Path, blocks: u64, salt: u64) -> anyhow::Result<Storage> {
    let storage = chain(path, &(0..blocks).map(|n| busy_diff(n + salt)).collect::<Vec<_>>(), salt)?;
    storage.pool_put(&pooled(salt))?;
    storage.accept_on_l1(BlockNumber(blocks / 2))?;
    Ok(storage)
}

#[test]
fn a_dump_restores_everything() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let source = busy_chain(&directory.path().join("source"), 9, 1)?;
    source.prune(5)?;
    let dump = rows(&source)?;
    // Over nothing, over a longer chain and over a shorter one.
    for (name, blocks) in [("empty", 0), ("longer", 20), ("shorter", 2)] {
        let path = directory.path().join(name);
        let mut target = Storage::open(&path)?;
        if blocks > 0 {
            drop(target);
            target = busy_chain(&path, blocks, 2)?;
        }
        let epoch = target.epoch();
        let view = target.state_at(BlockNumber(0));
        target.class(starknet_api::core::ClassHash(Felt::from(0xc3)))?;
        target.import(dump.as_slice())?;
        assert_ne!(target.epoch(), epoch);
        let gone = view.storage(address(1), cell(1));
        assert!(matches!(gone, Err(StorageError::Reverted { block: BlockNumber(0) })));
        drop(view);
        assert_eq!(target.oldest_state(), BlockNumber(4));
        for _now_and_after_reopening in 0..2 {
            assert!(rows(&target)? == dump, "{name}");
            assert_eq!(target.latest()?, Some(BlockNumber(8)));
            assert_eq!(target.pool()?, [pooled(1)]);
            assert_eq!(target.l1_accepted()?, Some(BlockNumber(4)));
            assert!(target.check().is_sound(), "{:?}", target.check());
            drop(target);
            target = Storage::open(&path)?;
        }
        commit(&target, busy_diff(3))?;
        target.revert_to(BlockNumber(5))?;
        assert!(target.check().is_sound(), "{:?}", target.check());
    }
    Ok(())
}

#[test]
fn an_empty_database() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let empty = rows(&Storage::open(&directory.path().join("empty"))?)?;
    let storage = busy_chain(&directory.path().join("full"), 3, 1)?;
    storage.import(empty.as_slice())?;
    assert_eq!(storage.latest()?, None);
    assert!(rows(&storage)? == empty);
    commit(&storage, busy_diff(0))?;
    Ok(())
}

/// Why an import is refused, having checked that nothing changed.
fn refusal(storage: &Storage, dump: &[u8]) -> anyhow::Result<StorageError> {
    let before = rows(storage)?;
    let refused = storage.import(dump).err();
    assert!(rows(storage)? == before, "a refused import changes nothing");
    refused.ok_or_else(|| anyhow::anyhow!("not refused"))
}

#[test]
fn damaged_dumps_are_refused() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let dump = rows(&busy_chain(&directory.path().join("source"), 3, 1)?)?;
    let target = busy_chain(&directory.path().join("target"), 1, 2)?;
    for length in (0..dump.len()).step_by(97).chain(dump.len() - 40..dump.len()) {
        let error = refusal(&target, &dump[..length])?;
        let expected = matches!(error, StorageError::Dump(DumpError::CutOff | DumpError::NotADump));
        assert!(expected, "cut off after {length} bytes: {error}");
    }
    for at in (0..dump.len()).step_by(131).chain(0..24) {
        let mut damaged = dump.clone();
        damaged[at] ^= 0x11;
        let error = refusal(&target, &damaged)?;
        let expected = matches!(error, StorageError::Dump(_) | StorageError::DamagedRow { .. });
        assert!(expected, "byte {at}: {error}");
    }
    let longer = [dump.as_slice(), b"!"].concat();
    assert!(matches!(refusal(&target, &longer)?, StorageError::Dump(DumpError::GoesOn)));
    let mut other_version = dump.clone();
    other_version[11] = 99;
    assert!(matches!(
        refusal(&target, &other_version)?,
        StorageError::Dump(DumpError::SchemaVersion { found: 99, expected: 7 })
    ));
    assert!(matches!(refusal(&target, b"{\"json\": true}")?, StorageError::Dump(DumpError::NotADump)));
    target.import(dump.as_slice())?;
    Ok(())
}

/// Version 5 has a table more than version 4, version 6 classes that say more, and version 7 packages in other rows, of which there
/// are none here.
#[test]
fn a_dump_of_an_earlier_version_is_read() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let source = Storage::open(&directory.path().join("source"))?;
    (0..5).try_for_each(|block| commit(&source, busy_diff(block)).map(drop))?;
    let dump = rows(&source)?;
    let of_version = |version: u8| {
        let mut older = dump.clone();
        older[11] = version;
        let end = older.len() - 32;
        let digest = Sha256::digest(&older[..end]);
        older[end..].copy_from_slice(&digest);
        older
    };
    let target = busy_chain(&directory.path().join("target"), 2, 2)?;
    for unknown in [0, 3, 8] {
        let refused = refusal(&target, &of_version(unknown))?;
        let expected = matches!(
            refused,
            StorageError::Dump(DumpError::SchemaVersion { found, expected: 7 }) if found == u32::from(unknown)
        );
        assert!(expected, "{refused}");
    }
    for known in [4, 5, 6] {
        target.import(of_version(known).as_slice())?;
        assert!(rows(&target)? == dump, "it is one of version 7 now");
    }
    assert!(target.check().is_sound(), "{:?}", target.check());
    Ok(())
}

/// The tables of version 6, in the order of its dumps.
const TABLES_OF_6: [&str; 31] = [
    "tip",
    "fork",
    "oldest",
    "headers",
    "block_numbers",
    "transactions",
    "transaction_places",
    "traces",
    "inner_places",
    "l1_messages",
    "l1_accepted",
    "packages",
    "state_diffs",
    "classes",
    "contracts",
    "cells",
    "cell_history",
    "nonce_history",
    "class_hash_history",
    "thread_times",
    "roots",
    "contract_trie",
    "storage_tries",
    "class_trie",
    "contract_trie_history",
    "storage_tries_history",
    "class_trie_history",
    "undo",
    "pool",
    "pool_packages",
    "pool_rejections",
];

/// Packages were rows by transaction hash: what is read of them is what a database of that version becomes.
#[test]
fn a_dump_of_version_6_with_packages_is_read() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("source");
    let (source, packages) = with_packages(&path)?;
    let expected = rows(&source)?;
    drop(source);
    make_version_6(&path, &packages)?;
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, &path)?;
    assert_eq!(families.len(), 1 + TABLES_OF_6.len());
    let db = rocksdb::DB::open_cf(&options, &path, families)?;
    let mut records = Vec::new();
    for name in TABLES_OF_6 {
        records.push(table(name));
        let family = db.cf_handle(name).expect("a table of version 6");
        for pair in db.iterator_cf(family, rocksdb::IteratorMode::Start) {
            let (key, value) = pair?;
            records.push(row(&key, &value));
        }
    }
    let beside = directory.path().join("target");
    let target = busy_chain(&beside.join("chain"), 2, 2)?;
    target.import(made_up_of_version(6, &records, None)?.as_slice())?;
    assert!(rows(&target)? == expected);
    assert!(target.check().is_sound(), "{:?}", target.check());
    let left: Vec<_> = std::fs::read_dir(beside)?.map(|entry| entry.map(|it| it.file_name())).collect();
    assert_eq!(left.len(), 1, "of what it was carried over in, nothing is left: {left:?}");
    Ok(())
}

/// A program that was killed while it read a dump leaves what it was carried over in.
#[test]
fn what_an_interrupted_import_left_is_removed() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("chain");
    drop(busy_chain(&path, 2, 2)?);
    let left = directory.path().join("chain.import");
    std::fs::create_dir_all(left.join("chain"))?;
    drop(Storage::open(&path)?);
    assert!(!left.exists() && path.exists());
    Ok(())
}

/// A dump made of these records.
fn made_up(records: &[Vec<u8>], digest: Option<[u8; 32]>) -> anyhow::Result<Vec<u8>> {
    made_up_of_version(7, records, digest)
}

fn made_up_of_version(version: u8, records: &[Vec<u8>], digest: Option<[u8; 32]>) -> anyhow::Result<Vec<u8>> {
    let mut dump = [b"zkthdump\0\0\0".as_slice(), &[version]].concat();
    let mut frame = zstd::Encoder::new(&mut dump, 3)?;
    records.iter().try_for_each(|record| frame.write_all(record))?;
    frame.finish()?;
    let digest = digest.unwrap_or_else(|| Sha256::digest(&dump).into());
    dump.extend(digest);
    Ok(dump)
}

fn table(name: &str) -> Vec<u8> {
    [&[1, name.len() as u8], name.as_bytes()].concat()
}

fn row(key: &[u8], row: &[u8]) -> Vec<u8> {
    [&[2, key.len() as u8][..], &(row.len() as u32).to_be_bytes(), key, row].concat()
}

#[test]
fn made_up_dumps_are_refused_by_name() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let target = busy_chain(&directory.path().join("target"), 1, 2)?;
    let number = |n: u64| n.to_be_bytes();
    let hash_row = |n| row(&number(n), &[1; 1]);
    let refused = |records: &[Vec<u8>]| refusal(&target, &made_up(records, None)?);

    // Made by hand as the exporter makes it, it is taken.
    let cell_row = [[1].as_slice(), &[0; 8], &[0; 31], &[5]].concat();
    target.import(made_up(&[table("cells"), row(&[0; 64], &cell_row)], None)?.as_slice())?;

    let error = refused(&[table("nonsense")])?;
    assert!(matches!(error, StorageError::Dump(DumpError::Table { name }) if name == "nonsense"));
    let error = refused(&[table("default"), row(b"", &[1, 4])])?;
    assert!(matches!(error, StorageError::Dump(DumpError::Table { name }) if name == "default"));
    let error = refused(&[table("cells"), table("headers")])?;
    assert!(matches!(error, StorageError::Dump(DumpError::Table { name }) if name == "headers"));
    let error = refused(&[table("cells"), table("cells")])?;
    assert!(matches!(error, StorageError::Dump(DumpError::Table { name }) if name == "cells"));
    let error = refused(&[hash_row(1)])?;
    assert!(matches!(error, StorageError::Dump(DumpError::RowOrder { table: "" })));
    let error = refused(&[vec![3]])?;
    assert!(matches!(error, StorageError::Dump(DumpError::RecordKind { kind: 3 })));
    let twice = [table("cells"), row(&[0; 64], &cell_row), row(&[0; 64], &cell_row)];
    assert!(matches!(refused(&twice)?, StorageError::Dump(DumpError::RowOrder { table: "cells" })));
    for key in [&[0; 63][..], &[0; 65], &[0xff; 64]] {
        let error = refused(&[table("cells"), row(key, &cell_row)])?;
        assert!(matches!(error, StorageError::DamagedRow { table: "cells", .. }));
    }
    for bytes in [&cell_row[..40], &[], &[2; 41], &[1; 42]] {
        let error = refused(&[table("cells"), row(&[0; 64], bytes)])?;
        assert!(matches!(error, StorageError::DamagedRow { table: "cells", .. }));
    }
    // Lengths that promise more than there is: nothing is set aside for them.
    let promise = |bytes: u32| [table("package_segments"), [&[2, 32][..], &bytes.to_be_bytes()].concat()];
    let error = refused(&promise(u32::MAX))?;
    assert!(matches!(
        error,
        StorageError::Dump(DumpError::RowLength { table: "package_segments", bytes: u32::MAX })
    ));
    assert!(matches!(refused(&promise(64 << 20))?, StorageError::Dump(DumpError::CutOff)));
    let wrong = made_up(&[table("cells"), row(&[0; 64], &cell_row)], Some([7; 32]))?;
    assert!(matches!(refusal(&target, &wrong)?, StorageError::Dump(DumpError::Checksum)));
    // Some hundred kilobytes that would be a gigabyte and more.
    let zeros = vec![0; 60 << 20];
    let bomb: Vec<_> = std::iter::once(table("package_segments"))
        .chain(
            (0..18u8).map(|n| row(&[[0; 35].as_slice(), &[n]].concat(), &[&[1], zeros.as_slice()].concat())),
        )
        .collect();
    let bomb = made_up(&bomb, None)?;
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(refusal(&target, &bomb)?, StorageError::Dump(DumpError::TooLong { .. })));
    Ok(())
}

#[test]
fn a_dump_stays_with_its_fork() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let open = |name: &str, number| {
        let fork = (BlockNumber(number), BlockHash(Felt::from(number)));
        Storage::open_forked(&directory.path().join(name), EmptyBase::shared(), fork)
    };
    let (source, same, other) = (open("source", 7)?, open("same", 7)?, open("other", 8)?);
    commit(&source, busy_diff(0))?;
    let dump = rows(&source)?;
    same.import(dump.as_slice())?;
    assert_eq!(same.latest()?, Some(BlockNumber(8)));
    let unforked = busy_chain(&directory.path().join("unforked"), 2, 1)?;
    for target in [&other, &unforked] {
        let error = refusal(target, &dump)?;
        let expected = target.fork();
        assert!(matches!(error, StorageError::Dump(DumpError::OtherFork { expected: e }) if e == expected));
    }
    assert!(matches!(
        refusal(&same, &rows(&unforked)?)?,
        StorageError::Dump(DumpError::OtherFork { expected: Some(_) })
    ));
    Ok(())
}

#[test]
fn a_stream_that_fails() -> anyhow::Result<()> {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    assert!(matches!(storage.export(Full), Err(StorageError::Dump(DumpError::Write(_)))));
    Ok(())
}

#[test]
fn a_checkpoint_is_a_database_of_its_own() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = busy_chain(&directory.path().join("source"), 5, 1)?;
    let before = rows(&storage)?;
    let path = directory.path().join("made/on/the/way");
    storage.checkpoint(&path)?;
    commit(&storage, busy_diff(9))?;
    let copy = Storage::open(&path)?;
    assert!(rows(&copy)? == before);
    copy.revert_to(BlockNumber(2))?;
    assert_eq!(storage.latest()?, Some(BlockNumber(5)));
    assert!(storage.check().is_sound() && copy.check().is_sound());
    for occupied in [path.clone(), path.join("CURRENT")] {
        assert!(matches!(storage.checkpoint(&occupied), Err(StorageError::Occupied { .. })));
    }
    let beneath_a_file = storage.checkpoint(&path.join("CURRENT/copy"));
    assert!(matches!(beneath_a_file, Err(StorageError::Directory { .. })));
    Ok(())
}

#[test]
fn statistics_tell_every_table() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = busy_chain(directory.path(), 5, 1)?;
    let stats = storage.stats()?;
    let table = |name| stats.tables.iter().find(|table| table.name == name).expect("the table");
    assert_eq!(table("headers").rows, 5);
    assert_eq!(table("transactions").rows, 15);
    assert!(table("cells").memory_bytes > 0);
    assert_eq!(stats.background_errors, 0);
    assert!(!stats.write_stopped);
    drop(storage);
    let stats = Storage::open(directory.path())?.stats()?;
    let disk: u64 = stats.tables.iter().map(|table| table.disk_bytes).sum();
    assert!(disk > 0, "opening writes what was in the log into files");
    Ok(())
}
