//! Not in the published crate: tells which parts of classes' code an execution enters, failed calls included. The hash of a class
//! is one of its parts' hashes, so who proves an execution has to hash those parts and no others.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_api::core::ClassHash;

use super::contract_class::{CompiledClassV1, NestedFeltCounts};

/// For each class that ran, the parts that code ran in: leaves of its segmentation, by index.
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

/// Whether somebody wants to know. A runner then keeps a trace: 32 bytes for each step, until its call ends.
pub(crate) fn is_wanted() -> bool {
    VISITED.with_borrow(Option::is_some)
}

/// Notes the parts that a call of the class went through, as its trace tells: the VM marks the whole program as read when it
/// loads it. Constants are read by way of a `ret` in front of them that is called, so their parts are in the trace, too.
pub(crate) fn note(class_hash: ClassHash, class: &CompiledClassV1, runner: &CairoRunner) {
    VISITED.with_borrow_mut(|visited| {
        let (Some(visited), Ok(trace)) = (visited, runner.get_relocatable_trace()) else { return };
        let parts = visited.entry(class_hash).or_default();
        let mut ends = Vec::new();
        each_leaf(class.bytecode_segment_felt_sizes(), &mut |length| {
            ends.push(ends.last().copied().unwrap_or(0) + length);
        });
        // Most steps are in the part of the step before.
        let mut current = 0..0;
        for entry in trace {
            // A function runner's program is in its first segment, and what blockifier adds to it behind the code.
            let offset = entry.pc.offset;
            if entry.pc.segment_index != 0 || current.contains(&offset) {
                continue;
            }
            let index = ends.partition_point(|end| *end <= offset);
            let Some(end) = ends.get(index) else { continue };
            let start = index.checked_sub(1).map_or(0, |before| ends[before]);
            current = start..*end;
            parts.insert(index);
        }
    });
}

fn each_leaf(parts: &NestedFeltCounts, visit: &mut impl FnMut(usize)) {
    match parts {
        NestedFeltCounts::Leaf(length, _) => visit(*length),
        NestedFeltCounts::Node(parts) => parts.iter().for_each(|part| each_leaf(part, visit)),
    }
}
