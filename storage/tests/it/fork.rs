//! A chain that begins where another one was.

use std::collections::HashMap;
use std::sync::Arc;

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_storage::{
    BaseState, BaseStateError, ClassRecord, CommitError, ForkPoint, ProofRequest, Storage, StorageError,
};

use crate::support::{address, busy_diff, cell, class_record, commit, next_block, rows, storage_diff};

/// Another chain, of which nothing is known.
pub(crate) struct EmptyBase;

impl EmptyBase {
    pub(crate) fn shared() -> Arc<dyn BaseState> {
        Arc::new(Self)
    }
}

impl BaseState for EmptyBase {
    fn storage(&self, _: ContractAddress, _: StorageKey) -> Result<Felt, BaseStateError> {
        Ok(Felt::ZERO)
    }

    fn nonce(&self, _: ContractAddress) -> Result<Nonce, BaseStateError> {
        Ok(Nonce::default())
    }

    fn class_hash(&self, _: ContractAddress) -> Result<ClassHash, BaseStateError> {
        Ok(ClassHash::default())
    }

    fn class(&self, _: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        Ok(None)
    }
}

/// Another chain: one contract, one class; a second contract cannot be asked about.
struct Base {
    cells: HashMap<StorageKey, Felt>,
}

const FORK: u64 = 1_000;

fn theirs() -> ContractAddress {
    address(0xba5e)
}

fn out_of_reach() -> ContractAddress {
    address(0xfa2)
}

fn their_class() -> ClassHash {
    ClassHash(Felt::from(0xc1a55))
}

impl Base {
    fn reach(contract: ContractAddress) -> Result<(), BaseStateError> {
        if contract == out_of_reach() {
            return Err(BaseStateError::Unreachable { reason: "timeout".into() });
        }
        Ok(())
    }
}

impl BaseState for Base {
    fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError> {
        Self::reach(contract)?;
        let found = self.cells.get(&key).filter(|_| contract == theirs());
        Ok(found.copied().unwrap_or_default())
    }

    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
        Self::reach(contract)?;
        Ok(Nonce(if contract == theirs() { Felt::from(5) } else { Felt::ZERO }))
    }

    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
        Self::reach(contract)?;
        Ok(if contract == theirs() { their_class() } else { ClassHash::default() })
    }

    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        let record = class_record(CompiledClassHash(Felt::THREE), BlockNumber(17));
        Ok((hash == their_class()).then_some(record))
    }
}

fn fork_block() -> (BlockNumber, BlockHash) {
    (BlockNumber(FORK), BlockHash(Felt::from(0xf02c)))
}

fn open(path: &std::path::Path) -> Result<Storage, StorageError> {
    let cells = HashMap::from([(cell(1), Felt::from(11)), (cell(2), Felt::from(22))]);
    Storage::open_forked(path, Arc::new(Base { cells }), fork_block())
}

#[test]
fn reads_fall_through_to_the_base() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut storage = open(directory.path())?;
    assert_eq!(storage.latest()?, None);
    assert_eq!(storage.next_place()?, (BlockNumber(FORK + 1), fork_block().1));
    assert_eq!(storage.fork(), Some(ForkPoint { number: fork_block().0, hash: fork_block().1 }));
    let mut local = storage_diff([(theirs(), cell(1), Felt::from(111)), (theirs(), cell(2), Felt::ZERO)]);
    local.nonces.insert(theirs(), Nonce(Felt::from(6)));
    local.deployed_contracts.insert(theirs(), ClassHash(Felt::TWO));
    commit(&storage, storage_diff([(theirs(), cell(3), Felt::from(33))]))?;
    commit(&storage, local)?;
    commit(&storage, busy_diff(1))?;

    for _now_and_after_reopening in 0..2 {
        let state = |offset| storage.state_at(BlockNumber(FORK + offset));
        for view in [storage.state_before_genesis(), state(0), state(1)] {
            assert_eq!(view.storage(theirs(), cell(1))?, Felt::from(11));
            assert_eq!(view.storage(theirs(), cell(2))?, Felt::from(22));
            assert_eq!(view.storage_changed_at(theirs(), cell(1))?, None);
            assert_eq!(view.nonce(theirs())?, Nonce(Felt::from(5)));
            assert_eq!(view.class_hash(theirs())?, their_class());
        }
        assert_eq!(state(0).storage(theirs(), cell(3))?, Felt::ZERO);
        assert_eq!(state(1).storage(theirs(), cell(3))?, Felt::from(33));
        for view in [state(2), state(3)] {
            assert_eq!(view.storage(theirs(), cell(1))?, Felt::from(111));
            assert_eq!(view.storage(theirs(), cell(2))?, Felt::ZERO, "a zero written here is no gap");
            assert_eq!(view.storage_changed_at(theirs(), cell(1))?, Some(BlockNumber(FORK + 2)));
            assert_eq!(view.nonce(theirs())?, Nonce(Felt::from(6)));
            assert_eq!(view.class_hash(theirs())?, ClassHash(Felt::TWO));
        }
        for view in [storage.state_before_genesis(), state(0), state(3)] {
            let class = view.class(their_class())?.expect("their class");
            assert_eq!(class.declared_at, BlockNumber(17));
            assert!(view.class(ClassHash(Felt::from(0xdead)))?.is_none());
        }
        let ours = ClassHash(Felt::from(0xc1));
        assert!(state(3).class(ours)?.is_some() && state(2).class(ours)?.is_none());
        // Before the fork nothing is known.
        let earlier = storage.state_at(BlockNumber(FORK - 1)).nonce(theirs());
        assert!(matches!(earlier, Err(StorageError::Pruned { oldest: BlockNumber(FORK) })));
        let unreachable = state(3).storage(out_of_reach(), cell(1));
        assert!(matches!(unreachable, Err(StorageError::Base(BaseStateError::Unreachable { .. }))));
        assert!(storage.check().is_sound(), "{:?}", storage.check());
        drop(storage);
        storage = open(directory.path())?;
    }
    Ok(())
}

