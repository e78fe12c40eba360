//! When cells were written, as their writers saw it. (Reverts, dumps and followers of random chains, with such times in them, are
//! compared row by row elsewhere: blocks of [`rich_block`](crate::support::rich_block) have them.)

use std::sync::Arc;

use starknet_api::block::{BlockHash, BlockNumber, BlockTimestamp};
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{LogicalTime, StateCell};
use zkthreads_storage::{BaseState, CellWrite, FollowedBlock, Storage, StorageError, ThreadTimes};

use crate::fork::EmptyBase;
use crate::support::{address, cell, commit, next_block, rows, storage_diff};

type Cell = (ContractAddress, StateCell);

fn time(number: u64, timestamp: u64) -> LogicalTime {
    LogicalTime { number: BlockNumber(number), timestamp: BlockTimestamp(timestamp) }
}

fn storage_cell(key: u64) -> StateCell {
    StateCell::Storage(cell(key))
}

/// A diff with two cells of each kind. `value` tells diffs apart.
fn diff(value: u64) -> ThinStateDiff {
    let value = Felt::from(value);
    let mut diff = storage_diff([(address(1), cell(1), value), (address(1), cell(2), value)]);
    diff.nonces = [(address(1), Nonce(value)), (address(2), Nonce(value))].into();
    diff.deployed_contracts = [(address(1), ClassHash(value)), (address(3), ClassHash(value))].into();
    diff
}

/// Of each kind, the first cell: what the tests' sub-blocks write.
const OF_SUB_BLOCKS: [fn() -> Cell; 3] = [
    || (address(1), storage_cell(1)),
    || (address(1), StateCell::Nonce),
    || (address(1), StateCell::ClassHash),
];

/// Of each kind, the second one: what the tests' blocks write themselves.
const OF_BLOCKS: [fn() -> Cell; 3] = [
    || (address(1), storage_cell(2)),
    || (address(2), StateCell::Nonce),
    || (address(3), StateCell::ClassHash),
];

/// Commits a block with [`diff`], the first cells of which sub-blocks wrote at `time`.
fn commit_at(storage: &Storage, value: u64, time: LogicalTime) -> anyhow::Result<()> {
    let mut block = next_block(storage, diff(value))?;
    block.thread_times = OF_SUB_BLOCKS.iter().map(|cell| (cell(), time)).collect();
    Ok(storage.commit(block)?)
}

/// Three blocks without anything; then, at block 3, a sub-block's writes and others.
fn chain(storage: Storage) -> anyhow::Result<Storage> {
    for _ in 0..3 {
        commit(&storage, ThinStateDiff::default())?;
    }
    commit_at(&storage, 7, time(1, 100))?;
    Ok(storage)
}

/// The last write to a cell, as seen after block `at`, if it is later than block `base`: its block, and a sub-block's time.
fn written(
    storage: &Storage,
    at: u64,
    base: u64,
    (contract, cell): Cell,
) -> anyhow::Result<Option<(u64, Option<LogicalTime>)>> {
    let write = storage.state_at(BlockNumber(at)).written_after(BlockNumber(base), contract, cell)?;
    Ok(write.map(|CellWrite { block, sub_block }| (block.0, sub_block)))
}

#[test]
fn every_kind_of_cell_tells_its_last_write() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut storage = chain(Storage::open(directory.path())?)?;
    commit(&storage, storage_diff([(address(9), cell(9), Felt::ONE)]))?;
    for _now_and_after_reopening in 0..2 {
        let cells = OF_SUB_BLOCKS.map(|cell| (cell(), Some(time(1, 100))));
        for (cell, sub_block) in cells.into_iter().chain(OF_BLOCKS.map(|cell| (cell(), None))) {
            for at in [3, 4] {
                for base in [0, 2] {
                    assert_eq!(written(&storage, at, base, cell)?, Some((3, sub_block)), "{cell:?}");
                }
                for base in [3, 4, u64::MAX] {
                    assert_eq!(written(&storage, at, base, cell)?, None, "{cell:?} is not later than {base}");
                }
            }
            assert_eq!(written(&storage, 2, 0, cell)?, None, "{cell:?} was not written by then");
        }
        for never in [(address(1), storage_cell(3)), (address(2), StateCell::ClassHash)] {
            assert_eq!(written(&storage, 4, 0, never)?, None);
        }
        drop(storage);
        storage = Storage::open(directory.path())?;
    }
    Ok(())
}

#[test]
fn a_write_is_after_what_cannot_have_seen_it() {
    let by_block = CellWrite { block: BlockNumber(3), sub_block: None };
    let by_sub_block = CellWrite { sub_block: Some(time(1, 100)), ..by_block };
    for (base, block, sub_block) in [
        (time(2, u64::MAX), true, false),
        (time(3, 0), false, false),
        (time(1, 100), true, false),
        (time(1, 99), true, true),
        (time(0, 500), true, true),
    ] {
        assert_eq!(by_block.is_after(base), block, "a block's own, {base:?}");
        assert_eq!(by_sub_block.is_after(base), sub_block, "a sub-block's, {base:?}");
    }
}

