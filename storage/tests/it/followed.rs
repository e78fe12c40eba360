//! A database that follows another one block by block has what that one has.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress, GlobalRoot, Nonce};
use starknet_api::state::{StorageKey, ThinStateDiff};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::Transaction;
use zkthreads_storage::{
    BaseState, BaseStateError, BlockCommit, ChainKind, ClassRecord, CommitError, FollowedBlock, ForkPoint,
    ProofRequest, StateView, Storage, StorageError,
};

use crate::support::{address, busy_diff, cell, commit, diffs, next_block, raw, rich_block, rows};

/// The node's next block, with something of every kind in it.
fn node_block(node: &Storage, diff: ThinStateDiff, salt: u64) -> anyhow::Result<BlockCommit> {
    let mut block = rich_block(node, diff, salt)?;
    // As many as there are, each of the L1 transaction that its transaction names.
    let messages = block.transactions.iter().filter(|it| matches!(it.body, Transaction::L1Handler(_)));
    block.l1_messages = messages.map(|it| (Felt::TWO.into(), it.hash)).collect();
    Ok(block)
}

/// A node's chain of these blocks.
pub(crate) fn node(path: &Path, diffs: &[ThinStateDiff], salt: u64) -> anyhow::Result<Storage> {
    let node = Storage::open(path)?;
    for diff in diffs {
        node.commit(node_block(&node, diff.clone(), salt)?)?;
    }
    Ok(node)
}

/// A node's state after a block, as the base of who follows it from there on.
struct NodeState(StateView);

impl BaseState for NodeState {
    fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError> {
        Ok(self.0.storage(contract, key).expect("readable"))
    }

    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
        Ok(self.0.nonce(contract).expect("readable"))
    }

    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
        Ok(self.0.class_hash(contract).expect("readable"))
    }

    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        Ok(self.0.class(hash).expect("readable").map(|class| class.as_ref().clone()))
    }
}

/// A database that follows `node` from block `first` on, as yet without blocks.
fn follower(path: &Path, node: &Storage, first: u64) -> anyhow::Result<Storage> {
    let fork = match first.checked_sub(1).map(BlockNumber) {
        None => None,
        Some(number) => {
            let hash = node.header(number)?.expect("the forked block").block_hash;
            let base: Arc<dyn BaseState> = Arc::new(NodeState(node.state_at(number)));
            Some((ForkPoint { number, hash }, base))
        }
    };
    Ok(Storage::open_following(path, fork)?)
}

/// A block on its way from node to node.
fn sent(node: &Storage, number: u64) -> anyhow::Result<FollowedBlock> {
    let (header, bytes) = node.export_block_bytes(BlockNumber(number))?.expect("the node has it");
    let read = FollowedBlock::decode(&bytes)?;
    assert_eq!(read.header, header);
    Ok(read)
}

fn follow_up_to(follower: &Storage, node: &Storage, last: u64) -> anyhow::Result<()> {
    for number in follower.next_place()?.0.0..=last {
        follower.follow(sent(node, number)?)?;
    }
    Ok(())
}

/// Everything that can be asked of both is answered alike, from block `first` on.
fn assert_same(node: &Storage, follower: &Storage, first: u64) -> anyhow::Result<()> {
    let latest = node.latest()?.expect("a block");
    assert_eq!(follower.latest()?, Some(latest));
    assert_eq!(follower.next_place()?, node.next_place()?);
    for number in (first..=latest.0).map(BlockNumber) {
        let header = node.header(number)?;
        assert_eq!(follower.header(number)?, header);
        let hash = header.expect("a header").block_hash;
        assert_eq!(follower.block_number(hash)?, Some(number));
        let transactions = node.transactions(number)?.expect("there");
        assert_eq!(follower.transactions(number)?.as_ref(), Some(&transactions));
        assert_eq!(follower.traces(number)?, node.traces(number)?);
        assert_eq!(follower.state_diff(number)?, node.state_diff(number)?);
        for transaction in transactions {
            let hash = transaction.hash;
            assert_eq!(follower.transaction(hash)?, node.transaction(hash)?);
            if let Transaction::Thread { facts, .. } = &transaction.body {
                let contents = |storage: &Storage| storage.package_contents(facts.package_digest, usize::MAX);
                assert!(contents(node)?.is_some());
                assert_eq!(contents(follower)?, contents(node)?);
                assert_eq!(follower.package(facts.package_digest)?, None, "proofs do not come with a block");
            }
        }
        let exported = node.export_block(number)?.expect("there");
        assert!(!exported.settled.is_empty() && !exported.l1_messages.is_empty());
        for (index, settled) in &exported.settled {
            assert_eq!(follower.settled_inner(number, *index as usize)?, *settled);
            for hash in settled.hashes() {
                assert_eq!(follower.inner_place(hash)?, node.inner_place(hash)?);
            }
        }
        assert_eq!(follower.export_block(number)?, Some(exported), "it can be followed, too");
        assert_eq!(follower.export_block_bytes(number)?, node.export_block_bytes(number)?);
        assert_same_state(node, follower, number)?;
    }
    let l1_messages = follower.l1_messages(Felt::TWO.into())?;
    let theirs = node.l1_messages(Felt::TWO.into())?;
    assert!(theirs.ends_with(&l1_messages));
    assert_eq!(l1_messages.len() as u64, 2 * (latest.0 + 1 - first));
    assert!(follower.check().is_sound(), "{:?}", follower.check());
    Ok(())
}