#[test]
fn the_first_block_follows_on_the_forked_one() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = open(directory.path())?;
    let mut block = next_block(&storage, busy_diff(0))?;
    block.header.block_header_without_hash.parent_hash = BlockHash::default();
    let refused = storage.commit(block);
    assert!(
        matches!(refused, Err(StorageError::Refused(CommitError::Parent { expected, .. })) if expected == fork_block().1)
    );
    let mut block = next_block(&storage, busy_diff(0))?;
    block.header.block_header_without_hash.block_number = BlockNumber(0);
    let refused = storage.commit(block);
    assert!(matches!(
        refused,
        Err(StorageError::Refused(CommitError::Number { expected: BlockNumber(n), .. })) if n == FORK + 1
    ));
    Ok(())
}

#[test]
fn a_fork_reverts_and_prunes_as_any_chain() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = open(directory.path())?;
    let mut after = Vec::new();
    for n in 0..6 {
        commit(&storage, busy_diff(n))?;
        after.push(rows(&storage)?);
    }
    let proof = storage.storage_proof(BlockNumber(FORK + 2), &ProofRequest::default())?;
    let header = storage.header(BlockNumber(FORK + 2))?.expect("a header").block_header_without_hash;
    assert_eq!(proof.roots.global_root(), header.state_root);
    let refused = storage.storage_proof(BlockNumber(FORK), &ProofRequest::default());
    assert!(matches!(refused, Err(StorageError::NoSuchBlock { number: BlockNumber(FORK) })));
    for n in (0..5).rev() {
        storage.revert_to(BlockNumber(FORK + 1 + n))?;
        assert!(rows(&storage)? == after[n as usize]);
    }
    let refused = storage.revert_to(BlockNumber(FORK));
    assert!(matches!(refused, Err(StorageError::NoSuchBlock { number: BlockNumber(FORK) })));
    for n in 1..6 {
        commit(&storage, busy_diff(n))?;
    }
    assert_eq!(storage.prune(2)?, BlockNumber(FORK + 5));
    let refused = storage.state_at(BlockNumber(FORK)).nonce(theirs());
    assert!(matches!(refused, Err(StorageError::Pruned { oldest: BlockNumber(n) }) if n == FORK + 5));
    assert_eq!(storage.state_at(BlockNumber(FORK + 5)).nonce(theirs())?, Nonce(Felt::from(5)));
    assert!(storage.check().is_sound());
    Ok(())
}

#[test]
fn a_database_keeps_its_fork() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let (forked, own) = (directory.path().join("forked"), directory.path().join("own"));
    let ours = ForkPoint { number: fork_block().0, hash: fork_block().1 };
    commit(&open(&forked)?, busy_diff(0))?;
    commit(&Storage::open(&own)?, busy_diff(0))?;
    for other in [(BlockNumber(FORK + 1), fork_block().1), (fork_block().0, BlockHash(Felt::ONE))] {
        let refused = Storage::open_forked(&forked, EmptyBase::shared(), other);
        assert!(matches!(refused, Err(StorageError::OtherFork { found: Some(found), .. }) if found == ours));
    }
    let refused = Storage::open_forked(&own, EmptyBase::shared(), fork_block());
    assert!(matches!(refused, Err(StorageError::OtherFork { found: None, asked }) if asked == Some(ours)));

    // Without the other chain, what is here can be read.
    let storage = Storage::open(&forked)?;
    assert_eq!(storage.latest()?, Some(BlockNumber(FORK + 1)));
    assert!(storage.check().is_sound());
    let view = storage.state_at(BlockNumber(FORK + 1));
    assert_eq!(view.nonce(address(0x1001))?, Nonce(Felt::ONE));
    let missing = view.storage(theirs(), cell(1));
    assert!(matches!(missing, Err(StorageError::BaseMissing { fork }) if fork == ours));
    Ok(())
}

/// The tries hold what was written locally. Of the rest they would say that it is absent.
#[test]
fn what_was_there_before_is_not_proven_absent() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = open(directory.path())?;
    let first = commit(&storage, storage_diff([(theirs(), cell(3), Felt::from(33))]))?;
    commit(&storage, storage_diff([(theirs(), cell(1), Felt::ONE), (address(0xabc), cell(1), Felt::ONE)]))?;
    let of_cell = |contract, key| ProofRequest {
        contracts: vec![contract],
        storage: vec![(contract, vec![key])],
        ..ProofRequest::default()
    };
    // Written locally, or absent everywhere.
    for key in [cell(3), cell(4)] {
        storage.storage_proof(first, &of_cell(theirs(), key))?;
    }
    storage.storage_proof(first.unchecked_next(), &of_cell(theirs(), cell(1)))?;
    storage.storage_proof(first, &of_cell(address(0xabd), cell(1)))?;
    let untouched = ProofRequest { contracts: vec![theirs()], ..ProofRequest::default() };
    let class = ProofRequest { classes: vec![their_class()], ..ProofRequest::default() };
    for (at, request) in [
        (first, of_cell(theirs(), cell(1))),
        (first.unchecked_next(), of_cell(theirs(), cell(2))),
        (first, untouched),
        (first, class),
    ] {
        let refused = storage.storage_proof(at, &request);
        assert!(matches!(refused, Err(StorageError::OfBase { .. })), "{request:?}: {refused:?}");
    }
    Ok(())
}
