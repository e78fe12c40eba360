//! Changing many leaves of a trie at once.
//!
//! One descent handles the whole sorted batch: subtrees without changes are never read, stretches shared by all
//! remaining keys are skipped in one step, and the two sides of a fork are hashed in parallel.

use std::collections::BTreeMap;

use starknet_types_core::felt::Felt;

use super::node::{NodeSource, TrieHasher, TrieNode};
use super::path::{HEIGHT, Path};

/// Fewer changes than this in a subtree are not worth a second thread.
const PARALLEL_FROM: usize = 8;

/// What an update comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrieUpdate {
    /// The new root; zero for an empty trie.
    pub root: Felt,
    /// The rows that change, by place.
    pub changes: BTreeMap<Path, NodeChange>,
}

/// What becomes of a row; `None` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeChange {
    /// The row before.
    pub before: Option<TrieNode>,
    /// The row after.
    pub after: Option<TrieNode>,
}

/// Sets leaves of the trie with root hash `root`; a zero value deletes its leaf. If a key occurs twice, its last
/// value counts. Keys must be leaves' places ([`Path::of_key`]).
///
/// # Errors
/// If a node of the old trie cannot be read.
pub fn update<S: NodeSource>(
    source: &S,
    hasher: TrieHasher,
    root: Felt,
    leaves: impl IntoIterator<Item = (Path, Felt)>,
) -> Result<TrieUpdate, S::Error> {
    let leaves: Vec<_> = leaves.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect();
    if leaves.is_empty() {
        return Ok(TrieUpdate { root, changes: BTreeMap::new() });
    }
    let old = if root == Felt::ZERO { Subtree::Empty } else { Subtree::Unread { hash: root } };
    let mut changes = Changes::default();
    let trie = Update { source, hasher };
    let new = trie.descend(Path::ROOT, old, &leaves, &mut changes)?;
    let root = trie.seal(Path::ROOT, new, &mut changes);
    Ok(TrieUpdate { root, changes: changes.by_place() })
}

/// What hangs below a place.
#[derive(Debug, Clone, Copy)]
enum Subtree {
    Empty,
    /// Untouched so far: its node is stored at the place and its kind is unknown.
    Unread {
        hash: Felt,
    },
    /// Its topmost fork (or only leaf) lies at `end`, the place itself or further down, and hashes to `hash`. The
    /// edge in between, if any, is stored nowhere.
    Known {
        end: Path,
        hash: Felt,
    },
}

/// Row changes in order: a later one for the same place overrides an earlier one. A place that held a row is read,
/// and its row deleted, before anything is put there.
#[derive(Default)]
struct Changes(Vec<(Path, NodeChange)>);

impl Changes {
    fn put(&mut self, at: Path, node: TrieNode) {
        self.0.push((at, NodeChange { before: None, after: Some(node) }));
    }

    fn delete(&mut self, at: Path, node: TrieNode) {
        self.0.push((at, NodeChange { before: Some(node), after: None }));
    }

    /// What they come to; rows that end as they began left out.
    fn by_place(self) -> BTreeMap<Path, NodeChange> {
        let mut changes = BTreeMap::new();
        for (at, change) in self.0 {
            changes
                .entry(at)
                .and_modify(|earlier: &mut NodeChange| earlier.after = change.after)
                .or_insert(change);
        }
        changes.retain(|_, change| change.before != change.after);
        changes
    }
}

struct Update<'a, S> {
    source: &'a S,
    hasher: TrieHasher,
}

