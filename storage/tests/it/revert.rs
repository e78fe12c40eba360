//! Reverting leaves no trace.

use proptest::prelude::*;
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{StateCell, Transaction};
use zkthreads_storage::{Reverted, Storage, StorageError};

use crate::history::assert_view_is;
use crate::support::{Model, address, busy_diff, cell, chain, commit, diffs, rich_block, rows};

fn busy(blocks: u64) -> Vec<ThinStateDiff> {
    (0..blocks).map(busy_diff).collect()
}

fn hash(storage: &Storage, number: u64) -> anyhow::Result<BlockHash> {
    Ok(storage.header(BlockNumber(number))?.expect("a header").block_hash)
}

/// Reverts a chain of `diffs` to block `to`, and compares it with a chain that ends there; then lets it grow again.
fn check_revert(diffs: &[ThinStateDiff], to: usize) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(&directory.path().join("whole"), diffs, 1)?;
    let whole = rows(&storage)?;
    let last = diffs.len() - 1;
    let block =
        |number: usize| Ok::<_, anyhow::Error>((hash(&storage, number as u64)?, BlockNumber(number as u64)));
    let expected =
        if to < last { Some(Reverted { first: block(to + 1)?, last: block(last)? }) } else { None };
    assert_eq!(storage.revert_to(BlockNumber(to as u64))?, expected);

    let short = chain(&directory.path().join("short"), &diffs[..=to], 1)?;
    assert!(rows(&storage)? == rows(&short)?, "rows are left over, missing or wrong");
    assert!(storage.check().is_sound(), "{:?}", storage.check());
    // Other blocks take the place of those removed, then the same ones again.
    for diff in diffs.iter().rev() {
        storage.commit(rich_block(&storage, diff.clone(), 2)?)?;
    }
    storage.revert_to(BlockNumber(to as u64))?;
    for diff in &diffs[to + 1..] {
        storage.commit(rich_block(&storage, diff.clone(), 1)?)?;
    }
    assert!(rows(&storage)? == whole, "the chain did not grow as before");
    Ok(())
}

#[test]
fn a_busy_chain_to_each_of_its_blocks() -> anyhow::Result<()> {
    (0..12).try_for_each(|to| check_revert(&busy(12), to))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_chains(diffs in diffs(), to in any::<prop::sample::Index>()) {
        check_revert(&diffs, to.index(diffs.len())).expect("the database works");
    }
}

#[test]
fn everything_of_the_removed_blocks_is_gone() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path(), &busy(6), 1)?;
    let removed = storage.transactions(BlockNumber(4))?.expect("a block");
    let class = ClassHash(Felt::from(0xc4));
    assert!(storage.class(class)?.is_some(), "now cached");
    let (hash, l1_transaction) = (hash(&storage, 4)?, Felt::from(7).into());
    assert_eq!(storage.l1_messages(l1_transaction)?.len(), 12);
    storage.accept_on_l1(BlockNumber(5))?;

    storage.revert_to(BlockNumber(3))?;
    assert_eq!(storage.latest()?, Some(BlockNumber(3)));
    assert_eq!(storage.l1_accepted()?, Some(BlockNumber(3)));
    assert_eq!(storage.block_number(hash)?, None);
    assert_eq!(storage.transactions(BlockNumber(4))?, None);
    assert_eq!(storage.traces(BlockNumber(4))?, None);
    for transaction in removed {
        assert_eq!(storage.transaction(transaction.hash)?, None);
        if let Transaction::Thread { facts, .. } = &transaction.body {
            assert_eq!(storage.package_summary(facts.package_digest)?, None);
        }
    }
    assert!(storage.class(class)?.is_none());
    assert_eq!(storage.l1_messages(l1_transaction)?.len(), 8);
    Ok(())
}

#[test]
fn views_of_removed_blocks_say_so_and_others_stay_good() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(directory.path(), &busy(8), 1)?;
    let views: Vec<_> = (0..8).map(|n| storage.state_at(BlockNumber(n))).collect();
    let epoch = storage.epoch();
    storage.revert_to(BlockNumber(6))?;
    storage.revert_to(BlockNumber(4))?;
    assert_ne!(storage.epoch(), epoch);
    // The chain grows over the old numbers, with other states.
    for _ in 0..4 {
        commit(&storage, busy_diff(77))?;
    }
    let (mut model, mut all) = (Model::default(), Model::default());
    busy(8).iter().for_each(|diff| all.apply(diff));
    for (n, view) in (0..).zip(&views) {
        model.apply(&busy_diff(n));
        if n <= 4 {
            assert_view_is(view, &model, &all)?;
            continue;
        }
        let gone = |error| matches!(error, StorageError::Reverted { block } if block == BlockNumber(n));
        assert!(view.storage(address(0x1000), cell(0)).is_err_and(gone));
        assert!(view.storage_changed_at(address(0x1000), cell(0)).is_err_and(gone));
        assert!(view.nonce(address(0x1000)).is_err_and(gone));
        assert!(view.written_after(BlockNumber(0), address(0x1000), StateCell::Nonce).is_err_and(gone));
        assert!(view.class_hash(address(0x1000)).is_err_and(gone));
        assert!(view.class(ClassHash(Felt::ONE)).is_err_and(gone));
    }
    assert!(storage.state_at(BlockNumber(7)).nonce(address(0x1000)).is_ok());
    Ok(())
}

#[test]
fn where_there_is_no_way_back() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    let missing = |number| StorageError::NoSuchBlock { number: BlockNumber(number) }.to_string();
    let error = |number| storage.revert_to(BlockNumber(number)).map(drop).unwrap_err().to_string();
    assert_eq!(error(0), missing(0));
    for block in 0..6 {
        commit(&storage, busy_diff(block))?;
    }
    assert_eq!(error(6), missing(6));
    assert_eq!(error(u64::MAX), missing(u64::MAX));
    assert_eq!(storage.revert_to(BlockNumber(5))?, None);
    assert_eq!(storage.prune(3)?, BlockNumber(3));
    let before = rows(&storage)?;
    let refused = storage.revert_to(BlockNumber(2));
    assert!(matches!(refused, Err(StorageError::Pruned { oldest: BlockNumber(3) })));
    assert!(rows(&storage)? == before);
    assert!(storage.revert_to(BlockNumber(3))?.is_some());
    assert!(storage.check().is_sound());
    Ok(())
}
