//! Proofs of any block, against that block's header and a model of its state.

use proptest::prelude::*;
use starknet_api::block::BlockNumber;
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};
use zkthreads_storage::trie::{ProofNodes, TrieHasher, verify_proof};
use zkthreads_storage::{ContractLeaf, ProofRequest, Storage, StorageError};

use crate::support::{Model, address, block_hash, busy_diff, cell, commit, diffs};

/// A request of everything that `model` has set, and of something that nobody has.
pub(crate) fn request_all(model: &Model) -> ProofRequest {
    let contracts =
        model.class_hashes.keys().chain(model.nonces.keys()).chain(model.cells.keys().map(|k| &k.0));
    let mut contracts: Vec<_> = contracts.copied().chain([address(0xdead)]).collect();
    contracts.sort();
    contracts.dedup();
    let keys = |contract| {
        let keys = model.cells.keys().filter(move |(c, _)| *c == contract).map(|(_, key)| *key);
        keys.chain([cell(0xdead)]).collect()
    };
    ProofRequest {
        classes: model.compiled.keys().copied().chain([ClassHash(Felt::from(0xdead))]).collect(),
        storage: contracts.iter().map(|contract| (*contract, keys(*contract))).collect(),
        contracts,
    }
}

/// The proof of everything at a block says what `model` says, and holds up to the block's header.
pub(crate) fn assert_proves(
    storage: &Storage,
    at: BlockNumber,
    request: &ProofRequest,
    model: &Model,
) -> anyhow::Result<()> {
    let proof = storage.storage_proof(at, request)?;
    assert_eq!((proof.block_number, proof.block_hash), (at, block_hash(at)));
    let header = storage.header(at)?.expect("a header");
    assert_eq!(proof.roots.global_root(), header.block_header_without_hash.state_root);

    for class in &request.classes {
        let root = proof.roots.classes_trie_root_hash.0;
        let leaf = model.compiled.get(class).map_or(Felt::ZERO, |compiled| {
            Poseidon::hash(&Felt::from_bytes_be_slice(b"CONTRACT_CLASS_LEAF_V0"), &compiled.0)
        });
        assert_eq!(verify_proof(root, class.0, &proof.classes, TrieHasher::Poseidon)?, leaf);
    }
    assert_eq!(proof.contract_leaves.len(), request.contracts.len());
    for (contract, leaf) in request.contracts.iter().zip(&proof.contract_leaves) {
        let root = proof.roots.contracts_trie_root_hash.0;
        let key = *contract.0.key();
        assert_eq!(verify_proof(root, key, &proof.contracts, TrieHasher::Pedersen)?, leaf.hash());
        assert_eq!(leaf.class_hash, model.class_hashes.get(contract).copied().unwrap_or_default());
        assert_eq!(leaf.nonce, model.nonces.get(contract).copied().unwrap_or_default());
    }
    assert_eq!(
        proof.contract_leaves.last(),
        Some(&ContractLeaf::default()),
        "of the contract that is not there"
    );
    for (((contract, keys), leaf), nodes) in
        request.storage.iter().zip(&proof.contract_leaves).zip(&proof.storage)
    {
        for key in keys {
            let value = model.cells.get(&(*contract, *key)).copied().unwrap_or_default();
            assert_eq!(verify_proof(leaf.storage_root, *key.0.key(), nodes, TrieHasher::Pedersen)?, value);
        }
    }
    Ok(())
}

fn check_every_block(diffs: &[ThinStateDiff]) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut storage = Storage::open(directory.path())?;
    let mut all = Model::default();
    for diff in diffs {
        all.apply(diff);
        commit(&storage, diff.clone())?;
    }
    for _now_and_after_reopening in 0..2 {
        let mut model = Model::default();
        for (block, diff) in (0..).map(BlockNumber).zip(diffs) {
            model.apply(diff);
            assert_proves(&storage, block, &request_all(&all), &model)?;
        }
        drop(storage);
        storage = Storage::open(directory.path())?;
    }
    Ok(())
}

#[test]
fn every_block_of_a_busy_chain() -> anyhow::Result<()> {
    check_every_block(&(0..40).map(busy_diff).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_block_of_random_chains(diffs in diffs()) {
        check_every_block(&diffs).expect("the database works");
    }
}

#[test]
fn a_block_that_is_not_there() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    commit(&storage, busy_diff(0))?;
    for number in [1, u64::from(u32::MAX), u64::MAX].map(BlockNumber) {
        let refused = storage.storage_proof(number, &ProofRequest::default());
        assert!(matches!(refused, Err(StorageError::NoSuchBlock { number: n }) if n == number));
    }
    Ok(())
}

#[test]
fn an_empty_request_proves_nothing_but_the_roots() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    commit(&storage, Default::default())?;
    let request = ProofRequest {
        contracts: vec![address(1)],
        storage: vec![(address(1), vec![cell(1)])],
        ..Default::default()
    };
    let proof = storage.storage_proof(BlockNumber(0), &request)?;
    assert_eq!(proof.roots.global_root().0, Felt::ZERO);
    assert_eq!((proof.contracts, proof.storage), (ProofNodes::new(), vec![ProofNodes::new()]));
    Ok(())
}