impl<S: NodeSource> Update<'_, S> {
    /// Applies `leaves` (sorted, all below `at`) to the subtree at `at`.
    fn descend(
        &self,
        at: Path,
        old: Subtree,
        leaves: &[(Path, Felt)],
        changes: &mut Changes,
    ) -> Result<Subtree, S::Error> {
        let (Some((first, value)), Some((last, _))) = (leaves.first(), leaves.last()) else {
            return Ok(old);
        };
        if at.len() == HEIGHT {
            return Ok(leaf(at, *value));
        }
        match old {
            Subtree::Empty => {
                if leaves.len() == 1 {
                    return Ok(leaf(*first, *value));
                }
                self.split(first.prefix(first.common_prefix(last)), old, leaves, changes)
            }
            Subtree::Known { end, .. } if end != at => {
                let shared = first.prefix(first.common_prefix(last)).common_prefix(&end);
                let at = end.prefix(shared);
                if shared == end.len() {
                    return self.descend(at, old, leaves, changes);
                }
                self.split(at, old, leaves, changes)
            }
            Subtree::Known { .. } | Subtree::Unread { .. } => {
                let node = self.source.node(&at)?;
                changes.delete(at, node);
                match node {
                    TrieNode::Binary { left, right } => {
                        let [left, right] =
                            [(false, left), (true, right)].map(|(turn, hash)| child(at.child(turn), hash));
                        self.fork(at, left, right, leaves, changes)
                    }
                    TrieNode::Edge { end, child } => {
                        self.descend(at, Subtree::Known { end, hash: child }, leaves, changes)
                    }
                }
            }
        }
    }

    /// Opens a fork at `at`, where nothing or the middle of an edge was.
    fn split(
        &self,
        at: Path,
        old: Subtree,
        leaves: &[(Path, Felt)],
        changes: &mut Changes,
    ) -> Result<Subtree, S::Error> {
        match old {
            Subtree::Known { end, .. } if end.bit(at.len()) => {
                self.fork(at, Subtree::Empty, old, leaves, changes)
            }
            _ => self.fork(at, old, Subtree::Empty, leaves, changes),
        }
    }

    /// Applies `leaves` on both sides of the fork at `at`.
    fn fork(
        &self,
        at: Path,
        left: Subtree,
        right: Subtree,
        leaves: &[(Path, Felt)],
        changes: &mut Changes,
    ) -> Result<Subtree, S::Error> {
        let middle = leaves.partition_point(|(key, _)| !key.bit(at.len()));
        let (left_leaves, right_leaves) = leaves.split_at(middle);
        let (left_at, right_at) = (at.child(false), at.child(true));
        let (left, right) = if leaves.len() < PARALLEL_FROM || middle == 0 || middle == leaves.len() {
            (
                self.descend(left_at, left, left_leaves, changes)?,
                self.descend(right_at, right, right_leaves, changes)?,
            )
        } else {
            let mut right_changes = Changes::default();
            let (left, right) = rayon::join(
                || self.descend(left_at, left, left_leaves, changes),
                || self.descend(right_at, right, right_leaves, &mut right_changes),
            );
            changes.0.append(&mut right_changes.0);
            (left?, right?)
        };
        match (left, right) {
            (only, Subtree::Empty) => self.lift(left_at, only, changes),
            (Subtree::Empty, only) => self.lift(right_at, only, changes),
            (left, right) => {
                let left = self.seal(left_at, left, changes);
                let right = self.seal(right_at, right, changes);
                changes.put(at, TrieNode::Binary { left, right });
                Ok(Subtree::Known { end: at, hash: self.hasher.binary(&left, &right) })
            }
        }
    }

    /// The subtree at `at` has lost its sibling, so an edge from above now runs through `at`.
    fn lift(&self, at: Path, subtree: Subtree, changes: &mut Changes) -> Result<Subtree, S::Error> {
        let Subtree::Unread { hash } = subtree else {
            return Ok(subtree);
        };
        Ok(match self.source.node(&at)? {
            TrieNode::Binary { .. } => Subtree::Known { end: at, hash },
            edge @ TrieNode::Edge { end, child } => {
                changes.delete(at, edge);
                Subtree::Known { end, hash: child }
            }
        })
    }

    /// The hash of the subtree at `at`, whose parent is a fork (or nothing): an edge begins here if its topmost fork
    /// lies further down.
    fn seal(&self, at: Path, subtree: Subtree, changes: &mut Changes) -> Felt {
        match subtree {
            Subtree::Empty => Felt::ZERO,
            Subtree::Unread { hash } => hash,
            Subtree::Known { end, hash } if end == at => hash,
            Subtree::Known { end, hash } => {
                changes.put(at, TrieNode::Edge { end, child: hash });
                self.hasher.edge(&hash, &end.number_after(at.len()), end.len() - at.len())
            }
        }
    }
}

/// A fork's child: a leaf has no row to read.
fn child(at: Path, hash: Felt) -> Subtree {
    if at.len() == HEIGHT { Subtree::Known { end: at, hash } } else { Subtree::Unread { hash } }
}

fn leaf(key: Path, value: Felt) -> Subtree {
    if value == Felt::ZERO { Subtree::Empty } else { Subtree::Known { end: key, hash: value } }
}
