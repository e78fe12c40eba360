//! Storage proofs: what can be asked for, and the answer.

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::hash::StateRoots;
use starknet_api::state::StorageKey;

use super::flat::FlatState;
use super::leaf::ContractLeaf;
use super::tries::{ClassNodes, ContractNodes, StorageNodes, Tries, class_path, contract_path, path};
use crate::StorageError;
use crate::db::tables::{Headers, Roots, Tips};
use crate::db::{Read, Snapshot};
use crate::trie::{self, ProofNodes, TrieHasher};

/// The leaves to prove. Absent ones are proven absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProofRequest {
    /// Classes.
    pub classes: Vec<ClassHash>,
    /// Contracts.
    pub contracts: Vec<ContractAddress>,
    /// Storage cells, by contract.
    pub storage: Vec<(ContractAddress, Vec<StorageKey>)>,
}

/// Proofs of a request's leaves, all of one moment. [`verify_proof`](trie::verify_proof) checks each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageProof {
    /// The block whose state is proven.
    pub block_number: BlockNumber,
    /// Its hash.
    pub block_hash: BlockHash,
    /// Roots of the contract and class tries.
    pub roots: StateRoots,
    /// Nodes of the class trie.
    pub classes: ProofNodes,
    /// Nodes of the contract trie.
    pub contracts: ProofNodes,
    /// What the leaves of the requested contracts are made of, in the request's order.
    pub contract_leaves: Vec<ContractLeaf>,
    /// Nodes of storage tries, in the order of the request's `storage`.
    pub storage: Vec<ProofNodes>,
}

/// Proves leaves of the state after block `at`, whose history is there.
pub(crate) fn prove(
    now: &Snapshot<'_>,
    at: BlockNumber,
    request: &ProofRequest,
) -> Result<StorageProof, StorageError> {
    let header = now.get::<Headers>(&at)?.ok_or(StorageError::NoSuchBlock { number: at })?;
    let roots = now.get::<Roots>(&at)?.ok_or_else(|| missing_roots(at))?;
    let tip = now.get::<Tips>(&())?.map(|tip| tip.number);
    let tries = if tip == Some(at) { Tries::latest(now) } else { Tries::after(now, at) };

    let mut classes = ProofNodes::new();
    for class in &request.classes {
        let root = roots.classes_trie_root_hash.0;
        trie::prove(&ClassNodes(tries), TrieHasher::Poseidon, root, &class_path(*class)?, &mut classes)?;
    }
    let mut contracts = ProofNodes::new();
    let mut contract_leaves = Vec::with_capacity(request.contracts.len());
    let state = FlatState { now, block: at };
    for address in &request.contracts {
        let root = roots.contracts_trie_root_hash.0;
        let leaf = contract_path(*address)?;
        trie::prove(&ContractNodes(tries), TrieHasher::Pedersen, root, &leaf, &mut contracts)?;
        contract_leaves.push(ContractLeaf {
            class_hash: state.class_hash(*address)?.unwrap_or_default().value,
            nonce: state.nonce(*address)?.unwrap_or_default().value,
            storage_root: tries.storage_root(*address)?,
        });
    }
    let mut storage = Vec::with_capacity(request.storage.len());
    for (address, keys) in &request.storage {
        let root = tries.storage_root(*address)?;
        let mut nodes = ProofNodes::new();
        for key in keys {
            let leaf = path(*key.0.key())?;
            trie::prove(&StorageNodes(tries, *address), TrieHasher::Pedersen, root, &leaf, &mut nodes)?;
        }
        storage.push(nodes);
    }
    let block_hash = BlockHeader::from(header).block_hash;
    Ok(StorageProof { block_number: at, block_hash, roots, classes, contracts, contract_leaves, storage })
}

pub(crate) fn missing_roots(block: BlockNumber) -> StorageError {
    StorageError::Inconsistent { reason: format!("the roots after block {block} are missing") }
}
