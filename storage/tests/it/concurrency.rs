//! Reads beside commits see whole blocks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use starknet_api::block::BlockNumber;
use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use zkthreads_storage::trie::{TrieHasher, verify_proof};
use zkthreads_storage::{ProofRequest, StateView, Storage, StorageError};

use crate::support::{address, cell, commit, storage_diff};

/// As many at least.
const BLOCKS: u64 = 60;
const CELLS: u64 = 40;

/// How often readers have read. They read for as long as something is written, and that is until each has done so.
#[derive(Default)]
struct Rounds([AtomicU64; 2]);

impl Rounds {
    fn are_enough(&self) -> bool {
        self.0.iter().all(|rounds| rounds.load(Ordering::Relaxed) > 3)
    }
}

/// Block n sets every cell to n + 1.
fn diff(block: u64) -> ThinStateDiff {
    storage_diff((0..CELLS).map(|k| (address(1 + k % 4), cell(k), Felt::from(block + 1))))
}

#[test]
fn readers_never_see_a_part_of_a_block() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    commit(&storage, diff(0))?;
    let (done, read) = (AtomicBool::new(false), Rounds::default());
    thread::scope(|scope| {
        let views = scope.spawn(|| -> anyhow::Result<()> {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) {
                let BlockNumber(tip) = storage.latest()?.expect("a block");
                let number = BlockNumber(tip - rounds % (tip + 1).min(3));
                let view = storage.state_at(number);
                for k in 0..CELLS {
                    let value = view.storage(address(1 + k % 4), cell(k))?;
                    assert_eq!(value, Felt::from(number.0 + 1), "cell {k} in the view of block {number}");
                }
                assert!(storage.header(number)?.is_some() && storage.state_diff(number)?.is_some());
                rounds += 1;
                read.0[0].store(rounds, Ordering::Relaxed);
            }
            Ok(())
        });
        let proofs = scope.spawn(|| -> anyhow::Result<()> {
            let mut rounds = 0;
            let contracts: Vec<_> = (1..5u64).map(address).collect();
            let keys = |contract: u64| (0..CELLS).filter(|k| 1 + k % 4 == contract).map(cell).collect();
            let storage_keys = (1..5u64).map(|c| (address(c), keys(c))).collect();
            let request = ProofRequest { classes: vec![], contracts, storage: storage_keys };
            while !done.load(Ordering::Relaxed) {
                let BlockNumber(tip) = storage.latest()?.expect("a block");
                let at = BlockNumber(tip - rounds % (tip + 1).min(3));
                let proof = storage.storage_proof(at, &request)?;
                assert_eq!(proof.block_number, at);
                for (((contract, keys), leaf), nodes) in
                    request.storage.iter().zip(&proof.contract_leaves).zip(&proof.storage)
                {
                    let root = proof.roots.contracts_trie_root_hash.0;
                    let leaf_hash =
                        verify_proof(root, *contract.0.key(), &proof.contracts, TrieHasher::Pedersen)?;
                    assert_eq!(leaf_hash, leaf.hash());
                    let value =
                        verify_proof(leaf.storage_root, *keys[0].0.key(), nodes, TrieHasher::Pedersen)?;
                    assert_eq!(value, Felt::from(proof.block_number.0 + 1));
                }
                rounds += 1;
                read.0[1].store(rounds, Ordering::Relaxed);
            }
            Ok(())
        });
        let is_reading = || !views.is_finished() && !proofs.is_finished();
        let committed = (1..)
            .take_while(|block| *block < BLOCKS || !read.are_enough() && is_reading())
            .try_for_each(|block| commit(&storage, diff(block)).map(drop));
        done.store(true, Ordering::Relaxed);
        views.join().expect("no panic")?;
        proofs.join().expect("no panic")?;
        committed
    })
}

#[test]
fn of_two_commits_of_one_block_one_wins() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    let block = || crate::support::next_block(&storage, diff(0));
    let blocks = [block()?, block()?];
    let won = thread::scope(|scope| {
        let commits = blocks.map(|block| scope.spawn(|| storage.commit(block)));
        commits.map(|commit| commit.join().expect("no panic").is_ok())
    });
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    assert_eq!(storage.latest()?, Some(BlockNumber(0)));
    Ok(())
}

/// More than there are blocks.
const MANY: u64 = 1_000_000;

/// One number for all cells of a block: its own, and which of the blocks of that number it was.
fn diff_of(attempt: u64, block: u64) -> ThinStateDiff {
    storage_diff((0..CELLS).map(|k| (address(1 + k % 4), cell(k), Felt::from(attempt * MANY + block))))
}

/// What all cells of a view are; `None` if the view says that its state is gone.
fn read_all(view: &StateView) -> anyhow::Result<Option<Felt>> {
    let mut common = None;
    for k in 0..CELLS {
        match view.storage(address(1 + k % 4), cell(k)) {
            Ok(value) => assert_eq!(*common.get_or_insert(value), value, "a mixture of states"),
            Err(
                StorageError::Pruned { .. }
                | StorageError::Reverted { .. }
                | StorageError::NoSuchBlock { .. },
            ) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(common)
}

#[test]
fn reverts_and_pruning_never_mix_states() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    (0..3).try_for_each(|block| commit(&storage, diff_of(0, block)).map(drop))?;
    let done = AtomicBool::new(false);
    let request = ProofRequest {
        contracts: (1..5u64).map(address).collect(),
        storage: (1..5u64).map(|c| (address(c), vec![cell(c - 1)])).collect(),
        ..Default::default()
    };
    let rounds = Rounds::default();
    let read = |whole: &AtomicU64| -> anyhow::Result<()> {
        while !done.load(Ordering::Relaxed) {
            let tip = storage.latest()?.expect("a block").0;
            for number in (tip.saturating_sub(6)..=tip).map(BlockNumber) {
                let view = storage.state_at(number);
                // Twice: what lives through changes must stay the same.
                if let (Some(first), Some(second)) = (read_all(&view)?, read_all(&view)?) {
                    assert_eq!(first, second);
                    assert_eq!(first.to_biguint() % MANY, number.0.into());
                    whole.fetch_add(1, Ordering::Relaxed);
                }
                match storage.storage_proof(number, &request) {
                    Ok(proof) => {
                        let values = request.storage.iter().zip(&proof.contract_leaves).zip(&proof.storage);
                        let values = values.map(|(((_, keys), leaf), nodes)| {
                            verify_proof(leaf.storage_root, *keys[0].0.key(), nodes, TrieHasher::Pedersen)
                        });
                        let values = values.collect::<Result<Vec<_>, _>>()?;
                        assert!(values.iter().all(|value| *value == values[0]), "a mixture of states");
                        assert_eq!(values[0].to_biguint() % MANY, number.0.into());
                    }
                    Err(StorageError::Pruned { .. } | StorageError::NoSuchBlock { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let readers = rounds.0.each_ref().map(|whole| {
            let read = &read;
            scope.spawn(move || read(whole))
        });
        let is_reading = || readers.iter().all(|reader| !reader.is_finished());
        let change = |attempt: u64| -> anyhow::Result<()> {
            let tip = storage.latest()?.expect("a block").0;
            (1..4).try_for_each(|n| commit(&storage, diff_of(attempt, tip + n)).map(drop))?;
            storage.prune(4)?;
            storage.revert_to(BlockNumber(tip + 1))?;
            Ok(())
        };
        let changed = (1..)
            .take_while(|attempt| *attempt < 40 || !rounds.are_enough() && is_reading())
            .try_for_each(change);
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().expect("no panic")?;
        }
        changed?;
        assert!(storage.check().is_sound());
        Ok(())
    })
}
