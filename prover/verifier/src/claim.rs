//! The public data of a proof: registers, program, output, builtin segments, and how often lookups are used.

use std::collections::HashMap;

use cairo_air::air::{MemorySection, PublicData, PublicMemory, PublicSegmentRanges, SegmentRange};
use cairo_air::claims::CairoClaim;
use cairo_air::components::memory_address_to_id::MEMORY_ADDRESS_TO_ID_SPLIT;
use starknet_types_core::felt::Felt;
use stwo_cairo_common::builtins::{
    ADD_MOD_BUILTIN_MEMORY_CELLS, BITWISE_BUILTIN_MEMORY_CELLS, MUL_MOD_BUILTIN_MEMORY_CELLS,
    PEDERSEN_BUILTIN_MEMORY_CELLS, POSEIDON_BUILTIN_MEMORY_CELLS, RANGE_CHECK_96_BUILTIN_MEMORY_CELLS,
    RANGE_CHECK_BUILTIN_MEMORY_CELLS,
};

use crate::error::{SegmentProblem, VerifyError};
use crate::params::{MAX_ADDRESS, MAX_OPCODE_USES, PRIME};

/// Address of the program's first cell.
const PROGRAM_START: u32 = 1;
/// Address of the endless loop at which every run ends: after `ap += builtins` and `call main`.
const FINAL_PC: u32 = 5;
/// Cells between the program and the first stack frame: the saved frame pointer and return address.
const SAFE_CALL_CELLS: u64 = 2;
/// Builtins whose pointers the thread OS takes and returns.
const BUILTINS: u32 = 11;

/// Checks that the public data is that of a whole run of `program` that output `output`.
pub(crate) fn check(claim: &CairoClaim, program: &[Felt], output: &[Felt]) -> Result<(), VerifyError> {
    let PublicData {
        public_memory:
            PublicMemory { program: program_section, public_segments, output: output_section, safe_call_ids },
        initial_state,
        final_state,
    } = &claim.public_data;

    check_program(program_section, program)?;
    check_output(output_section, output)?;
    check_ids("the safe call", safe_call_ids.iter().copied())?;

    // The first frame follows the program at once, so nothing overlaps it.
    let first_frame =
        to_u64(program.len()).saturating_add(SAFE_CALL_CELLS).saturating_add(PROGRAM_START.into());
    let first_frame = u32::try_from(first_frame).unwrap_or(u32::MAX);
    check_register("the first pc", initial_state.pc.0, PROGRAM_START)?;
    check_register("the first ap", initial_state.ap.0, first_frame)?;
    check_register("the first fp", initial_state.fp.0, first_frame)?;
    check_register("the last pc", final_state.pc.0, FINAL_PC)?;
    check_register("the last fp", final_state.fp.0, first_frame)?;
    // Arguments and return values are one cell per builtin each, and `call main` takes two more.
    let final_ap = final_state.ap.0;
    let minimum = first_frame.saturating_add(BUILTINS.saturating_mul(2)).saturating_add(2);
    if final_ap < minimum || final_ap >= MAX_ADDRESS {
        return Err(VerifyError::FinalAp { final_ap, minimum });
    }

    check_output_segment(&public_segments.output, final_ap, output.len())?;
    check_segments(claim, public_segments)?;
    check_end_of_memory(claim)?;
    check_relation_uses(claim, to_u64(program.len()).saturating_add(to_u64(output.len())))
}

fn check_program(section: &MemorySection, program: &[Felt]) -> Result<(), VerifyError> {
    if section.len() != program.len() {
        return Err(VerifyError::ProgramLength { found: section.len(), expected: program.len() });
    }
    check_ids("the program", section.iter().map(|(id, _)| *id))?;
    match first_difference(section, program) {
        Some(cell) => Err(VerifyError::ProgramCell { cell }),
        None => Ok(()),
    }
}

fn check_output(section: &MemorySection, output: &[Felt]) -> Result<(), VerifyError> {
    if section.len() != output.len() {
        return Err(VerifyError::OutputLength { found: section.len(), expected: output.len() });
    }
    check_ids("the output", section.iter().map(|(id, _)| *id))?;
    match first_difference(section, output) {
        Some(felt) => Err(VerifyError::OutputFelt { felt }),
        None => Ok(()),
    }
}

/// Index of the first cell whose value is not the felt's one representation. The proof system ignores the bits
/// above the 252nd, so the limbs are compared, not the values they reduce to.
fn first_difference(section: &MemorySection, felts: &[Felt]) -> Option<usize> {
    section.iter().zip(felts).position(|((_, limbs), felt)| limbs_to_bytes(limbs) != felt.to_bytes_le())
}

