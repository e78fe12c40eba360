//! What a run of the OS spends on which of its functions, and on which class.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use cairo_lang_starknet_classes::NestedIntList;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_vm::types::relocatable::Relocatable;
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::OsInput;
use zkthreads_runner::OsRun;

use super::meter::{Meter, trace};
use super::names::Names;
use super::usage::{Resource, Usage};

/// The function that loads one class after the other, calling itself before each.
const LOAD_CLASSES: &str = "classes.load_classes";

/// What stands for contracts' own code.
pub const CONTRACTS: &str = "(contracts' own code)";

#[derive(Default)]
pub struct Profile {
    pub total: Usage,
    /// Empty without names, as is what classes use.
    pub functions: BTreeMap<String, Usage>,
    pub classes: BTreeMap<ClassHash, ClassCost>,
}

/// What hashing a class's code costs.
#[derive(Default, Clone, Copy)]
pub struct ClassCost {
    /// Felts of its bytecode, and those of them that are hashed; of the rest, the OS is given the hash.
    pub felts: usize,
    pub hashed: usize,
    pub usage: Usage,
}

impl Profile {
    pub fn of(input: &OsInput, run: &OsRun, names: Option<&Names>) -> Self {
        let mut profile = Self::default();
        let mut meter = Meter::new(run);
        let load_classes = names.and_then(|names| names.start(LOAD_CLASSES));
        let (mut to_load, mut loading) = (input.classes.keys(), None);
        let mut code: BTreeMap<isize, BTreeSet<usize>> = BTreeMap::new();
        for entry in trace(run) {
            let usage = meter.read(entry);
            profile.total += usage;
            if !meter.is_own(entry) {
                code.entry(entry.pc.segment_index).or_default().insert(entry.pc.offset);
            } else if Some(entry.pc.offset) == load_classes {
                loading = to_load.next();
            }
            if let Some(class) = loading {
                profile.classes.entry(*class).or_default().usage += usage;
            }
            if let Some(names) = names {
                let name = if meter.is_own(entry) { names.at(entry.pc.offset) } else { CONTRACTS };
                match profile.functions.get_mut(name) {
                    Some(function) => *function += usage,
                    None => drop(profile.functions.insert(name.to_owned(), usage)),
                }
            }
        }
        for (class_hash, class) in &input.classes {
            let ran = code.iter().find(|(segment, ran)| holds(&run.runner.vm, **segment, ran, &class.casm));
            let cost = profile.classes.entry(*class_hash).or_default();
            cost.felts = class.casm.bytecode.len();
            cost.hashed = hashed(&class.casm, ran.map_or(&BTreeSet::new(), |(_, ran)| ran));
        }
        profile
    }

    /// What each function spends that it does not in `fewer`, for each of `more` transactions; most steps first.
    pub fn functions_since(&self, fewer: &Self, more: usize) -> Vec<(&str, Usage)> {
        let before = |name: &str| fewer.functions.get(name).copied().unwrap_or_default();
        sorted(self.functions.iter().map(|(name, all)| (name.as_str(), (*all - before(name)) / more)))
    }

    /// What each function spends whatever the number of transactions: `each` of `count` is left out.
    pub fn functions_without(&self, each: &[(&str, Usage)], count: usize) -> Vec<(&str, Usage)> {
        let theirs: BTreeMap<_, _> = each.iter().copied().collect();
        let theirs = |name: &str| theirs.get(name).copied().unwrap_or_default() * count;
        sorted(self.functions.iter().map(|(name, all)| (name.as_str(), *all - theirs(name))))
    }

    /// What classes use.
    pub fn of_classes(&self) -> Usage {
        self.classes.values().fold(Usage::default(), |sum, class| sum + class.usage)
    }
}

/// Most steps first.
fn sorted<'a>(functions: impl Iterator<Item = (&'a str, Usage)>) -> Vec<(&'a str, Usage)> {
    let mut functions: Vec<_> = functions.collect();
    functions.sort_by_key(|(_, usage)| Reverse(usage[Resource::Steps]));
    functions
}

/// Whether a segment's code is that of `class`, as far as it ran.
fn holds(vm: &VirtualMachine, segment: isize, ran: &BTreeSet<usize>, class: &CasmContractClass) -> bool {
    ran.iter().filter(|offset| **offset < class.bytecode.len()).all(|offset| {
        let felt = Felt::from(&class.bytecode[*offset].value);
        vm.get_integer(Relocatable::from((segment, *offset))).is_ok_and(|cell| *cell == felt)
    })
}

/// Felts of the leaves of a class's segmentation in which code ran.
fn hashed(class: &CasmContractClass, ran: &BTreeSet<usize>) -> usize {
    let lengths = class.get_bytecode_segment_lengths();
    if let NestedIntList::Leaf(length) = lengths {
        return length;
    }
    let mut start = 0;
    let mut hashed = 0;
    for length in leaves(&lengths) {
        if ran.range(start..start + length).next().is_some() {
            hashed += length;
        }
        start += length;
    }
    hashed
}

fn leaves(lengths: &NestedIntList) -> Vec<usize> {
    match lengths {
        NestedIntList::Leaf(length) => vec![*length],
        NestedIntList::Node(parts) => parts.iter().flat_map(leaves).collect(),
    }
}
