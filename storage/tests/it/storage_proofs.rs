//! Proofs from the database, checked with nothing but their roots.

use starknet_api::block::BlockNumber;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};
use zkthreads_storage::trie::{ProofNodes, TrieHasher, verify_proof};
use zkthreads_storage::{ContractLeaf, ProofRequest, Storage};

use crate::support::{Model, address, block_hash, busy_diff, cell, commit};

#[test]
fn every_leaf_of_the_latest_state() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    let mut model = Model::default();
    for block in 0..20 {
        model.apply(&busy_diff(block));
        commit(&storage, busy_diff(block))?;
    }
    let absent = (address(0xdead), ClassHash(Felt::from(0xdead)), cell(0xdead));
    let mut request = ProofRequest {
        classes: model.compiled.keys().copied().chain([absent.1]).collect(),
        contracts: model.class_hashes.keys().copied().chain([absent.0]).collect(),
        ..Default::default()
    };
    for contract in request.contracts.clone() {
        let keys = model.cells.keys().filter(|(c, _)| *c == contract).map(|(_, key)| *key);
        request.storage.push((contract, keys.chain([absent.2]).collect()));
    }
    let proof = storage.storage_proof(BlockNumber(19), &request)?;
    assert_eq!((proof.block_number, proof.block_hash), (BlockNumber(19), block_hash(BlockNumber(19))));
    let header = storage.header(BlockNumber(19))?.expect("a header");
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
    assert_eq!(proof.contract_leaves.last(), Some(&ContractLeaf::default()));
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
