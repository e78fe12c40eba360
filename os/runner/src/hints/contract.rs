//! Hints inside contracts' code: core hints as cairo-lang-runner does them, syscalls from the recording.
//!
//! The recording holds what succeeded, and calls. Whether another syscall fails is decided here as Starknet decides
//! it; the OS decides again when it serves the syscall, and asserts that the contract saw the same.

use cairo_lang_casm::hints::{CoreHint, CoreHintBase, Hint, StarknetHint};
use cairo_lang_casm::operand::{BinOpOperand, CellRef, DerefOrImmediate, Operation, Register, ResOperand};
use cairo_lang_runner::casm_run::execute_core_hint_base;
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::BlockNumber;
use starknet_api::transaction::constants::EXECUTE_ENTRY_POINT_NAME;
use starknet_types_core::felt::Felt;

use super::answer::Answer;
use super::calls::{Calls, Frame};
use super::given::Given;
use super::{HintResult, broken, cryptography};
use crate::faults::Faults;
use crate::syscall_costs::Syscall;

/// `get_block_hash` answers for blocks at least this much older than the base block.
const BLOCK_HASH_BUFFER: u64 = 10;

/// Executes a hint of the contract that runs.
pub(super) fn execute(
    calls: &mut Calls<'_>,
    base_block: BlockNumber,
    faults: &mut dyn Faults,
    vm: &mut VirtualMachine,
    scopes: &mut ExecutionScopes,
    hint: &Hint,
) -> HintResult {
    match hint {
        // As cairo-lang-runner does it; but here it can be lied in. Hardened matches find their variant by it, and gas is
        // withdrawn by it.
        Hint::Core(CoreHintBase::Core(CoreHint::TestLessThanOrEqual {
            lhs: ResOperand::Immediate(least),
            rhs: ResOperand::Deref(cell),
            dst,
        })) => {
            let value = integer(vm, address(vm, cell)?)?;
            let said = faults.decide("contract_compares", Felt::from(&least.value) <= value);
            vm.insert_value(address(vm, dst)?, Felt::from(said)).map_err(HintError::Memory)
        }
        // The value that a dictionary is said to hold is checked when the dictionary is squashed, and runs through the contract
        // until then.
        Hint::Core(core @ CoreHintBase::Core(CoreHint::Felt252DictEntryInit { dict_ptr, .. })) => {
            let entry = pointer(vm, dict_ptr)?;
            // As a box of what whoever called has chosen, the key.
            let instead = if faults.decide("contract_dictionary_points_at_key", false) {
                Some(entry.into())
            } else {
                faults.instead("contract_dictionary_value").map(MaybeRelocatable::from)
            };
            match instead {
                Some(instead) => vm.insert_value((entry + 1_usize)?, instead).map_err(HintError::Memory),
                None => execute_core_hint_base(vm, scopes, core, false),
            }
        }
        // Dictionaries get temporary segments, which the OS lines up when it validates the segment arena.
        Hint::Core(hint) => execute_core_hint_base(vm, scopes, hint, false),
        Hint::Starknet(StarknetHint::SystemCall { .. }) => answer_syscall(calls, base_block, faults, vm),
        Hint::Starknet(StarknetHint::Cheatcode { .. }) | Hint::External(_) => {
            Err(broken("a contract's code has a hint that Starknet does not allow"))
        }
    }
}

/// Where a cell that code names lies now.
fn address(vm: &VirtualMachine, cell: &CellRef) -> Result<Relocatable, HintError> {
    let base = match cell.register {
        Register::AP => vm.get_ap(),
        Register::FP => vm.get_fp(),
    };
    Ok((base + i32::from(cell.offset))?)
}

/// The pointer that code names, in a cell or so many cells behind what a cell points at.
fn pointer(vm: &VirtualMachine, operand: &ResOperand) -> Result<Relocatable, HintError> {
    let (cell, offset) = match operand {
        ResOperand::Deref(cell) => (cell, Felt::ZERO),
        ResOperand::BinOp(BinOpOperand { op: Operation::Add, a, b: DerefOrImmediate::Immediate(offset) }) => {
            (a, Felt::from(&offset.value))
        }
        _ => return Err(broken("a dictionary is where no compiler puts one")),
    };
    let base = vm.get_relocatable(address(vm, cell)?).map_err(HintError::Memory)?;
    Ok((base + &offset)?)
}

