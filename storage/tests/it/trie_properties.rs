//! Properties of tries, on random ones.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use starknet_types_core::felt::Felt;
use zkthreads_storage::trie::{
    NodeChange, NodeSource, Path, ProofError, ProofNode, ProofNodes, TrieHasher, TrieNode, TrieUpdate, prove,
    update, verify_proof,
};

/// A trie's nodes in memory.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Nodes(HashMap<Path, TrieNode>);

impl Nodes {
    pub(crate) fn apply(&mut self, update: &TrieUpdate) {
        for (at, NodeChange { before, after }) in &update.changes {
            let replaced = match after {
                Some(node) => self.0.insert(*at, *node),
                None => self.0.remove(at),
            };
            assert_eq!(replaced, *before, "the update knows what it replaces");
        }
    }
}

impl NodeSource for Nodes {
    type Error = Path;

    fn node(&self, at: &Path) -> Result<TrieNode, Path> {
        self.0.get(at).copied().ok_or(*at)
    }
}

/// A trie in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trie {
    nodes: Nodes,
    root: Felt,
    hasher: TrieHasher,
}

impl Trie {
    fn new(hasher: TrieHasher) -> Self {
        Self { nodes: Nodes::default(), root: Felt::ZERO, hasher }
    }

    fn set(&mut self, leaves: impl IntoIterator<Item = (Felt, Felt)>) {
        let leaves = leaves.into_iter().map(|(key, value)| (Path::of_key(key).expect("a key"), value));
        let update = update(&self.nodes, self.hasher, self.root, leaves).expect("no node is missing");
        self.nodes.apply(&update);
        self.root = update.root;
    }

    fn of(hasher: TrieHasher, leaves: impl IntoIterator<Item = (Felt, Felt)>) -> Self {
        let mut trie = Self::new(hasher);
        trie.set(leaves);
        trie
    }

    fn prove(&self, keys: impl IntoIterator<Item = Felt>) -> ProofNodes {
        let mut nodes = ProofNodes::new();
        for key in keys {
            let leaf = Path::of_key(key).expect("a key");
            prove(&self.nodes, self.hasher, self.root, &leaf, &mut nodes).expect("no node is missing");
        }
        nodes
    }
}

/// The root by the definition, without any cleverness: `(length, path, hash of the topmost fork)` of each subtree.
fn root_by_definition(hasher: TrieHasher, leaves: &BTreeMap<Felt, Felt>) -> Felt {
    fn subtree(hasher: TrieHasher, depth: u8, leaves: &[(Path, Felt)]) -> Option<(u8, Felt, Felt)> {
        if leaves.is_empty() || depth == 251 {
            return leaves.first().map(|(_, value)| (0, Felt::ZERO, *value));
        }
        let (left, right) = leaves.split_at(leaves.partition_point(|(key, _)| !key.bit(depth)));
        let sealed = |(length, path, hash): (u8, Felt, Felt)| {
            if length == 0 { hash } else { hasher.edge(&hash, &path, length) }
        };
        match (subtree(hasher, depth + 1, left), subtree(hasher, depth + 1, right)) {
            (None, None) => None,
            (Some((length, path, hash)), None) => Some((length + 1, path, hash)),
            (None, Some((length, path, hash))) => Some((length + 1, path + Felt::TWO.pow(length), hash)),
            (Some(left), Some(right)) => Some((0, Felt::ZERO, hasher.binary(&sealed(left), &sealed(right)))),
        }
    }
    let leaves: Vec<_> = leaves
        .iter()
        .filter(|(_, value)| **value != Felt::ZERO)
        .map(|(key, value)| (Path::of_key(*key).expect("a key"), *value))
        .collect();
    match subtree(hasher, 0, &leaves) {
        None => Felt::ZERO,
        Some((0, _, hash)) => hash,
        Some((length, path, hash)) => hasher.edge(&hash, &path, length),
    }
}

fn hashers() -> impl Strategy<Value = TrieHasher> {
    prop_oneof![Just(TrieHasher::Pedersen), Just(TrieHasher::Poseidon)]
}

/// Keys that meet: random ones, neighbours, and ones that differ in one bit anywhere.
fn keys() -> impl Strategy<Value = Felt> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(|mut bytes| {
            bytes[0] &= 0x07;
            Felt::from_bytes_be(&bytes)
        }),
        (0..32u64).prop_map(Felt::from),
        (0..251u8).prop_map(|bit| Felt::TWO.pow(bit)),
        (0..251u8).prop_map(|bit| Felt::TWO.pow(251u8) - Felt::ONE - Felt::TWO.pow(bit)),
    ]
}

fn values() -> impl Strategy<Value = Felt> {
    prop_oneof![1 => Just(Felt::ZERO), 3 => (1..1_000_000u64).prop_map(Felt::from)]
}

