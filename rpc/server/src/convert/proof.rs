//! Storage proofs.

use starknet_rust_core::types::{
    BinaryNode, ContractLeafData, ContractsProof, EdgeNode, GlobalRoots, MerkleNode, StorageProof,
};
use zkthreads_storage::trie::{ProofNode, ProofNodes};

/// The spec's form of a proof.
pub(crate) fn storage_proof(proof: &zkthreads_storage::StorageProof) -> StorageProof {
    let leaves = proof.contract_leaves.iter().map(|leaf| ContractLeafData {
        nonce: leaf.nonce.0,
        class_hash: leaf.class_hash.0,
        storage_root: Some(leaf.storage_root),
    });
    StorageProof {
        classes_proof: nodes(&proof.classes).collect(),
        contracts_proof: ContractsProof {
            nodes: nodes(&proof.contracts).collect(),
            contract_leaves_data: leaves.collect(),
        },
        contracts_storage_proofs: proof.storage.iter().map(|proof| nodes(proof).collect()).collect(),
        global_roots: GlobalRoots {
            contracts_tree_root: proof.roots.contracts_trie_root_hash.0,
            classes_tree_root: proof.roots.classes_trie_root_hash.0,
            block_hash: proof.block_hash.0,
        },
    }
}

fn nodes(nodes: &ProofNodes) -> impl Iterator<Item = (starknet_types_core::felt::Felt, MerkleNode)> + '_ {
    nodes.iter().map(|(hash, node)| {
        let node = match *node {
            ProofNode::Binary { left, right } => MerkleNode::BinaryNode(BinaryNode { left, right }),
            ProofNode::Edge { child, path, length } => {
                MerkleNode::EdgeNode(EdgeNode { path, length: length.into(), child })
            }
        };
        (*hash, node)
    })
}
