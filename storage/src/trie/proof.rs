//! Proofs that a key has a value, or none, and their verification.

use indexmap::IndexMap;
use starknet_types_core::felt::Felt;

use super::node::{NodeSource, TrieHasher, TrieNode};
use super::path::{HEIGHT, Path};

/// The nodes on the ways from a root to some leaves, by hash.
pub type ProofNodes = IndexMap<Felt, ProofNode>;

/// A node of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofNode {
    /// A fork.
    Binary {
        /// Hash of the left child.
        left: Felt,
        /// Hash of the right child.
        right: Felt,
    },
    /// A stretch without forks.
    Edge {
        /// Hash of what is at its end.
        child: Felt,
        /// Its turns as a number.
        path: Felt,
        /// How many turns.
        length: u8,
    },
}

impl ProofNode {
    /// The node's hash.
    #[must_use]
    pub fn hash(&self, hasher: TrieHasher) -> Felt {
        match self {
            Self::Binary { left, right } => hasher.binary(left, right),
            Self::Edge { child, path, length } => hasher.edge(child, path, *length),
        }
    }
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A node on the key's way is not in the proof.
    #[error("the proof lacks node {hash:#x}")]
    MissingNode {
        /// Its hash.
        hash: Felt,
    },
    /// A node does not hash to its name.
    #[error("node {hash:#x} hashes to {computed:#x}")]
    WrongHash {
        /// The name.
        hash: Felt,
        /// What it hashes to.
        computed: Felt,
    },
    /// An edge without length, longer than the trie is high, or whose path does not fit its length.
    #[error("edge {hash:#x} is malformed")]
    MalformedEdge {
        /// Its hash.
        hash: Felt,
    },
    /// A key of 2^251 or more.
    #[error("{key:#x} is not a trie key: keys are below 2^251")]
    KeyOutOfRange {
        /// The key.
        key: Felt,
    },
}

/// Collects into `nodes` what proves the value, or absence, of the leaf at `key`.
///
/// # Errors
/// If a node cannot be read.
pub fn prove<S: NodeSource>(
    source: &S,
    hasher: TrieHasher,
    root: Felt,
    key: &Path,
    nodes: &mut ProofNodes,
) -> Result<(), S::Error> {
    let mut at = Path::ROOT;
    let mut hash = root;
    while hash != Felt::ZERO && at.len() < HEIGHT {
        match source.node(&at)? {
            TrieNode::Binary { left, right } => {
                let turn = key.bit(at.len());
                nodes.insert(hash, ProofNode::Binary { left, right });
                at = at.child(turn);
                hash = if turn { right } else { left };
            }
            TrieNode::Edge { end, child } => {
                let (path, length) = (end.number_after(at.len()), end.len() - at.len());
                let edge = ProofNode::Edge { child, path, length };
                debug_assert_eq!(edge.hash(hasher), hash);
                nodes.insert(hash, edge);
                if !key.starts_with(&end) {
                    break;
                }
                at = end;
                hash = child;
            }
        }
    }
    Ok(())
}

/// The value that `nodes` prove `key` to have in the trie with root hash `root`: zero if they prove it absent. Nodes
/// off the key's way are not looked at.
///
/// # Errors
/// If a node on the way is missing, is malformed, or does not hash to the name under which it was reached.
pub fn verify_proof(
    root: Felt,
    key: Felt,
    nodes: &ProofNodes,
    hasher: TrieHasher,
) -> Result<Felt, ProofError> {
    let leaf = Path::of_key(key).ok_or(ProofError::KeyOutOfRange { key })?;
    let mut depth = 0;
    let mut hash = root;
    while hash != Felt::ZERO && depth < HEIGHT {
        let node = nodes.get(&hash).ok_or(ProofError::MissingNode { hash })?;
        let computed = node.hash(hasher);
        if computed != hash {
            return Err(ProofError::WrongHash { hash, computed });
        }
        match *node {
            ProofNode::Binary { left, right } => {
                hash = if leaf.bit(depth) { right } else { left };
                depth += 1;
            }
            ProofNode::Edge { child, path, length } => {
                if length == 0 || length > HEIGHT - depth || path >= Felt::TWO.pow(length) {
                    return Err(ProofError::MalformedEdge { hash });
                }
                let end = depth + length;
                if leaf.prefix(end).number_after(depth) != path {
                    return Ok(Felt::ZERO);
                }
                depth = end;
                hash = child;
            }
        }
    }
    Ok(hash)
}
