//! Leaves of the contract trie.

use starknet_api::core::{ClassHash, Nonce};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Pedersen, StarkHash};

use crate::db::rows::Contract;

/// Version of a contract's leaf.
const CONTRACT_LEAF_VERSION: Felt = Felt::ZERO;

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

impl ContractLeaf {
    /// The leaf's value in the contract trie; zero, that is no leaf, if nothing is set. Storage alone makes a
    /// leaf (the system contracts have no class).
    #[must_use]
    pub fn hash(&self) -> Felt {
        let (class, nonce) = (self.class_hash.0, self.nonce.0);
        if [class, self.storage_root, nonce] == [Felt::ZERO; 3] {
            return Felt::ZERO;
        }
        let leaf = Pedersen::hash(&class, &self.storage_root);
        Pedersen::hash(&Pedersen::hash(&leaf, &nonce), &CONTRACT_LEAF_VERSION)
    }
}

impl From<Contract> for ContractLeaf {
    fn from(row: Contract) -> Self {
        Self { class_hash: row.class_hash.value, nonce: row.nonce.value, storage_root: row.storage_root }
    }
}
