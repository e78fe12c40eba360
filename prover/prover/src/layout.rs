//! Where a run's segments lie in the one memory of a proof.

use std::collections::BTreeMap;

use cairo_air::components::memory_address_to_id::MEMORY_ADDRESS_TO_ID_SPLIT;
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::MaybeRelocatable;
use cairo_vm::vm::errors::runner_errors::RunnerError;
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_types_core::felt::Felt;
use stwo_cairo_adapter::builtins::{BuiltinSegments, MIN_SEGMENT_SIZE};
use stwo_cairo_adapter::memory::{MemoryBuilder, MemoryConfig};
use stwo_cairo_adapter::opcodes::StateTransitions;
use stwo_cairo_adapter::relocator::Relocator;
use stwo_cairo_adapter::{ProverInput, PublicSegmentContext};
use zkthreads_verifier::params::MIN_LOG_SIZE;

/// A run's memory, segment by segment.
pub type Segments = Vec<Vec<Option<MaybeRelocatable>>>;

/// The run as the proof system takes it: what its own `adapt` makes of it, but for the layout of memory.
pub(crate) fn adapt(runner: &CairoRunner) -> Result<ProverInput, RunnerError> {
    let mut memory = runner.get_relocatable_memory();
    let mut builtins = runner.get_builtin_segments();
    let relocator = lay_out(&mut memory, &mut builtins);
    let cells = MemoryBuilder::from_iter(MemoryConfig::default(), relocator.relocate_memory(&memory));
    let trace = relocator.relocate_trace(runner.get_relocatable_trace()?);
    let state_transitions = StateTransitions::from_slice_parallel(&trace, &cells);
    let (memory, instructions) = cells.build();
    Ok(ProverInput {
        state_transitions,
        memory,
        pc_count: instructions.len(),
        public_memory_addresses: relocator
            .relocate_public_addresses(&runner.vm.segments.public_memory_offsets),
        builtin_segments: relocator.relocate_builtin_segments(&builtins),
        public_segment_context: PublicSegmentContext::bootloader_context(),
    })
}

/// Fills up the builtins' segments and gives every segment its address: one behind the other, and the range check
/// segment, which the verifier demands even of a run without range checks, up to the last address that there is.
pub fn lay_out(memory: &mut Segments, builtins: &mut BTreeMap<usize, BuiltinName>) -> Relocator {
    let range_check = builtins.iter().find(|(_, name)| **name == BuiltinName::range_check);
    let range_check = range_check.map(|(index, _)| *index);
    if let Some(segment) = range_check.and_then(|index| memory.get_mut(index))
        && segment.is_empty()
    {
        segment.resize(MIN_SEGMENT_SIZE, Some(Felt::ZERO.into()));
    }
    BuiltinSegments::pad_relocatble_builtin_segments(memory, builtins);
    let Some(range_check) = range_check else { return Relocator::new(memory) };

    // Where the segment was, and between the others and it, is nothing.
    let range_checks = std::mem::take(&mut memory[range_check]);
    let last = memory.len() + 1;
    memory.extend([Vec::new(), range_checks]);
    builtins.remove(&range_check);
    builtins.insert(last, BuiltinName::range_check);
    for cell in memory.iter_mut().flatten().flatten() {
        if let MaybeRelocatable::RelocatableValue(pointer) = cell
            && usize::try_from(pointer.segment_index) == Ok(range_check)
        {
            pointer.segment_index = last as isize;
        }
    }
    let mut relocator = Relocator::new(memory);
    let addresses = &mut relocator.relocation_table;
    let used = addresses[last + 1] - 1;
    let unused = memory_cells(used) - used;
    addresses[last] += unused;
    addresses[last + 1] += unused;
    relocator
}

/// Addresses of the smallest address table that holds so many cells.
fn memory_cells(used: u32) -> u32 {
    const COLUMNS: u32 = MEMORY_ADDRESS_TO_ID_SPLIT as u32;
    used.div_ceil(COLUMNS).next_power_of_two().max(1 << MIN_LOG_SIZE) * COLUMNS
}

#[cfg(test)]
mod tests {
    use cairo_vm::types::relocatable::Relocatable;

    use super::*;

    const RANGE_CHECK: usize = 1;

    fn number(value: u64) -> Option<MaybeRelocatable> {
        Some(Felt::from(value).into())
    }

    fn pointer(segment_index: usize, offset: usize) -> Option<MaybeRelocatable> {
        Some(Relocatable { segment_index: segment_index as isize, offset }.into())
    }

    /// Lays out three segments, of which the second is the range check's; the last points into each.
    fn laid_out(range_checks: u64, last_cells: usize) -> (Vec<u64>, std::ops::Range<usize>) {
        let mut last = vec![pointer(0, 1), pointer(RANGE_CHECK, 2), pointer(2, 3)];
        last.resize(last_cells, number(0));
        let mut memory = vec![vec![number(5); 10], (0..range_checks).map(number).collect(), last];
        let mut builtins = BTreeMap::from([(RANGE_CHECK, BuiltinName::range_check)]);
        let relocator = lay_out(&mut memory, &mut builtins);
        let cells = relocator.relocate_memory(&memory);
        let segment =
            relocator.relocate_builtin_segments(&builtins).range_check_builtin.expect("it is not empty");
        for (range_check, address) in (0..range_checks).zip(segment.begin_addr..) {
            let cell = cells.iter().find(|cell| cell.address == address as u64).expect("it is there");
            assert_eq!(cell.value[0], range_check as u32);
        }
        let pointers = cells.iter().skip_while(|cell| cell.address <= 10).take(3);
        (pointers.map(|cell| cell.value[0].into()).collect(), segment.begin_addr..segment.stop_ptr)
    }

    #[test]
    fn range_checks_fill_the_end_of_the_address_table() {
        // The smallest table has 16 rows of 16 addresses.
        assert_eq!(laid_out(20, 100), (vec![2, 225 + 2, 14], 225..257));
        assert_eq!(laid_out(0, 100), (vec![2, 241 + 2, 14], 241..257));
        // It is full, and one cell more.
        assert_eq!(laid_out(20, 256 - 10 - 32), (vec![2, 225 + 2, 14], 225..257));
        assert_eq!(laid_out(20, 257 - 10 - 32), (vec![2, 481 + 2, 14], 481..513));
    }

    #[test]
    fn without_a_range_check_segment_nothing_moves() {
        let mut memory = vec![vec![number(5); 10], vec![pointer(0, 0)]];
        let relocator = lay_out(&mut memory, &mut BTreeMap::new());
        assert_eq!(relocator.relocation_table, [1, 11, 12]);
    }
}
