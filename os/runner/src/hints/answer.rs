//! Answers to syscalls, before the OS has checked them.

use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::RecordedCall;

use super::args::allocate;
use super::broken;
use crate::faults::Faults;

/// An answer to a syscall.
pub(super) struct Answer {
    /// Gas left.
    pub(super) gas: u64,
    pub(super) failed: bool,
    /// Cells behind gas and failure flag.
    pub(super) cells: Vec<MaybeRelocatable>,
    /// An array whose start and end follow those cells: what a call returned, or the reason of a failure.
    pub(super) data: Option<Vec<Felt>>,
}

impl Answer {
    pub(super) fn success(gas: u64, cells: Vec<MaybeRelocatable>) -> Self {
        Self { gas, failed: false, cells, data: None }
    }

    pub(super) fn failure(gas: u64, reason: &str) -> Self {
        let data = vec![Felt::from_bytes_be_slice(reason.as_bytes())];
        Self { gas, failed: true, cells: vec![], data: Some(data) }
    }

    /// What the caller of `inner` learns of it. `cells` stand in front of what it returned.
    pub(super) fn of_call(
        gas: u64,
        inner: &RecordedCall,
        cells: Vec<MaybeRelocatable>,
    ) -> Result<Self, HintError> {
        let gas = gas
            .checked_sub(inner.gas_consumed)
            .ok_or_else(|| broken("a call takes more gas than is left"))?;
        let mut data = inner.retdata.clone();
        if inner.failed {
            data.push(Felt::from_bytes_be_slice(b"ENTRYPOINT_FAILED"));
        }
        let cells = if inner.failed { vec![] } else { cells };
        Ok(Self { gas, failed: inner.failed, cells, data: Some(data) })
    }

    /// Writes the answer at `target`; returns its end. Faults are asked, in this order, for the gas left, the failure flag (a
    /// failure of its invention is for want of gas), the cells, the data.
    pub(super) fn write(
        self,
        faults: &mut dyn Faults,
        vm: &mut VirtualMachine,
        target: Relocatable,
    ) -> Result<Relocatable, HintError> {
        faults.begin("syscall");
        let gas = faults.supply(Felt::from(self.gas).into());
        let flag = faults.supply(Felt::from(self.failed).into());
        let invented = !self.failed && flag != Felt::ZERO.into();
        let answer = if invented { Self::failure(self.gas, "Out of gas") } else { self };
        let mut cells = vec![gas, flag];
        cells.extend(answer.cells.into_iter().map(|cell| faults.supply(cell)));
        if let Some(data) = answer.data {
            let length = data.len();
            let start = allocate(vm, faults, data.into_iter().map(MaybeRelocatable::from))?;
            cells.extend([start.into(), (start + length)?.into()]);
        }
        vm.load_data(target, &cells).map_err(HintError::Memory)
    }
}