fn batches() -> impl Strategy<Value = Vec<BTreeMap<Felt, Felt>>> {
    prop::collection::vec(prop::collection::btree_map(keys(), values(), 0..24), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the way there, the root is the one the definition gives, and so are the stored nodes.
    #[test]
    fn incremental_equals_from_scratch(hasher in hashers(), batches in batches()) {
        let mut trie = Trie::new(hasher);
        let mut model = BTreeMap::new();
        for batch in batches {
            trie.set(batch.clone());
            model.extend(batch);
            prop_assert_eq!(trie.root, root_by_definition(hasher, &model));
        }
        prop_assert_eq!(&trie, &Trie::of(hasher, model), "rows are left over or missing");
    }

    #[test]
    fn order_does_not_matter(
        hasher in hashers(),
        leaves in prop::collection::btree_map(keys(), values(), 0..24),
        order in any::<prop::sample::Index>(),
    ) {
        let whole = Trie::of(hasher, leaves.clone());
        let mut one_by_one = Trie::new(hasher);
        let mut leaves: Vec<_> = leaves.into_iter().collect();
        if !leaves.is_empty() {
            let middle = order.index(leaves.len());
            leaves.rotate_left(middle);
            leaves.reverse();
        }
        for leaf in leaves {
            one_by_one.set([leaf]);
        }
        prop_assert_eq!(whole, one_by_one);
    }

    #[test]
    fn deleting_what_was_inserted_restores_everything(
        hasher in hashers(),
        before in prop::collection::btree_map(keys(), values(), 0..24),
        inserted in prop::collection::btree_map(keys(), values(), 0..24),
    ) {
        let original = Trie::of(hasher, before.clone());
        let mut trie = original.clone();
        trie.set(inserted.clone());
        trie.set(inserted.into_keys().map(|key| (key, before.get(&key).copied().unwrap_or_default())));
        prop_assert_eq!(&trie, &original);
        trie.set(before.into_keys().map(|key| (key, Felt::ZERO)));
        prop_assert_eq!(trie, Trie::new(hasher));
    }

    #[test]
    fn proofs_verify(
        hasher in hashers(),
        leaves in prop::collection::btree_map(keys(), values(), 0..24),
        others in prop::collection::vec(keys(), 0..8),
    ) {
        let trie = Trie::of(hasher, leaves.clone());
        let asked: Vec<_> = leaves.keys().copied().chain(others).collect();
        let nodes = trie.prove(asked.iter().copied());
        for key in asked {
            let value = leaves.get(&key).copied().unwrap_or_default();
            prop_assert_eq!(verify_proof(trie.root, key, &nodes, hasher), Ok(value));
        }
    }

    /// No change to a node on the way can prove another value.
    #[test]
    fn tampered_proofs_fail(
        hasher in hashers(),
        leaves in prop::collection::btree_map(keys(), (1..1_000_000u64).prop_map(Felt::from), 1..24),
        key in keys(),
        node in any::<prop::sample::Index>(),
        field in 0..4usize,
        delta in 1..5u8,
    ) {
        let trie = Trie::of(hasher, leaves);
        let honest = trie.prove([key]);
        let value = verify_proof(trie.root, key, &honest, hasher).expect("an honest proof");

        let index = node.index(honest.len());
        let mut tampered = honest.clone();
        let difference = Felt::from(delta);
        match &mut tampered[index] {
            ProofNode::Binary { left, .. } if field % 2 == 0 => *left += difference,
            ProofNode::Binary { right, .. } => *right += difference,
            ProofNode::Edge { child, .. } if field == 0 => *child += difference,
            ProofNode::Edge { path, .. } if field == 1 => *path += difference,
            ProofNode::Edge { length, .. } if field == 2 => *length = length.wrapping_add(delta),
            // Sum and length moved together: the hash stays, if the child's hash made up for it.
            ProofNode::Edge { length, path, .. } => {
                *length = length.wrapping_sub(delta);
                *path += difference;
            }
        }
        let wrong_hash = matches!(
            verify_proof(trie.root, key, &tampered, hasher),
            Err(ProofError::WrongHash { .. } | ProofError::MalformedEdge { .. })
        );
        prop_assert!(wrong_hash);

        let mut incomplete = honest.clone();
        let (removed, _) = incomplete.shift_remove_index(index).expect("it is there");
        prop_assert_eq!(
            verify_proof(trie.root, key, &incomplete, hasher),
            Err(ProofError::MissingNode { hash: removed })
        );

        let other_root = trie.root + Felt::ONE;
        prop_assert!(verify_proof(other_root, key, &honest, hasher).is_err());
        prop_assert_eq!(verify_proof(trie.root, key, &honest, hasher), Ok(value));
    }
}

#[test]
fn an_empty_trie_proves_every_key_absent() {
    for key in [Felt::ZERO, Felt::ONE, Felt::TWO.pow(251u8) - Felt::ONE] {
        assert_eq!(verify_proof(Felt::ZERO, key, &ProofNodes::new(), TrieHasher::Pedersen), Ok(Felt::ZERO));
    }
}

#[test]
fn keys_beyond_the_trie_are_refused() {
    let key = Felt::TWO.pow(251u8);
    let verdict = verify_proof(Felt::ZERO, key, &ProofNodes::new(), TrieHasher::Pedersen);
    assert_eq!(verdict, Err(ProofError::KeyOutOfRange { key }));
}

/// A prover who chooses the root cannot walk the verifier past the leaves or in circles.
#[test]
fn malformed_edges_are_refused() {
    let hasher = TrieHasher::Poseidon;
    for (path, length) in [(Felt::ZERO, 0), (Felt::ZERO, 252), (Felt::ZERO, 255), (Felt::from(4), 2)] {
        let edge = ProofNode::Edge { child: Felt::THREE, path, length };
        let hash = edge.hash(hasher);
        let verdict = verify_proof(hash, Felt::ZERO, &ProofNodes::from([(hash, edge)]), hasher);
        assert_eq!(verdict, Err(ProofError::MalformedEdge { hash }), "path {path:#x}, length {length}");
    }
}
