//! What a hint sees: the VM and the names in scope.

use std::collections::HashMap;

use cairo_vm::hint_processor::builtin_hint_processor::hint_utils::{
    get_integer_from_var_name, get_ptr_from_var_name, insert_value_from_var_name,
};
use cairo_vm::hint_processor::hint_processor_definition::HintReference;
use cairo_vm::serde::deserialize_program::ApTracking;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_types_core::felt::Felt;

use super::HintResult;
use crate::faults::Faults;

/// The VM and the Cairo variables that a hint may read or set.
pub(crate) struct Args<'a> {
    pub(crate) vm: &'a mut VirtualMachine,
    pub(crate) ids: &'a HashMap<String, HintReference>,
    pub(crate) ap_tracking: &'a ApTracking,
    pub(crate) faults: &'a mut dyn Faults,
}

impl Args<'_> {
    /// A variable that holds a pointer.
    pub(crate) fn pointer(&self, name: &str) -> Result<Relocatable, HintError> {
        get_ptr_from_var_name(name, self.vm, self.ids, self.ap_tracking)
    }

    /// A variable that holds a number.
    pub(crate) fn integer(&self, name: &str) -> Result<Felt, HintError> {
        get_integer_from_var_name(name, self.vm, self.ids, self.ap_tracking)
    }

    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<MaybeRelocatable>) -> HintResult {
        let value = self.faults.supply(value.into());
        insert_value_from_var_name(name, value, self.vm, self.ids, self.ap_tracking)
    }

    /// The number in a memory cell.
    pub(crate) fn integer_at(&self, address: Relocatable) -> Result<Felt, HintError> {
        self.vm.get_integer(address).map(|felt| *felt).map_err(HintError::Memory)
    }

    /// The pointer in a memory cell.
    pub(crate) fn pointer_at(&self, address: Relocatable) -> Result<Relocatable, HintError> {
        self.vm.get_relocatable(address).map_err(HintError::Memory)
    }

    /// Writes cells from `address` on.
    pub(crate) fn write(
        &mut self,
        address: Relocatable,
        cells: impl IntoIterator<Item = MaybeRelocatable>,
    ) -> HintResult {
        let cells: Vec<MaybeRelocatable> = cells.into_iter().map(|cell| self.faults.supply(cell)).collect();
        self.vm.load_data(address, &cells).map(|_| ()).map_err(HintError::Memory)
    }

    /// Lays out cells in a segment of their own.
    pub(crate) fn allocate(
        &mut self,
        cells: impl IntoIterator<Item = MaybeRelocatable>,
    ) -> Result<Relocatable, HintError> {
        allocate(self.vm, self.faults, cells)
    }
}

/// Lays out cells in a segment of their own.
pub(crate) fn allocate(
    vm: &mut VirtualMachine,
    faults: &mut dyn Faults,
    cells: impl IntoIterator<Item = MaybeRelocatable>,
) -> Result<Relocatable, HintError> {
    let segment = vm.add_memory_segment();
    let cells: Vec<MaybeRelocatable> = cells.into_iter().map(|cell| faults.supply(cell)).collect();
    vm.load_data(segment, &cells).map_err(HintError::Memory)?;
    Ok(segment)
}
