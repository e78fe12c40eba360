//! The three tries as they lie in the database, and what their leaves are.

use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Pedersen, Poseidon, StarkHash};

use crate::db::table::Table;
use crate::db::tables::{ClassTrie, ContractTrie, StorageTries};
use crate::db::{Read, Snapshot};
use crate::trie::{Node, NodeSource, Path};
use crate::{ContractLeaf, StorageError};

/// The short string `CONTRACT_CLASS_LEAF_V0`.
const CLASS_LEAF_VERSION: Felt = Felt::from_hex_unchecked("0x434f4e54524143545f434c4153535f4c4541465f5630");
/// Version of a contract's leaf.
const CONTRACT_LEAF_VERSION: Felt = Felt::ZERO;

/// A contract's leaf. Zero, that is no leaf, for a contract of which nothing is set; storage alone makes a leaf (the
/// system contracts have no class).
pub(crate) fn contract_leaf(contract: &ContractLeaf) -> Felt {
    let (class, nonce) = (contract.class_hash.0, contract.nonce.0);
    if [class, contract.storage_root, nonce] == [Felt::ZERO; 3] {
        return Felt::ZERO;
    }
    let leaf = Pedersen::hash(&class, &contract.storage_root);
    Pedersen::hash(&Pedersen::hash(&leaf, &nonce), &CONTRACT_LEAF_VERSION)
}

/// A class's leaf.
pub(crate) fn class_leaf(compiled: CompiledClassHash) -> Felt {
    Poseidon::hash(&CLASS_LEAF_VERSION, &compiled.0)
}

/// Where a contract's leaf is.
pub(crate) fn contract_path(contract: ContractAddress) -> Result<Path, StorageError> {
    path(*contract.0.key())
}

/// Where a class's leaf is.
pub(crate) fn class_path(class: ClassHash) -> Result<Path, StorageError> {
    path(class.0)
}

/// Where a key's leaf is.
pub(crate) fn path(key: Felt) -> Result<Path, StorageError> {
    Path::of_key(key).ok_or(StorageError::KeyOutOfRange { key })
}

/// The contract trie at a moment.
pub(crate) struct ContractNodes<'a>(pub(crate) &'a Snapshot<'a>);

/// The class trie at a moment.
pub(crate) struct ClassNodes<'a>(pub(crate) &'a Snapshot<'a>);

/// A contract's storage trie at a moment.
pub(crate) struct StorageNodes<'a>(pub(crate) &'a Snapshot<'a>, pub(crate) ContractAddress);

impl NodeSource for ContractNodes<'_> {
    type Error = StorageError;

    fn node(&self, at: &Path) -> Result<Node, StorageError> {
        node::<ContractTrie>(self.0, *at, at)
    }
}

impl NodeSource for ClassNodes<'_> {
    type Error = StorageError;

    fn node(&self, at: &Path) -> Result<Node, StorageError> {
        node::<ClassTrie>(self.0, *at, at)
    }
}

impl NodeSource for StorageNodes<'_> {
    type Error = StorageError;

    fn node(&self, at: &Path) -> Result<Node, StorageError> {
        node::<StorageTries>(self.0, (self.1, *at), at)
    }
}

fn node<T: Table<Value = Node>>(
    snapshot: &Snapshot<'_>,
    key: T::Key,
    at: &Path,
) -> Result<Node, StorageError> {
    match snapshot.get::<T>(&key)? {
        // An edge that does not lead down would be followed for ever.
        Some(Node::Edge { end, .. }) if end.len() <= at.len() || !end.starts_with(at) => {
            Err(StorageError::DamagedRow {
                table: T::NAME,
                reason: format!("the edge at {at:?} leads to {end:?}"),
            })
        }
        Some(node) => Ok(node),
        None => {
            Err(StorageError::Inconsistent { reason: format!("table `{}` has no node at {at:?}", T::NAME) })
        }
    }
}
