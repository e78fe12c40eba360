//! Hints inside contracts' code: core hints as cairo-lang-runner does them, syscalls from the recording.

use cairo_lang_casm::hints::{Hint, StarknetHint};
use cairo_lang_runner::casm_run::execute_core_hint_base;
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_types_core::felt::Felt;

use super::args::allocate;
use super::calls::{Calls, Frame};
use super::{HintResult, broken};
use crate::lies::Liar;

pub(super) fn execute(
    calls: &mut Calls<'_>,
    liar: &mut Liar,
    vm: &mut VirtualMachine,
    scopes: &mut ExecutionScopes,
    hint: &Hint,
) -> HintResult {
    match hint {
        // Dictionaries get temporary segments, which the OS lines up when it validates the segment arena.
        Hint::Core(hint) => execute_core_hint_base(vm, scopes, hint, false),
        Hint::Starknet(StarknetHint::SystemCall { .. }) => answer_syscall(calls.running()?, liar, vm),
        Hint::Starknet(StarknetHint::Cheatcode { .. }) | Hint::External(_) => {
            Err(broken("a contract's code has a hint that Starknet does not allow"))
        }
    }
}

/// Writes the answer to the running call's next syscall. The OS checks it when it serves the syscall.
fn answer_syscall(frame: &mut Frame<'_>, liar: &mut Liar, vm: &mut VirtualMachine) -> HintResult {
    liar.begin("syscall");
    let request = frame.syscall_ptr;
    let selector = integer(vm, request)?;
    let gas = integer(vm, (request + 1)?)?;
    let recorded = frame.recorded();
    let name = selector.to_bytes_be();
    let name = std::str::from_utf8(&name).unwrap_or_default().trim_start_matches('\0');
    // Number of cells of the request behind its header, and cells of the answer behind its header.
    let (request_cells, answer): (usize, Vec<MaybeRelocatable>) = match name {
        "StorageRead" => (2, vec![next(&recorded.storage_reads, &mut frame.storage_reads)?.into()]),
        "StorageWrite" => (3, vec![]),
        "EmitEvent" => (4, vec![]),
        "CallContract" | "LibraryCall" => {
            let inner = next(&recorded.inner_calls, &mut frame.inner_calls)?;
            let retdata = allocate(vm, liar, inner.retdata.iter().map(|felt| (*felt).into()))?;
            (4, vec![retdata.into(), (retdata + inner.retdata.len())?.into()])
        }
        "GetExecutionInfo" => (0, vec![frame.call.into()]),
        "GetClassHashAt" => {
            (1, vec![next(&recorded.class_hash_reads, &mut frame.class_hash_reads)?.0.into()])
        }
        "GetBlockHash" => (1, vec![next(&recorded.block_hash_reads, &mut frame.block_hash_reads)?.into()]),
        "SendMessageToL1" => (3, vec![]),
        _ => return Err(broken(&format!("syscall {name} cannot be proven"))),
    };
    let header = (request + (2 + request_cells))?;
    let mut cells: Vec<MaybeRelocatable> = vec![gas.into(), Felt::ZERO.into()];
    cells.extend(answer);
    let cells: Vec<MaybeRelocatable> = cells.into_iter().map(|cell| liar.bend(cell)).collect();
    frame.syscall_ptr = vm.load_data(header, &cells).map_err(HintError::Memory)?;
    Ok(())
}

/// The next item of a recording.
fn next<T: Clone>(recorded: &[T], cursor: &mut usize) -> Result<T, HintError> {
    let item = recorded.get(*cursor).ok_or_else(|| broken("the recording lacks a syscall's answer"))?;
    *cursor += 1;
    Ok(item.clone())
}

fn integer(vm: &VirtualMachine, address: Relocatable) -> Result<Felt, HintError> {
    vm.get_integer(address).map(|felt| *felt).map_err(HintError::Memory)
}
