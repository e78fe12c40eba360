//! Packages are written once, whoever names them, and go with the last who does.

use std::path::Path;
use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{Package, PackageDigest};
use zkthreads_storage::{
    BlockCommit, BlockTransaction, CommitError, Dropped, PooledTransaction, SettledInner, Storage,
    StorageError,
};

use crate::support::{commit, digest, next_block, package, raw, rows, thread, transaction};

fn hash(n: u64) -> TransactionHash {
    TransactionHash(Felt::from(n))
}

/// A package, different for each number.
fn some(n: u64) -> Package {
    package([hash(100 * n), hash(100 * n + 1)], n)
}

/// A transaction of the pool that names a package.
fn pooled(n: u64, package: &Package) -> PooledTransaction {
    PooledTransaction {
        hash: hash(n),
        arrival: n,
        admitted_at: 0,
        transaction: thread(package),
        class: None,
        package: Some(Arc::new(package.clone())),
    }
}

/// The next block, with transactions of these hashes that name these packages. Those that `come` come with it.
fn block(
    storage: &Storage,
    transactions: &[(u64, &Package)],
    come: &[&Package],
) -> anyhow::Result<BlockCommit> {
    let mut block = next_block(storage, Default::default())?;
    let transactions = transactions.iter();
    block.transactions = transactions
        .map(|(n, package)| BlockTransaction { hash: hash(*n), body: thread(package), ..transaction() })
        .collect();
    block.traces = vec![Default::default(); block.transactions.len()];
    block.header.n_transactions = block.transactions.len();
    block.packages = come.iter().map(|package| (digest(package), Arc::new((*package).clone()))).collect();
    Ok(block)
}

fn chain(path: &Path) -> anyhow::Result<Storage> {
    let storage = Storage::open(path)?;
    commit(&storage, Default::default())?;
    Ok(storage)
}

fn assert_kept(storage: &Storage, package: &Package, is_kept: bool) -> anyhow::Result<()> {
    let found = storage.package(digest(package))?;
    assert_eq!(found.as_ref(), is_kept.then_some(package));
    assert_eq!(storage.package_summary(digest(package))?.is_some(), is_kept);
    Ok(())
}

#[test]
fn a_package_goes_from_the_pool_into_a_block() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path())?;
    let before = rows(&storage)?;
    let one = some(1);
    storage.pool_put(&pooled(1, &one))?;
    // The pool has written it: it need not come with the block.
    storage.commit(block(&storage, &[(1, &one)], &[])?)?;
    storage.pool_remove(&[hash(1)])?;
    assert_kept(&storage, &one, true)?;
    storage.revert_to(BlockNumber(0))?;
    assert_kept(&storage, &one, false)?;
    assert!(rows(&storage)? == before, "nothing is left of it");
    Ok(())
}

#[test]
fn it_goes_with_the_last_that_names_it() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path())?;
    let before = rows(&storage)?;
    let (one, other) = (some(1), some(2));
    for n in 1..=3 {
        storage.pool_put(&pooled(n, &one))?;
    }
    storage.pool_put(&pooled(4, &other))?;
    storage.pool_drop(&Dropped { gone: vec![hash(1), hash(4), hash(77)], ..Dropped::default() })?;
    assert_kept(&storage, &one, true)?;
    assert_kept(&storage, &other, false)?;
    // Two in the pool, and two in a block, one of which is in the pool as well.
    storage.commit(block(&storage, &[(2, &one), (5, &one), (6, &other)], &[&other, &one])?)?;
    storage.pool_remove(&[hash(2), hash(3)])?;
    assert_kept(&storage, &one, true)?;
    // A transaction that came again, while the block is undone.
    storage.pool_put(&pooled(5, &one))?;
    storage.revert_to(BlockNumber(0))?;
    assert_kept(&storage, &one, true)?;
    assert_kept(&storage, &other, false)?;
    storage.pool_remove(&[hash(5)])?;
    assert_kept(&storage, &one, false)?;
    assert!(rows(&storage)? == before, "nothing is left of them");
    Ok(())
}

#[test]
fn a_block_without_its_packages_is_refused() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path())?;
    let before = rows(&storage)?;
    let (one, other) = (some(1), some(2));
    let refused = storage.commit(block(&storage, &[(1, &one)], &[&other])?);
    let Err(StorageError::Refused(CommitError::MissingPackage { digest: missing })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(missing, digest(&one));
    let mut block = block(&storage, &[(1, &one)], &[&one])?;
    block.transactions[0].body = transaction().body;
    block.settled = vec![(0, SettledInner::of(0, &one.segments))];
    let refused = storage.commit(block);
    assert!(matches!(refused, Err(StorageError::Refused(CommitError::SettledByNone { index: 0 }))));
    assert!(rows(&storage)? == before);
    Ok(())
}

#[test]
fn what_no_transaction_of_a_block_names_is_not_written() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path())?;
    let (one, other) = (some(1), some(2));
    storage.commit(block(&storage, &[(1, &one)], &[&other, &one])?)?;
    assert_kept(&storage, &one, true)?;
    assert_kept(&storage, &other, false)
}

/// As a dump that was made up may leave it.
#[test]
fn a_pending_transaction_whose_package_cannot_be_read_comes_without() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path())?;
    let (one, other, third) = (some(1), some(2), some(3));
    for (n, package) in [(1, &one), (2, &other), (3, &third)] {
        storage.pool_put(&pooled(n, package))?;
    }
    drop(storage);
    let db = raw(directory.path())?;
    let segments = db.cf_handle("package_segments").expect("a table");
    let key = |package: &Package| [digest(package).0.to_bytes_be().as_slice(), &[0; 4]].concat();
    db.put_cf(segments, key(&one), [1, 2, 3])?;
    db.delete_cf(segments, key(&other))?;
    drop(db);
    let pool = Storage::open(directory.path())?.pool()?;
    assert_eq!(pool.iter().map(|it| it.package.is_some()).collect::<Vec<_>>(), [false, false, true]);
    Ok(())
}

#[test]
fn segments_are_read_one_by_one() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path())?;
    let segments = (1..4).flat_map(|n| some(n).segments).collect();
    let whole = Package { segments };
    storage.commit(block(&storage, &[(1, &whole)], &[&whole])?)?;
    let digest: PackageDigest = digest(&whole);
    assert_eq!(storage.package(digest)?.as_ref(), Some(&whole));
    assert_eq!(storage.package_contents(digest, 2)?, Some(whole.contents(2)));
    for transaction in 0..6_u32 {
        let segment = whole.segments[transaction as usize / 2].contents();
        assert_eq!(storage.segment_of(digest, transaction)?, Some((segment, transaction as usize % 2)));
    }
    assert_eq!(storage.segment_of(digest, 6)?, None);
    Ok(())
}
