//! Not in the published crate: tells which parts of classes' code an execution enters, failed calls included. The hash of a class
//! is one of its parts' hashes, so who proves an execution has to hash those parts and no others.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use cairo_vm::types::relocatable::Relocatable;
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_api::core::ClassHash;

use super::contract_class::{CompiledClassV1, NestedFeltCounts};

/// For each class that ran, the parts that code ran or was read in: leaves of its segmentation, by index.
pub type Visited = HashMap<ClassHash, BTreeSet<usize>>;

thread_local! {
    static VISITED: RefCell<Option<Visited>> = const { RefCell::new(None) };
}

/// Runs `run`; tells what it visits on this thread.
pub fn visited_in<R>(run: impl FnOnce() -> R) -> (R, Visited) {
    let _restored = Restored(VISITED.replace(Some(Visited::default())));
    let done = run();
    (done, VISITED.take().unwrap_or_default())
}

/// Restores what was collected before, also after a panic.
struct Restored(Option<Visited>);

impl Drop for Restored {
    fn drop(&mut self) {
        VISITED.set(self.0.take());
    }
}

/// Notes what a call of the class has visited. A function runner's program is in its first segment, and the VM marks each cell
/// that is executed or read.
pub(crate) fn note(class_hash: ClassHash, class: &CompiledClassV1, runner: &CairoRunner) {
    VISITED.with_borrow_mut(|visited| {
        let Some(visited) = visited else { return };
        let parts = visited.entry(class_hash).or_default();
        let (mut index, mut start) = (0, 0);
        each_leaf(class.bytecode_segment_felt_sizes(), &mut |length| {
            let mut cells = (start..start + length).map(|offset| Relocatable { segment_index: 0, offset });
            if !parts.contains(&index)
                && cells.any(|cell| runner.vm.segments.is_accessed(&cell).unwrap_or(false))
            {
                parts.insert(index);
            }
            (index, start) = (index + 1, start + length);
        });
    });
}

fn each_leaf(parts: &NestedFeltCounts, visit: &mut impl FnMut(usize)) {
    match parts {
        NestedFeltCounts::Leaf(length, _) => visit(*length),
        NestedFeltCounts::Node(parts) => parts.iter().for_each(|part| each_leaf(part, visit)),
    }
}
