//! Blocks that do not fit are refused by name, and nothing of them is written.

use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::{ClassHash, CompiledClassHash};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{LogicalTime, StateCell};
use zkthreads_storage::{BlockCommit, CommitError, Storage, StorageError};

use crate::support::{
    address, block_hash, busy_diff, cell, class_record, commit, next_block, storage_diff, transaction,
};

/// Spoils the block after `blocks` good ones; gives why it was refused, having checked that nothing changed.
fn refusal(blocks: u64, spoil: impl FnOnce(&mut BlockCommit)) -> anyhow::Result<CommitError> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    for block in 0..blocks {
        commit(&storage, busy_diff(block))?;
    }
    let mut block = next_block(&storage, busy_diff(blocks))?;
    spoil(&mut block);
    let error = match storage.commit(block) {
        Err(StorageError::Refused(error)) => error,
        other => anyhow::bail!("not refused: {other:?}"),
    };
    let number = BlockNumber(blocks);
    assert_eq!(storage.latest()?, number.prev());
    assert!(storage.header(number)?.is_none());
    assert!(storage.state_diff(number)?.is_none());
    assert!(storage.class(ClassHash(Felt::from(0xc0 + blocks)))?.is_none());
    commit(&storage, busy_diff(blocks))?;
    Ok(error)
}

#[test]
fn a_number_that_is_not_next() -> anyhow::Result<()> {
    for (blocks, found) in [(0, 1), (2, 1), (2, 3), (2, u64::MAX)] {
        let error = refusal(blocks, |block| {
            block.header.block_header_without_hash.block_number = BlockNumber(found);
        })?;
        assert_eq!(error, CommitError::Number { expected: BlockNumber(blocks), found: BlockNumber(found) });
    }
    Ok(())
}

#[test]
fn a_parent_that_is_not_the_tip() -> anyhow::Result<()> {
    for blocks in [0, 2] {
        let found = block_hash(BlockNumber(77));
        let error = refusal(blocks, |block| block.header.block_header_without_hash.parent_hash = found)?;
        assert!(matches!(error, CommitError::Parent { found: hash, .. } if hash == found));
    }
    Ok(())
}

#[test]
fn a_root_that_is_not_the_state_s() -> anyhow::Result<()> {
    let error = refusal(1, |block| block.header.block_header_without_hash.state_root.0 += Felt::ONE)?;
    assert!(matches!(error, CommitError::StateRoot { .. }));
    Ok(())
}

#[test]
fn a_diff_that_is_not_the_prepared_one() -> anyhow::Result<()> {
    let error = refusal(1, |block| {
        block.state_diff.nonces.clear();
    })?;
    assert_eq!(error, CommitError::StateDiff);
    Ok(())
}

#[test]
fn a_miscounted_block() -> anyhow::Result<()> {
    let error = refusal(1, |block| block.header.n_transactions = 3)?;
    assert_eq!(error, CommitError::TransactionCount { expected: 0, found: 3 });
    Ok(())
}

#[test]
fn a_transaction_without_its_trace() -> anyhow::Result<()> {
    let error = refusal(1, |block| {
        block.transactions = vec![transaction()];
        block.header.n_transactions = 1;
    })?;
    assert_eq!(error, CommitError::TraceCount { transactions: 1, traces: 0 });
    Ok(())
}

#[test]
fn a_time_of_what_no_sub_block_can_have_written() -> anyhow::Result<()> {
    let of = |number| LogicalTime { number: BlockNumber(number), timestamp: BlockTimestamp(1) };
    let (storage, other) = (StateCell::Storage(cell(0)), StateCell::Storage(cell(0x77)));
    // Block 2 sets cell 0 of 0x1002, the nonce of 0x1003 and the class of 0x1002.
    for (contract, cell, number) in [
        (0x1002u64, other, 1),
        (0xdead, storage, 1),
        (0x1002, StateCell::Nonce, 1),
        (0x1003, StateCell::ClassHash, 1),
        (0x1002, storage, 2),
        (0x1002, storage, u64::MAX),
    ] {
        let (contract, time) = (address(contract), of(number));
        let error = refusal(2, |block| block.thread_times.push(((contract, cell), time)))?;
        assert_eq!(error, CommitError::ThreadTime { contract, cell, time });
    }
    Ok(())
}

#[test]
fn a_class_without_code() -> anyhow::Result<()> {
    let error = refusal(1, |block| block.classes.clear())?;
    assert_eq!(error, CommitError::MissingClass { class_hash: ClassHash(Felt::from(0xc1)) });
    Ok(())
}

#[test]
fn a_class_of_another_block() -> anyhow::Result<()> {
    let error = refusal(1, |block| block.classes[0].1.declared_at = BlockNumber(0))?;
    let class_hash = ClassHash(Felt::from(0xc1));
    assert_eq!(error, CommitError::DeclaredAt { class_hash, declared_at: BlockNumber(0) });
    Ok(())
}

#[test]
fn a_state_prepared_on_another_tip() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    commit(&storage, busy_diff(0))?;
    let stale = storage.prepare_state(&busy_diff(2))?;
    commit(&storage, busy_diff(1))?;
    let mut block = next_block(&storage, busy_diff(2))?;
    block.header.block_header_without_hash.state_root = stale.global_root();
    block.state = stale;
    let refused = storage.commit(block);
    let (prepared_on, tip) = (Some(BlockNumber(0)), Some(BlockNumber(1)));
    assert!(matches!(
        refused,
        Err(StorageError::Refused(error)) if error == CommitError::StalePreparation { prepared_on, tip }
    ));
    assert_eq!(storage.latest()?, tip);
    Ok(())
}

#[test]
fn a_class_hash_beyond_the_trie() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    let mut diff = busy_diff(0);
    diff.class_hash_to_compiled_class_hash.insert(ClassHash(Felt::MAX), CompiledClassHash(Felt::ONE));
    let refused = storage.prepare_state(&diff);
    assert!(matches!(refused, Err(StorageError::KeyOutOfRange { key }) if key == Felt::MAX));
    Ok(())
}

/// The first declaration stays, so that views of blocks before the second still find the class.
#[test]
fn a_class_declared_again_keeps_its_block() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    commit(&storage, busy_diff(0))?;
    let mut block = next_block(&storage, storage_diff([(address(1), cell(2), Felt::THREE)]))?;
    let class = ClassHash(Felt::from(0xc0));
    block.classes.push((class, class_record(CompiledClassHash(Felt::ONE), BlockNumber(1))));
    storage.commit(block)?;
    let declared_at = storage.state_at(BlockNumber(0)).class(class)?.map(|class| class.declared_at);
    assert_eq!(declared_at, Some(BlockNumber(0)));
    Ok(())
}