fn assert_same_state(node: &Storage, follower: &Storage, at: BlockNumber) -> anyhow::Result<()> {
    let (ours, theirs) = (follower.state_at(at), node.state_at(at));
    for number in 0..=node.latest()?.expect("a block").0 {
        let diff = node.state_diff(BlockNumber(number))?.expect("there");
        for (contract, cells) in &diff.storage_diffs {
            for key in cells.keys() {
                assert_eq!(ours.storage(*contract, *key)?, theirs.storage(*contract, *key)?);
            }
        }
        for contract in diff.nonces.keys().chain(diff.deployed_contracts.keys()) {
            assert_eq!(ours.nonce(*contract)?, theirs.nonce(*contract)?);
            assert_eq!(ours.class_hash(*contract)?, theirs.class_hash(*contract)?);
        }
        for class in diff.class_hash_to_compiled_class_hash.keys() {
            assert_eq!(ours.class(*class)?, theirs.class(*class)?, "class {class} after block {at}");
        }
    }
    Ok(())
}

fn busy(blocks: u64) -> Vec<ThinStateDiff> {
    (0..blocks).map(busy_diff).collect()
}

/// Follows a chain of `diffs` from block `first` on, reverts to `to`, and follows again.
fn check_following(diffs: &[ThinStateDiff], first: u64, to: u64) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = |name: &str| directory.path().join(name);
    let node = node(&path("node"), diffs, 1)?;
    let last = diffs.len() as u64 - 1;
    let mut whole = follower(&path("whole"), &node, first)?;
    follow_up_to(&whole, &node, last)?;
    for _now_and_after_reopening in 0..2 {
        assert_same(&node, &whole, first)?;
        drop(whole);
        whole = follower(&path("whole"), &node, first)?;
    }
    let all = rows(&whole)?;

    let short = follower(&path("short"), &node, first)?;
    follow_up_to(&short, &node, to)?;
    let reverted = whole.revert_to(BlockNumber(to))?;
    assert_eq!(reverted.map(|reverted| reverted.last.1), (to < last).then_some(BlockNumber(last)));
    assert!(rows(&whole)? == rows(&short)?, "rows are left over, missing or wrong");

    // The node goes another way, is followed there, and comes back.
    node.revert_to(BlockNumber(to))?;
    for diff in diffs.iter().rev() {
        node.commit(node_block(&node, diff.clone(), 2)?)?;
    }
    follow_up_to(&whole, &node, to + diffs.len() as u64)?;
    assert_same(&node, &whole, first)?;
    node.revert_to(BlockNumber(to))?;
    whole.revert_to(BlockNumber(to))?;
    for diff in &diffs[to as usize + 1..] {
        node.commit(node_block(&node, diff.clone(), 1)?)?;
    }
    follow_up_to(&whole, &node, last)?;
    assert!(rows(&whole)? == all);
    Ok(())
}

#[test]
fn a_busy_chain_from_its_beginning() -> anyhow::Result<()> {
    check_following(&busy(9), 0, 4)
}

