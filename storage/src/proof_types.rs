//! Storage proofs: what can be asked for, and the answer.

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::hash::StateRoots;
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::trie::ProofNodes;

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

/// Proofs of a request's leaves, all at one block.
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
    /// What the requested contracts' leaves are made of, in the request's order.
    pub contract_leaves: Vec<ContractLeaf>,
    /// Nodes of storage tries, in the request's order of contracts.
    pub storage: Vec<ProofNodes>,
}

/// What a contract's leaf in the contract trie is made of. All zero for an absent contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContractLeaf {
    /// The contract's class.
    pub class_hash: ClassHash,
    /// Its nonce.
    pub nonce: Nonce,
    /// Root of its storage trie.
    pub storage_root: Felt,
}
