//! The Patricia tries that commit to the state: 251 bits high, nodes H(left, right) and H(child, path) + length.
//!
//! The algorithms are pure: they read nodes through [`NodeSource`] and answer with the rows to write, so that a
//! block's whole effect can go into one write batch. Nodes are kept by place, not by hash: an update touches only the
//! rows on its keys' ways, and says what each was before, from which the database keeps the tries of the past.

mod node;
mod path;
mod proof;
mod update;

pub use node::{NodeSource, TrieHasher, TrieNode};
pub use path::{HEIGHT, Path};
pub use proof::{ProofError, ProofNode, ProofNodes, prove, verify_proof};
pub use update::{NodeChange, TrieUpdate, update};