#[test]
fn a_busy_chain_from_a_later_block() -> anyhow::Result<()> {
    check_following(&busy(12), 5, 5)?;
    check_following(&busy(12), 11, 11)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn random_chains(diffs in diffs(), first in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let first = first.index(diffs.len());
        let to = first + to.index(diffs.len() - first);
        check_following(&diffs, first as u64, to as u64).expect("the database works");
    }
}

/// What the node forgot is not needed to hand its blocks out; and a follower prunes as any chain.
#[test]
fn pruned_blocks_are_exported() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let node = node(&directory.path().join("node"), &busy(8), 1)?;
    let before = node.export_block(BlockNumber(2))?;
    node.prune(1)?;
    assert_eq!(node.export_block(BlockNumber(2))?, before);
    assert_eq!(node.export_block(BlockNumber(8))?, None);
    let follower = follower(&directory.path().join("follower"), &node, 0)?;
    follow_up_to(&follower, &node, 7)?;
    assert_eq!(follower.prune(3)?, BlockNumber(5));
    assert!(matches!(follower.revert_to(BlockNumber(4)), Err(StorageError::Pruned { .. })));
    follower.revert_to(BlockNumber(5))?;
    follow_up_to(&follower, &node, 7)?;
    assert!(follower.check().is_sound(), "{:?}", follower.check());
    let check = follower.check();
    assert_eq!((check.blocks, check.transactions, check.contracts), (8, 24, 7));
    let stats = follower.stats()?;
    let rows = |name| stats.tables.iter().find(|table| table.name == name).expect("the table").rows;
    assert_eq!((rows("headers"), rows("contract_trie")), (8, 0));
    Ok(())
}

#[test]
fn an_own_chain_grows_and_a_followed_one_follows() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let path = |name: &str| directory.path().join(name);
    let node = node(&path("node"), &busy(4), 1)?;
    let followed = follower(&path("followed"), &node, 2)?;
    follow_up_to(&followed, &node, 2)?;
    assert_eq!((node.kind(), followed.kind()), (ChainKind::Own, ChainKind::Followed));
    let needs_own = |error: StorageError| {
        assert!(matches!(
            error,
            StorageError::OtherKind { expected: ChainKind::Own, found: ChainKind::Followed }
        ));
    };
    needs_own(followed.prepare_state(&busy_diff(3)).expect_err("no tries"));
    needs_own(followed.storage_proof(BlockNumber(2), &ProofRequest::default()).expect_err("no tries"));
    needs_own(followed.commit(next_block(&node, busy_diff(4))?).expect_err("not its own"));
    let refused = node.follow(sent(&node, 3)?);
    assert!(matches!(refused, Err(StorageError::OtherKind { expected: ChainKind::Followed, .. })));

    // The other chain's tries and state stay what they are.
    let dump = rows(&followed)?;
    let twin = follower(&path("twin"), &node, 2)?;
    twin.import(dump.as_slice())?;
    assert!(rows(&twin)? == dump);
    let fork = followed.fork().expect("a fork");
    let own_fork = Storage::open_forked(
        &path("own fork"),
        Arc::new(NodeState(node.state_at(fork.number))),
        (fork.number, fork.hash),
    )?;
    assert!(own_fork.import(dump.as_slice()).is_err(), "the dump of a followed chain is no own fork's");
    commit(&own_fork, busy_diff(9))?;

    drop((followed, own_fork, twin));
    for (name, expected) in [("followed", ChainKind::Own), ("own fork", ChainKind::Followed)] {
        let base: Arc<dyn BaseState> = Arc::new(NodeState(node.state_at(fork.number)));
        let opened = match expected {
            ChainKind::Own => Storage::open_forked(&path(name), base, (fork.number, fork.hash)),
            ChainKind::Followed => Storage::open_following(&path(name), Some((fork, base))),
        };
        assert!(matches!(opened, Err(StorageError::OtherKind { expected: e, .. }) if e == expected));
    }
    let elsewhere = Storage::open_following(&path("followed"), None);
    assert!(matches!(elsewhere, Err(StorageError::OtherFork { asked: None, found: Some(_) })));
    // As every fork's it can be read without the other chain, and is still a followed one.
    let read = Storage::open(&path("followed"))?;
    assert_eq!((read.kind(), read.latest()?), (ChainKind::Followed, Some(BlockNumber(2))));
    needs_own(read.prepare_state(&busy_diff(3)).expect_err("no tries"));
    Ok(())
}