#[test]
fn the_last_write_counts() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(Storage::open(directory.path())?)?;
    commit(&storage, diff(8))?;
    commit_at(&storage, 9, time(3, 300))?;
    for cell in OF_SUB_BLOCKS.map(|cell| cell()) {
        assert_eq!(written(&storage, 3, 2, cell)?, Some((3, Some(time(1, 100)))));
        assert_eq!(written(&storage, 4, 2, cell)?, Some((4, None)), "the block itself wrote over it");
        assert_eq!(written(&storage, 5, 2, cell)?, Some((5, Some(time(3, 300)))));
    }
    Ok(())
}

#[test]
fn they_go_with_their_block() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(Storage::open(directory.path())?)?;
    let view = storage.state_at(BlockNumber(3));
    storage.revert_to(BlockNumber(2))?;
    // The same writes, by the block itself.
    commit(&storage, diff(7))?;
    let (contract, cell) = OF_SUB_BLOCKS[0]();
    let gone = view.written_after(BlockNumber(0), contract, cell);
    assert!(matches!(gone, Err(StorageError::Reverted { block: BlockNumber(3) })), "{gone:?}");
    for cell in OF_SUB_BLOCKS.map(|cell| cell()) {
        assert_eq!(written(&storage, 3, 2, cell)?, Some((3, None)));
    }
    assert!(times_of(&storage, 3)?.is_empty());
    Ok(())
}

fn times_of(storage: &Storage, block: u64) -> anyhow::Result<ThreadTimes> {
    Ok(storage.export_block(BlockNumber(block))?.expect("a block").thread_times)
}

#[test]
fn they_stay_whatever_is_pruned() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(Storage::open(directory.path())?)?;
    let before = times_of(&storage, 3)?;
    assert_eq!(before.len(), 3);
    for _ in 0..4 {
        commit(&storage, ThinStateDiff::default())?;
    }
    storage.prune(1)?;
    assert_eq!(times_of(&storage, 3)?, before);
    for cell in OF_SUB_BLOCKS.map(|cell| cell()) {
        assert_eq!(written(&storage, 7, 2, cell)?, Some((3, Some(time(1, 100)))));
    }
    let pruned = written(&storage, 6, 2, OF_SUB_BLOCKS[0]());
    assert!(pruned.is_err(), "its state is gone");
    assert!(storage.check().is_sound(), "{:?}", storage.check());
    Ok(())
}

#[test]
fn a_dump_holds_them() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = chain(Storage::open(&directory.path().join("source"))?)?;
    let dump = rows(&storage)?;
    let other = Storage::open(&directory.path().join("other"))?;
    other.import(dump.as_slice())?;
    assert_eq!(written(&other, 3, 2, OF_SUB_BLOCKS[1]())?, Some((3, Some(time(1, 100)))));
    assert!(rows(&other)? == dump);
    Ok(())
}

#[test]
fn a_follower_has_them_and_hands_them_on() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let node = chain(Storage::open(&directory.path().join("node"))?)?;
    let follower = Storage::open_following(&directory.path().join("follower"), None)?;
    for number in (0..4).map(BlockNumber) {
        let (_, bytes) = node.export_block_bytes(number)?.expect("a block");
        follower.follow(FollowedBlock::decode(&bytes)?)?;
        assert_eq!(follower.export_block_bytes(number)?.map(|(_, bytes)| bytes), Some(bytes));
    }
    for cell in OF_SUB_BLOCKS.iter().chain(&OF_BLOCKS).map(|cell| cell()) {
        assert_eq!(written(&follower, 3, 2, cell)?, written(&node, 3, 2, cell)?);
    }
    assert_eq!(times_of(&follower, 3)?.len(), 3);
    Ok(())
}

/// What was never written here is older than every block.
#[test]
fn what_was_forked_is_older() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let base: Arc<dyn BaseState> = EmptyBase::shared();
    let fork = (BlockNumber(7), BlockHash(Felt::from(7)));
    let storage = Storage::open_forked(directory.path(), base, fork)?;
    commit(&storage, ThinStateDiff::default())?;
    commit_at(&storage, 1, time(8, 100))?;
    for cell in
        [(address(5), storage_cell(1)), (address(5), StateCell::Nonce), (address(5), StateCell::ClassHash)]
    {
        assert_eq!(written(&storage, 9, 0, cell)?, None);
    }
    assert_eq!(written(&storage, 9, 8, OF_SUB_BLOCKS[0]())?, Some((9, Some(time(8, 100)))));
    Ok(())
}
