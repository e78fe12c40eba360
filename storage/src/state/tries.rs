//! The three tries as they lie in the database, and what their leaves are.

use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

use crate::StorageError;
use crate::db::table::{Key, Table};
use crate::db::tables::{
    ClassTrie, ClassTrieHistory, ContractTrie, ContractTrieHistory, Contracts, StorageTries,
    StorageTriesHistory,
};
use crate::db::{Read, Snapshot};
use crate::trie::{NodeSource, Path, TrieHasher, TrieNode};

/// The short string `CONTRACT_CLASS_LEAF_V0`.
const CLASS_LEAF_VERSION: Felt = Felt::from_hex_unchecked("0x434f4e54524143545f434c4153535f4c4541465f5630");

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

/// A trie's nodes at the tip, and the table of those that blocks put an end to.
pub(crate) trait TrieTable: Table<Value = TrieNode, Key: Copy> {
    /// A row (node's place, block) holds what was there before that block changed it.
    type History: Table<Key = (Self::Key, u32), Value = Option<TrieNode>>;
}

impl TrieTable for ContractTrie {
    type History = ContractTrieHistory;
}

impl TrieTable for ClassTrie {
    type History = ClassTrieHistory;
}

impl TrieTable for StorageTries {
    type History = StorageTriesHistory;
}

/// The tries at the tip of `now`, or as they were after a block.
#[derive(Clone, Copy)]
pub(crate) struct Tries<'a> {
    now: &'a Snapshot<'a>,
    /// The first block whose changes do not count; `None` at the tip.
    without: Option<u32>,
}

impl<'a> Tries<'a> {
    /// The tries as they are.
    pub(crate) fn latest(now: &'a Snapshot<'a>) -> Self {
        Self { now, without: None }
    }

    /// The tries after a block, whose history must be there.
    pub(crate) fn after(now: &'a Snapshot<'a>, block: BlockNumber) -> Self {
        Self { now, without: u32::try_from(block.0).ok().and_then(|block| block.checked_add(1)) }
    }

    /// The root of a contract's storage trie.
    pub(crate) fn storage_root(&self, contract: ContractAddress) -> Result<Felt, StorageError> {
        if self.without.is_none() {
            return Ok(self.now.get::<Contracts>(&contract)?.unwrap_or_default().storage_root);
        }
        let root = self.find::<StorageTries>((contract, Path::ROOT))?;
        Ok(root.map_or(Felt::ZERO, |node| node.hash(&Path::ROOT, TrieHasher::Pedersen)))
    }

    /// A row: what the first of the later changes put an end to, or what is there still.
    fn find<T: TrieTable>(&self, key: T::Key) -> Result<Option<TrieNode>, StorageError> {
        if let Some(block) = self.without
            && let Some(before) = self.now.first_from::<T::History>(&(key, block).encode(), &key.encode())?
        {
            return Ok(before);
        }
        self.now.get::<T>(&key)
    }

    /// A node that must be there.
    fn node<T: TrieTable>(&self, key: T::Key, at: &Path) -> Result<TrieNode, StorageError> {
        match self.find::<T>(key)? {
            // An edge that does not lead down would be followed for ever.
            Some(TrieNode::Edge { end, .. }) if end.len() <= at.len() || !end.starts_with(at) => {
                Err(StorageError::DamagedRow {
                    table: T::NAME,
                    reason: format!("the edge at {at:?} leads to {end:?}"),
                })
            }
            Some(node) => Ok(node),
            None => {
                let reason = format!("table `{}` has no node at {at:?}", T::NAME);
                Err(StorageError::Inconsistent { reason })
            }
        }
    }
}

/// The contract trie.
pub(crate) struct ContractNodes<'a>(pub(crate) Tries<'a>);

/// The class trie.
pub(crate) struct ClassNodes<'a>(pub(crate) Tries<'a>);

/// A contract's storage trie.
pub(crate) struct StorageNodes<'a>(pub(crate) Tries<'a>, pub(crate) ContractAddress);

impl NodeSource for ContractNodes<'_> {
    type Error = StorageError;

    fn node(&self, at: &Path) -> Result<TrieNode, StorageError> {
        self.0.node::<ContractTrie>(*at, at)
    }
}

impl NodeSource for ClassNodes<'_> {
    type Error = StorageError;

    fn node(&self, at: &Path) -> Result<TrieNode, StorageError> {
        self.0.node::<ClassTrie>(*at, at)
    }
}

impl NodeSource for StorageNodes<'_> {
    type Error = StorageError;

    fn node(&self, at: &Path) -> Result<TrieNode, StorageError> {
        self.0.node::<StorageTries>((self.1, *at), at)
    }
}
