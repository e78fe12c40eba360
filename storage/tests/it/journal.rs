//! The journal of pending transactions, what L1 has to say, and the rows that come with blocks.

use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_storage::{Dropped, PooledTransaction, RejectedTransaction, Storage, StorageError};

use crate::support::{busy_diff, commit, package, rich_block, sierra_class, thread, trace, transaction};

/// A pending transaction, different for each number.
pub(crate) fn pooled(n: u64) -> PooledTransaction {
    let inner = [1, 2].map(|inner| TransactionHash(Felt::from(100 * n + inner)));
    let package = n.is_multiple_of(3).then(|| Arc::new(package(inner, n)));
    PooledTransaction {
        hash: TransactionHash(Felt::from(n)),
        arrival: n * 7 % 10,
        admitted_at: u64::MAX - n,
        transaction: package.as_ref().map_or_else(|| transaction().body, |package| thread(package)),
        class: n.is_multiple_of(2).then(sierra_class),
        package,
    }
}

#[test]
fn pending_transactions_survive_in_their_order() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut storage = Storage::open(directory.path())?;
    (0..10).try_for_each(|n| storage.pool_put(&pooled(n)))?;
    let mut expected: Vec<_> = (0..10).map(pooled).collect();
    expected.sort_by_key(|transaction| transaction.arrival);
    for _now_and_after_reopening in 0..2 {
        assert_eq!(storage.pool()?, expected);
        drop(storage);
        storage = Storage::open(directory.path())?;
    }
    // Written again, it is there once.
    storage.pool_put(&pooled(6))?;
    let hash = |n| pooled(n).hash;
    storage.pool_remove(&[0, 1, 2, 3, 4, 77].map(hash))?;
    expected.retain(|transaction| transaction.hash.0 > Felt::from(4));
    assert_eq!(storage.pool()?, expected);
    // Blocks do not touch it.
    commit(&storage, busy_diff(0))?;
    commit(&storage, busy_diff(1))?;
    storage.revert_to(BlockNumber(0))?;
    assert_eq!(storage.pool()?, expected);
    storage.pool_remove(&[5, 6, 7, 8, 9].map(hash))?;
    assert_eq!(storage.pool()?, []);
    Ok(())
}

#[test]
fn reasons_of_rejections_survive_in_their_order() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    storage.pool_put(&pooled(1))?;
    let rejected = |number| RejectedTransaction {
        number,
        hash: pooled(number % 3).hash,
        reason: format!("for reason {number}"),
    };
    let (gone, most) = (vec![pooled(1).hash], (0..300).map(rejected).collect());
    storage.pool_drop(&Dropped { gone, rejected: most, forgotten: vec![] })?;
    storage.pool_drop(&Dropped { forgotten: (0..290).collect(), ..Dropped::default() })?;
    drop(storage);
    let storage = Storage::open(directory.path())?;
    assert_eq!(storage.pool()?, []);
    assert_eq!(storage.pool_rejections()?, (290..300).map(rejected).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn traces_and_places() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut storage = Storage::open(directory.path())?;
    commit(&storage, busy_diff(0))?;
    let block = rich_block(&storage, busy_diff(1), 40)?;
    let (hashes, settled) =
        (block.transactions.iter().map(|t| t.hash).collect::<Vec<_>>(), block.settled[0].1.clone());
    storage.commit(block)?;
    for _now_and_after_reopening in 0..2 {
        assert_eq!(storage.traces(BlockNumber(0))?, Some(vec![]));
        assert_eq!(storage.traces(BlockNumber(1))?, Some((40..43).map(trace).collect()));
        assert_eq!(storage.traces(BlockNumber(2))?, None);
        assert_eq!(storage.trace(BlockNumber(1), 2)?, Some(trace(42)));
        for index in [3, u32::MAX as usize, usize::MAX] {
            assert_eq!(storage.trace(BlockNumber(1), index)?, None);
        }
        assert_eq!(storage.settled_inner(BlockNumber(1), 1)?, settled);
        for (index, hash) in (0..).zip(settled.hashes()) {
            assert_eq!(storage.inner_place(hash)?, Some((hashes[1], index)));
        }
        for none in [0, 2, usize::MAX] {
            assert!(storage.settled_inner(BlockNumber(1), none)?.is_empty());
        }
        assert_eq!(storage.inner_place(hashes[1])?, None);
        let l1_messages = |n: u64| storage.l1_messages(Felt::from(n).into());
        assert_eq!(l1_messages(7)?, [hashes[0], hashes[2]]);
        assert_eq!(l1_messages(1)?, [hashes[2]]);
        assert_eq!(l1_messages(6)?, []);
        drop(storage);
        storage = Storage::open(directory.path())?;
    }
    // The same L1 transaction's messages may come in several blocks.
    storage.commit(rich_block(&storage, busy_diff(2), 41)?)?;
    assert_eq!(storage.l1_messages(Felt::from(7).into())?.len(), 4);
    Ok(())
}

#[test]
fn acceptance_on_l1_only_grows() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    let refused = storage.accept_on_l1(BlockNumber(0));
    assert!(matches!(refused, Err(StorageError::NoSuchBlock { number: BlockNumber(0) })));
    for block in 0..4 {
        commit(&storage, busy_diff(block))?;
    }
    assert_eq!(storage.l1_accepted()?, None);
    for (number, accepted) in [(1, 1), (0, 1), (3, 3), (2, 3)] {
        storage.accept_on_l1(BlockNumber(number))?;
        assert_eq!(storage.l1_accepted()?, Some(BlockNumber(accepted)));
    }
    assert!(matches!(storage.accept_on_l1(BlockNumber(4)), Err(StorageError::NoSuchBlock { .. })));
    Ok(())
}
