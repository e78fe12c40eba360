//! Answers to syscalls as a rehearsal gave them. In the run that is proven they are in memory before the contract runs,
//! because the OS checks their types first.

use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_types_core::felt::Felt;

use super::answer::Answer;
use crate::faults::Faults;
use crate::syscall_costs::Syscall;

/// An answer that does not depend on where a run lays out its memory.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    syscall: &'static Syscall,
    gas: u64,
    failed: bool,
    cells: Vec<GivenCell>,
    data: Option<Vec<Felt>>,
}

/// A cell of an answer.
#[derive(Debug, Clone)]
enum GivenCell {
    Felt(Felt),
    /// A pointer to the execution info that the contract is shown.
    Shown,
    /// A pointer to felts in a segment of their own.
    Felts(Vec<Felt>),
}

impl Given {
    /// What `answer`, in `vm`, says. `shown` is the execution info of the call.
    pub(super) fn new(
        syscall: &'static Syscall,
        answer: &Answer,
        shown: Relocatable,
        vm: &VirtualMachine,
    ) -> Self {
        let cells = answer.cells.iter().map(|cell| match cell {
            MaybeRelocatable::Int(felt) => GivenCell::Felt(*felt),
            MaybeRelocatable::RelocatableValue(pointer) if *pointer == shown => GivenCell::Shown,
            MaybeRelocatable::RelocatableValue(pointer) => GivenCell::Felts(felts_from(vm, *pointer)),
        });
        Self {
            syscall,
            gas: answer.gas,
            failed: answer.failed,
            cells: cells.collect(),
            data: answer.data.clone(),
        }
    }

    /// Writes the syscall's selector at `syscall`, and the answer; returns where the next syscall is.
    pub(super) fn lay_out(
        &self,
        faults: &mut dyn Faults,
        vm: &mut VirtualMachine,
        syscall: Relocatable,
        shown: Relocatable,
    ) -> Result<Relocatable, HintError> {
        let selector = Felt::from_bytes_be_slice(self.syscall.name.as_bytes());
        vm.insert_value(syscall, selector).map_err(HintError::Memory)?;
        let mut cells = Vec::new();
        for cell in &self.cells {
            cells.push(match cell {
                GivenCell::Felt(felt) => felt.into(),
                GivenCell::Shown => shown.into(),
                GivenCell::Felts(felts) => {
                    let segment = vm.add_memory_segment();
                    let felts: Vec<MaybeRelocatable> = felts.iter().map(Into::into).collect();
                    vm.load_data(segment, &felts).map_err(HintError::Memory)?;
                    segment.into()
                }
            });
        }
        let answer = Answer { gas: self.gas, failed: self.failed, cells, data: self.data.clone() };
        answer.write(faults, vm, (syscall + (2 + self.syscall.request_cells))?)
    }
}

/// The felts from `start` to the end of what has been written there.
fn felts_from(vm: &VirtualMachine, start: Relocatable) -> Vec<Felt> {
    (0..)
        .map_while(|offset: usize| (start + offset).ok().and_then(|cell| vm.get_maybe(&cell)?.get_int()))
        .collect()
}
