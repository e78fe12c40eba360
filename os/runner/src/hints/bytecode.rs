//! A class's code as it is hashed: a tree of parts, of which those that do not run are skipped.

use std::collections::{BTreeMap, BTreeSet};

use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Blake2Felt252, StarkHash};

/// Offsets of the instructions of each class that a run executed.
pub(crate) type UsedCode = BTreeMap<ClassHash, BTreeSet<usize>>;

/// One class's code.
#[derive(Debug, Default)]
pub(super) struct Bytecode {
    felts: Vec<Felt>,
    root: Part,
}

/// A stretch of code.
#[derive(Debug, Default, Clone)]
struct Part {
    start: usize,
    length: usize,
    /// Empty in a leaf.
    parts: Vec<Part>,
    is_leaf: bool,
    is_skipped: bool,
}

/// What the OS is told about the next part of a node.
pub(super) struct NextPart {
    pub(super) length: usize,
    pub(super) hash_if_skipped: Option<Felt>,
}

impl Bytecode {
    /// The code of `casm`, of which the instructions at `used` run, or all.
    pub(super) fn new(casm: &CasmContractClass, used: Option<BTreeSet<usize>>) -> Self {
        let felts: Vec<Felt> = casm.bytecode.iter().map(|felt| Felt::from(&felt.value)).collect();
        let mut root = Part::new(&casm.get_bytecode_segment_lengths(), 0, used.as_ref());
        root.is_skipped = false;
        Self { felts, root }
    }

    /// The stretches that the OS needs in memory, by offset.
    pub(super) fn loaded_parts(&self) -> Vec<(usize, &[Felt])> {
        let mut loaded = Vec::new();
        self.root.collect_loaded(&self.felts, &mut loaded);
        loaded
    }
}

impl Part {
    fn new(lengths: &NestedIntList, start: usize, used: Option<&BTreeSet<usize>>) -> Self {
        let is_skipped = |length: usize| {
            length > 0 && used.is_some_and(|used| used.range(start..start + length).next().is_none())
        };
        match lengths {
            NestedIntList::Leaf(length) => {
                Self { start, length: *length, parts: vec![], is_leaf: true, is_skipped: is_skipped(*length) }
            }
            NestedIntList::Node(children) => {
                let mut end = start;
                let mut parts = Vec::with_capacity(children.len());
                for child in children {
                    let part = Self::new(child, end, used);
                    end += part.length;
                    parts.push(part);
                }
                let length = end - start;
                Self { start, length, parts, is_leaf: false, is_skipped: is_skipped(length) }
            }
        }
    }

    fn felts<'a>(&self, all: &'a [Felt]) -> &'a [Felt] {
        all.get(self.start..self.start + self.length).unwrap_or_default()
    }

    fn collect_loaded<'a>(&self, all: &'a [Felt], loaded: &mut Vec<(usize, &'a [Felt])>) {
        if self.is_skipped {
            return;
        }
        if self.is_leaf {
            loaded.push((self.start, self.felts(all)));
        }
        for part in &self.parts {
            part.collect_loaded(all, loaded);
        }
    }

    /// Hash of this stretch, as Starknet defines it.
    fn hash(&self, all: &[Felt]) -> Felt {
        if self.is_leaf {
            return Blake2Felt252::hash_array(self.felts(all));
        }
        let preimage: Vec<Felt> =
            self.parts.iter().flat_map(|part| [part.length.into(), part.hash(all)]).collect();
        Blake2Felt252::hash_array(&preimage) + Felt::ONE
    }
}

/// The OS's walk over a class's code while it hashes it.
#[derive(Default)]
pub(super) struct Walk {
    felts: Vec<Felt>,
    /// The stretch to be hashed next.
    next: Part,
    /// Remaining parts of the nodes being hashed, innermost last.
    open: Vec<std::vec::IntoIter<Part>>,
}

impl Walk {
    pub(super) fn new(code: Bytecode) -> Self {
        Self { felts: code.felts, next: code.root, open: Vec::new() }
    }

    /// Enters the stretch to be hashed next; returns whether it is a leaf.
    pub(super) fn enter(&mut self) -> bool {
        let part = std::mem::take(&mut self.next);
        if !part.is_leaf {
            self.open.push(part.parts.into_iter());
        }
        part.is_leaf
    }

    /// The innermost node's next part.
    pub(super) fn next_part(&mut self) -> Option<NextPart> {
        let part = self.open.last_mut()?.next()?;
        let hash_if_skipped = part.is_skipped.then(|| part.hash(&self.felts));
        let length = part.length;
        self.next = part;
        Some(NextPart { length, hash_if_skipped })
    }

    /// Leaves the innermost node.
    pub(super) fn leave(&mut self) {
        self.open.pop();
    }
}
