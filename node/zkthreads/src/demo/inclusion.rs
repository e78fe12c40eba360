//! Checking a storage proof as a light client would: from a block's state root down to one slot.

use anyhow::{Context, Result, ensure};
use starknet_rust::core::types::{MerkleNode, StorageProof};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Pedersen, Poseidon, StarkHash};
use zkthreads_storage::trie::{ProofNode, ProofNodes, TrieHasher, verify_proof};

const STATE_VERSION: &[u8] = b"STARKNET_STATE_V0";

/// The value that `proof` shows the slot to have in the state with this root, and how many trie nodes it took.
pub(crate) fn check(root: Felt, contract: Felt, key: Felt, proof: &StorageProof) -> Result<(Felt, usize)> {
    let roots = &proof.global_roots;
    let state =
        [Felt::from_bytes_be_slice(STATE_VERSION), roots.contracts_tree_root, roots.classes_tree_root];
    ensure!(Poseidon::hash_array(&state) == root, "the trie roots do not hash to the state root");

    let leaf =
        proof.contracts_proof.contract_leaves_data.first().context("the proof has no contract leaf")?;
    let storage_root = leaf.storage_root.context("the proof has no storage root")?;
    let leaf_hash = [storage_root, leaf.nonce, Felt::ZERO]
        .iter()
        .fold(leaf.class_hash, |hash, part| Pedersen::hash(&hash, part));
    let contracts = nodes(proof.contracts_proof.nodes.iter())?;
    let proven = verify_proof(roots.contracts_tree_root, contract, &contracts, TrieHasher::Pedersen)?;
    ensure!(proven == leaf_hash, "the contract's leaf is not in the contract trie");

    let storage = proof.contracts_storage_proofs.first().context("the proof has no storage nodes")?;
    let storage = nodes(storage.iter())?;
    let value = verify_proof(storage_root, key, &storage, TrieHasher::Pedersen)?;
    Ok((value, contracts.len() + storage.len()))
}

fn nodes<'a>(wire: impl Iterator<Item = (&'a Felt, &'a MerkleNode)>) -> Result<ProofNodes> {
    wire.map(|(hash, node)| {
        let node = match node {
            MerkleNode::BinaryNode(node) => ProofNode::Binary { left: node.left, right: node.right },
            MerkleNode::EdgeNode(node) => {
                ProofNode::Edge { child: node.child, path: node.path, length: node.length.try_into()? }
            }
        };
        Ok((*hash, node))
    })
    .collect()
}