fn limbs_to_bytes(limbs: &[u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.chunks_exact_mut(4).zip(limbs) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
    bytes
}

fn check_ids(section: &'static str, ids: impl IntoIterator<Item = u32>) -> Result<(), VerifyError> {
    match ids.into_iter().find(|id| *id >= PRIME) {
        Some(id) => Err(VerifyError::MemoryId { section, id }),
        None => Ok(()),
    }
}

fn check_register(register: &'static str, found: u32, expected: u32) -> Result<(), VerifyError> {
    if found == expected { Ok(()) } else { Err(VerifyError::Register { register, found, expected }) }
}

/// The proof system shows as output what memory holds from the last `ap` on, whatever pointer the program got.
/// So the program must have been given that very address, and have stopped at the output's end.
fn check_output_segment(segment: &SegmentRange, final_ap: u32, felts: usize) -> Result<(), VerifyError> {
    check_pointers("output", segment)?;
    let (start, stop) = (segment.start_ptr.value, segment.stop_ptr.value);
    let public_start = u64::from(final_ap);
    let public_stop = public_start.saturating_add(to_u64(felts));
    if u64::from(start) == public_start && u64::from(stop) == public_stop {
        Ok(())
    } else {
        Err(VerifyError::Segment {
            builtin: "output",
            problem: SegmentProblem::Output { start, stop, public_start, public_stop },
        })
    }
}

fn check_segments(claim: &CairoClaim, segments: &PublicSegmentRanges) -> Result<(), VerifyError> {
    /// Where a component starts and how many instances it checks.
    macro_rules! component {
        ($component:ident, $start:ident) => {
            claim.$component.as_ref().map(|claim| (claim.$start, claim.log_size))
        };
    }
    let PublicSegmentRanges {
        output: _,
        pedersen,
        range_check_128,
        ecdsa,
        bitwise,
        ec_op,
        keccak,
        poseidon,
        range_check_96,
        add_mod,
        mul_mod,
    } = segments;
    check_segment(
        "pedersen",
        pedersen,
        component!(pedersen_builtin_narrow_windows, pedersen_builtin_segment_start),
        PEDERSEN_BUILTIN_MEMORY_CELLS,
    )?;
    check_segment(
        "range_check",
        range_check_128,
        component!(range_check_builtin, range_check_builtin_segment_start),
        RANGE_CHECK_BUILTIN_MEMORY_CELLS,
    )?;
    check_segment("ecdsa", ecdsa, None, 1)?;
    check_segment(
        "bitwise",
        bitwise,
        component!(bitwise_builtin, bitwise_builtin_segment_start),
        BITWISE_BUILTIN_MEMORY_CELLS,
    )?;
    check_segment("ec_op", ec_op, None, 1)?;
    check_segment("keccak", keccak, None, 1)?;
    check_segment(
        "poseidon",
        poseidon,
        component!(poseidon_builtin, poseidon_builtin_segment_start),
        POSEIDON_BUILTIN_MEMORY_CELLS,
    )?;
    check_segment(
        "range_check96",
        range_check_96,
        component!(range_check96_builtin, range_check96_builtin_segment_start),
        RANGE_CHECK_96_BUILTIN_MEMORY_CELLS,
    )?;
    check_segment(
        "add_mod",
        add_mod,
        component!(add_mod_builtin, add_mod_builtin_segment_start),
        ADD_MOD_BUILTIN_MEMORY_CELLS,
    )?;
    check_segment(
        "mul_mod",
        mul_mod,
        component!(mul_mod_builtin, mul_mod_builtin_segment_start),
        MUL_MOD_BUILTIN_MEMORY_CELLS,
    )
}

/// Checks that every cell the program used is one that the builtin's component checks. The component must start
/// where the segment starts even if no cell was used: only the segment is bound to the transcript, and an unbound
/// start could be chosen last to balance the lookup argument.
fn check_segment(
    builtin: &'static str,
    segment: &Option<SegmentRange>,
    component: Option<(u32, u32)>,
    cells: usize,
) -> Result<(), VerifyError> {
    let refuse = |problem| Err(VerifyError::Segment { builtin, problem });
    let Some(segment) = segment else {
        return refuse(SegmentProblem::Missing);
    };
    check_pointers(builtin, segment)?;
    let (start, stop) = (segment.start_ptr.value, segment.stop_ptr.value);
    let Some(used) = stop.checked_sub(start).map(u64::from) else {
        return refuse(SegmentProblem::Reversed { start, stop });
    };
    let Some((component_start, log_size)) = component else {
        return if used == 0 { Ok(()) } else { refuse(SegmentProblem::Unchecked) };
    };
    if component_start != start {
        return refuse(SegmentProblem::Start { component: component_start, segment: start });
    }
    let cells = to_u64(cells);
    let checked = rows(log_size).saturating_mul(cells);
    if used > checked || used.checked_rem(cells) != Some(0) {
        return refuse(SegmentProblem::Length { used, checked, cells });
    }
    let end = u64::from(start).saturating_add(checked);
    if end > u64::from(MAX_ADDRESS) {
        return refuse(SegmentProblem::Pointer { pointer: end });
    }
    Ok(())
}

/// Checks that range checks go on to the end of memory. Code that writes to a range check pointer, which only ever grows,
/// then writes a number below 2^128, or to an address that does not exist, wherever the segment is said to stop.
fn check_end_of_memory(claim: &CairoClaim) -> Result<(), VerifyError> {
    // Both are there: `components` checked it.
    let checked = claim.range_check_builtin.as_ref().map_or(0, |claim| {
        u64::from(claim.range_check_builtin_segment_start).saturating_add(rows(claim.log_size))
    });
    // The first address is 1.
    let memory = claim.memory_address_to_id.as_ref().map_or(u64::MAX, |claim| {
        rows(claim.log_size).saturating_mul(to_u64(MEMORY_ADDRESS_TO_ID_SPLIT)).saturating_add(1)
    });
    if checked >= memory {
        Ok(())
    } else {
        Err(VerifyError::Segment {
            builtin: "range_check",
            problem: SegmentProblem::EndOfMemory { checked, memory },
        })
    }
}

fn rows(log_size: u32) -> u64 {
    1_u64.checked_shl(log_size).unwrap_or(u64::MAX)
}

fn check_pointers(builtin: &'static str, segment: &SegmentRange) -> Result<(), VerifyError> {
    for pointer in [segment.start_ptr, segment.stop_ptr] {
        check_ids(builtin, [pointer.id])?;
        if pointer.value >= MAX_ADDRESS {
            return Err(VerifyError::Segment {
                builtin,
                problem: SegmentProblem::Pointer { pointer: pointer.value.into() },
            });
        }
    }
    Ok(())
}

/// A lookup is counted in the field, so no relation may be used as often as the prime is large; and registers
/// stay in range only for so many steps. The bounds on trace sizes imply both today; an arithmetization with more
/// components would need them.
fn check_relation_uses(claim: &CairoClaim, public_cells: u64) -> Result<(), VerifyError> {
    let mut relations = HashMap::new();
    claim.accumulate_relation_uses(&mut relations);
    let opcodes = relations.get("Opcodes").copied().unwrap_or_default();
    if opcodes > MAX_OPCODE_USES {
        return Err(VerifyError::OpcodeUses { uses: opcodes });
    }
    // Public memory uses the memory relations once per cell: program, output, two cells per builtin, safe call.
    let public_uses =
        public_cells.saturating_add(BUILTINS.saturating_mul(2).into()).saturating_add(SAFE_CALL_CELLS);
    for (relation, uses) in relations {
        let uses = uses.saturating_add(public_uses);
        if uses >= PRIME.into() {
            return Err(VerifyError::RelationUses { relation, uses });
        }
    }
    Ok(())
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::decode;

    const PROOF: &[u8] = include_bytes!("../tests/fixtures/settle.proof");

    #[test]
    fn too_many_steps() {
        let mut claim = decode(PROOF).expect("it is honest").claim;
        assert!(check_relation_uses(&claim, 0).is_ok());
        claim.ret_opcode.as_mut().expect("it returns").log_size = 29;
        let error = check_relation_uses(&claim, 0);
        assert!(
            matches!(error, Err(VerifyError::OpcodeUses { uses }) if uses > MAX_OPCODE_USES),
            "{error:?}"
        );
    }

    #[test]
    fn too_many_uses() {
        let mut claim = decode(PROOF).expect("it is honest").claim;
        claim.cube_252.as_mut().expect("it hashes").log_size = 29;
        let error = check_relation_uses(&claim, 0);
        assert!(matches!(error, Err(VerifyError::RelationUses { .. })), "{error:?}");
    }

    #[test]
    fn public_cells_are_uses_too() {
        let claim = decode(PROOF).expect("it is honest").claim;
        let error = check_relation_uses(&claim, PRIME.into());
        assert!(matches!(error, Err(VerifyError::RelationUses { .. })), "{error:?}");
    }
}
