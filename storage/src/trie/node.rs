//! Nodes, and how they hash.

use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Pedersen, Poseidon, StarkHash};

use super::path::Path;

/// The hash function of a trie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrieHasher {
    /// Of the contract trie and the storage tries.
    Pedersen,
    /// Of the class trie.
    Poseidon,
}

impl TrieHasher {
    /// H(left, right).
    #[must_use]
    pub fn binary(self, left: &Felt, right: &Felt) -> Felt {
        match self {
            Self::Pedersen => Pedersen::hash(left, right),
            Self::Poseidon => Poseidon::hash(left, right),
        }
    }

    /// H(child, path) + length.
    #[must_use]
    pub fn edge(self, child: &Felt, path: &Felt, length: u8) -> Felt {
        self.binary(child, path) + Felt::from(length)
    }
}

/// A stored node, kept under its [`Path`]. Leaves are not stored: a leaf's value stands in its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrieNode {
    /// A fork: both subtrees hold something.
    Binary {
        /// Hash of the left child.
        left: Felt,
        /// Hash of the right child.
        right: Felt,
    },
    /// A stretch without forks.
    Edge {
        /// Where it leads: the place of a fork or leaf, strictly below this node's own.
        end: Path,
        /// Hash of what is there.
        child: Felt,
    },
}

impl TrieNode {
    /// The hash of the node at `at`.
    #[must_use]
    pub fn hash(&self, at: &Path, hasher: TrieHasher) -> Felt {
        match self {
            Self::Binary { left, right } => hasher.binary(left, right),
            Self::Edge { end, child } => {
                hasher.edge(child, &end.number_after(at.len()), end.len() - at.len())
            }
        }
    }
}

/// Where a trie's nodes are read from.
pub trait NodeSource: Sync {
    /// Why a read fails.
    type Error: Send;

    /// The node at `at`. The trie's algorithms ask only for nodes that must be there.
    ///
    /// # Errors
    /// If it cannot be read or is not there.
    fn node(&self, at: &Path) -> Result<TrieNode, Self::Error>;
}