/// Answers the running call's next syscall, unless that has been done in advance. The OS checks the answer when it serves
/// the syscall.
fn answer_syscall(
    calls: &mut Calls<'_>,
    base_block: BlockNumber,
    faults: &mut dyn Faults,
    vm: &mut VirtualMachine,
) -> HintResult {
    let frame = calls.running()?;
    if let Some(ends) = &mut frame.answered {
        frame.syscall_ptr = ends.pop_front().ok_or_else(|| broken("a syscall that was not rehearsed"))?;
        return Ok(());
    }
    let header = frame.syscall_ptr;
    let selector = integer(vm, header)?.to_bytes_be();
    let name = std::str::from_utf8(&selector).unwrap_or_default().trim_start_matches('\0');
    let syscall =
        Syscall::by_name(name).ok_or_else(|| broken(&format!("syscall {name} cannot be proven")))?;
    let request = (header + 2_usize)?;
    let gas = number(vm, (header + 1_usize)?)?;
    let felts = match syscall.array {
        Some(array) => array_length(vm, (request + array.cell)?)?,
        None => 0,
    };
    let required = syscall.required_gas(felts);
    let answer = if faults.decide("syscall_is_paid", gas >= required) {
        answer(frame, base_block, vm, syscall, request, gas.saturating_sub(required))?
    } else {
        Answer::failure(gas, "Out of gas")
    };
    let given = Given::new(syscall, &answer, frame.shown, vm);
    frame.syscall_ptr = answer.write(faults, vm, (request + syscall.request_cells)?)?;
    calls.note(given);
    Ok(())
}

/// Answers the syscall at `syscall`, made by a contract whose recording is empty; returns the answer's end.
#[cfg(test)]
pub(crate) fn answer_alone(vm: &mut VirtualMachine, syscall: Relocatable) -> Result<Relocatable, HintError> {
    let recorded = zkthreads_program::input::RecordedCall::default();
    let mut calls = Calls::default();
    calls.begin(&recorded);
    calls.enter()?;
    calls.running()?.syscall_ptr = syscall;
    answer_syscall(&mut calls, BlockNumber(0), &mut crate::faults::NoFaults, vm)?;
    Ok(calls.running()?.syscall_ptr)
}

/// The answer to a syscall that has been paid for.
fn answer(
    frame: &mut Frame<'_>,
    base_block: BlockNumber,
    vm: &mut VirtualMachine,
    syscall: &Syscall,
    request: Relocatable,
    gas: u64,
) -> Result<Answer, HintError> {
    let recorded = frame.recorded();
    let cells = match syscall.name {
        "StorageRead" => vec![next(&recorded.storage_reads, &mut frame.storage_reads)?.into()],
        "GetClassHashAt" => vec![next(&recorded.class_hash_reads, &mut frame.class_hash_reads)?.0.into()],
        "GetExecutionInfo" => vec![frame.shown.into()],
        "StorageWrite" | "EmitEvent" | "SendMessageToL1" | "ReplaceClass" => vec![],
        "GetBlockHash" => {
            let newest = base_block.0.checked_sub(BLOCK_HASH_BUFFER);
            if newest.is_none_or(|newest| integer(vm, request).is_ok_and(|number| number > newest.into())) {
                return Ok(Answer::failure(gas, "Block number out of range"));
            }
            vec![next(&recorded.block_hash_reads, &mut frame.block_hash_reads)?.into()]
        }
        "CallContract" if is_execute(vm, (request + 1_usize)?)? => {
            return Ok(Answer::failure(gas, "Invalid argument"));
        }
        "MetaTxV0" if !is_execute(vm, (request + 1_usize)?)? => {
            return Ok(Answer::failure(gas, "Invalid argument"));
        }
        "CallContract" | "LibraryCall" | "MetaTxV0" | "Deploy" => {
            let inner = next(&recorded.inner_calls, &mut frame.inner_calls)?;
            let deployed = (*inner.address.0.key()).into();
            let cells = if syscall.name == "Deploy" { vec![deployed] } else { vec![] };
            return Answer::of_call(gas, inner, cells);
        }
        name => {
            let answer = cryptography::answer(name, vm, request, gas)?;
            return answer.ok_or_else(|| broken(&format!("syscall {name} cannot be proven")));
        }
    };
    Ok(Answer::success(gas, cells))
}

/// The next item of a recording.
fn next<'a, T>(recorded: &'a [T], cursor: &mut usize) -> Result<&'a T, HintError> {
    let item = recorded.get(*cursor).ok_or_else(|| broken("the recording lacks a syscall's answer"))?;
    *cursor += 1;
    Ok(item)
}

fn is_execute(vm: &VirtualMachine, selector: Relocatable) -> Result<bool, HintError> {
    Ok(integer(vm, selector)? == selector_from_name(EXECUTE_ENTRY_POINT_NAME).0)
}

/// Felts between the pointers at `start` and behind it. An empty array may have other cells there, equal ones.
fn array_length(vm: &VirtualMachine, start: Relocatable) -> Result<u64, HintError> {
    let end = (start + 1_usize)?;
    if vm.get_maybe(&start) == vm.get_maybe(&end) {
        return Ok(0);
    }
    let pointer = |cell| vm.get_relocatable(cell).map_err(HintError::Memory);
    let length = (pointer(end)? - pointer(start)?)?;
    u64::try_from(length).map_err(|_| broken("an array is too long"))
}

fn number(vm: &VirtualMachine, address: Relocatable) -> Result<u64, HintError> {
    u64::try_from(integer(vm, address)?).map_err(|_| broken("a syscall's gas is no 64-bit number"))
}

fn integer(vm: &VirtualMachine, address: Relocatable) -> Result<Felt, HintError> {
    vm.get_integer(address).map(|felt| *felt).map_err(HintError::Memory)
}
