//! Roots equal those of StarkWare's Python (see `tests/oracle/generate.py`).

use std::collections::HashMap;

use serde::Deserialize;
use starknet_api::core::{ClassHash, CompiledClassHash, Nonce};
use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use zkthreads_storage::Storage;
use zkthreads_storage::trie::{Path, TrieHasher, update};

use crate::support::{address, cell, commit};
use crate::trie_properties::Nodes;

#[derive(Deserialize)]
struct Golden {
    tries: Vec<TrieCase>,
    state: Vec<StateStep>,
}

#[derive(Deserialize)]
struct TrieCase {
    hasher: String,
    keys: String,
    steps: Vec<TrieStep>,
}

#[derive(Deserialize)]
struct TrieStep {
    updates: Vec<(Felt, Felt)>,
    root: Felt,
}

#[derive(Deserialize)]
struct StateStep {
    deployed: Vec<(Felt, Felt)>,
    nonces: Vec<(Felt, Felt)>,
    storage: Vec<(Felt, Vec<(Felt, Felt)>)>,
    declared: Vec<(Felt, Felt)>,
    contracts_root: Felt,
    classes_root: Felt,
    global_root: Felt,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../oracle/golden.json")).expect("the golden file parses")
}

#[test]
fn trie_roots() {
    let hashers = HashMap::from([("pedersen", TrieHasher::Pedersen), ("poseidon", TrieHasher::Poseidon)]);
    for case in golden().tries {
        let (mut nodes, mut root) = (Nodes::default(), Felt::ZERO);
        for (round, step) in case.steps.iter().enumerate() {
            let leaves = step.updates.iter().map(|(key, value)| (Path::of_key(*key).expect("a key"), *value));
            let result =
                update(&nodes, hashers[case.hasher.as_str()], root, leaves).expect("no node is missing");
            nodes.apply(&result);
            root = result.root;
            assert_eq!(root, step.root, "{} trie of {} keys, round {round}", case.hasher, case.keys);
        }
    }
}

#[test]
fn state_roots() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = Storage::open(directory.path())?;
    for (block, step) in golden().state.into_iter().enumerate() {
        let diff = ThinStateDiff {
            deployed_contracts: step
                .deployed
                .iter()
                .map(|(a, class)| (address(*a), ClassHash(*class)))
                .collect(),
            nonces: step.nonces.iter().map(|(a, nonce)| (address(*a), Nonce(*nonce))).collect(),
            storage_diffs: step
                .storage
                .iter()
                .map(|(a, cells)| {
                    (address(*a), cells.iter().map(|(key, value)| (cell(*key), *value)).collect())
                })
                .collect(),
            class_hash_to_compiled_class_hash: step
                .declared
                .iter()
                .map(|(class, compiled)| (ClassHash(*class), CompiledClassHash(*compiled)))
                .collect(),
            deprecated_declared_classes: Vec::new(),
        };
        let prepared = storage.prepare_state(&diff)?;
        assert_eq!(
            prepared.roots().contracts_trie_root_hash.0,
            step.contracts_root,
            "contracts, block {block}"
        );
        assert_eq!(prepared.roots().classes_trie_root_hash.0, step.classes_root, "classes, block {block}");
        assert_eq!(prepared.global_root().0, step.global_root, "block {block}");
        commit(&storage, diff)?;
    }
    Ok(())
}