#[test]
fn blocks_that_do_not_fit_are_refused() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let node = node(&directory.path().join("node"), &busy(4), 1)?;
    let followed = follower(&directory.path().join("followed"), &node, 1)?;
    follow_up_to(&followed, &node, 2)?;
    let before = rows(&followed)?;
    let refused = |spoil: &dyn Fn(&mut FollowedBlock)| -> anyhow::Result<CommitError> {
        let mut block = sent(&node, 3)?;
        spoil(&mut block);
        match followed.follow(block) {
            Err(StorageError::Refused(error)) => Ok(error),
            other => anyhow::bail!("not refused: {other:?}"),
        }
    };
    let error = refused(&|block| *block = sent(&node, 2).expect("a block"))?;
    assert!(matches!(error, CommitError::Number { expected: BlockNumber(3), found: BlockNumber(2) }));
    let error = refused(&|block| block.header.block_header_without_hash.parent_hash.0 += Felt::ONE)?;
    assert!(matches!(error, CommitError::Parent { .. }));
    let error = refused(&|block| block.header.block_header_without_hash.state_root = GlobalRoot(Felt::ONE))?;
    assert!(matches!(error, CommitError::StateRoot { .. }));
    let error = refused(&|block| drop(block.transactions.pop()))?;
    assert!(matches!(error, CommitError::TransactionCount { expected: 2, found: 3 }));
    let error = refused(&|block| drop(block.traces.pop()))?;
    assert!(matches!(error, CommitError::TraceCount { transactions: 3, traces: 2 }));
    let error = refused(&|block| block.classes.clear())?;
    assert!(matches!(error, CommitError::MissingClass { .. }));
    let error = refused(&|block| block.classes[0].1.declared_at = BlockNumber(2))?;
    assert!(matches!(error, CommitError::DeclaredAt { .. }));
    let error = refused(&|block| block.thread_times[0].0.0 = address(0xdead))?;
    assert!(matches!(error, CommitError::ThreadTime { .. }));
    assert!(rows(&followed)? == before, "a refused block changes nothing");
    follow_up_to(&followed, &node, 3)?;
    Ok(())
}

/// A cell that is not what was last written is found, though there are no tries.
#[test]
fn a_wrong_cell_is_found() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let node = node(&directory.path().join("node"), &busy(3), 1)?;
    let path = directory.path().join("followed");
    follow_up_to(&follower(&path, &node, 1)?, &node, 2)?;
    let rocks = raw(&path)?;
    let cells = rocks.cf_handle("cells").expect("the table is there");
    let (key, row) = rocks.iterator_cf(cells, rocksdb::IteratorMode::Start).next().expect("one row")?;
    let mut row = row.to_vec();
    *row.last_mut().expect("bytes") ^= 1;
    rocks.put_cf(cells, key, row)?;
    drop(rocks);
    let check = follower(&path, &node, 1)?.check();
    assert_eq!(check.problems.len(), 1, "{check:?}");
    assert!(check.problems[0].to_string().contains("is not what was last written there"));
    Ok(())
}

/// A cell that was written below the fork only is the base's, before and after blocks come and go.
#[test]
fn what_lies_below_is_asked_of_the_base() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let node = node(&directory.path().join("node"), &busy(8), 1)?;
    let followed = follower(&directory.path().join("followed"), &node, 7)?;
    follow_up_to(&followed, &node, 7)?;
    let state = followed.state_at(BlockNumber(7));
    let written = |number| Ok::<_, StorageError>(node.state_diff(BlockNumber(number))?.expect("there"));
    let (contract, cells) = written(3)?.storage_diffs.into_iter().next().expect("a contract");
    let key = cells.keys().find(|key| {
        written(7)
            .is_ok_and(|diff| !diff.storage_diffs.get(&contract).is_some_and(|it| it.contains_key(*key)))
    });
    let key = *key.expect("one that block 7 leaves alone");
    assert_eq!(state.storage(contract, key)?, node.state_at(BlockNumber(7)).storage(contract, key)?);
    assert_eq!(state.storage_changed_at(contract, key)?, None);
    assert_eq!(state.storage(address(0xdead), cell(1))?, Felt::ZERO);
    Ok(())
}
