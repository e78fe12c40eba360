//! A prover that answers the OS's own hints as it likes.

use std::any::Any;

use cairo_vm::hint_processor::builtin_hint_processor::builtin_hint_processor_definition::{
    BuiltinHintProcessor, HintProcessorData,
};
use cairo_vm::hint_processor::hint_processor_definition::HintProcessorLogic;
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::runners::cairo_runner::ResourceTracker;
use cairo_vm::vm::vm_core::VirtualMachine;

use crate::faults::NoFaults;
use crate::hints::Args;

/// Answers each hint of the OS, given its name without prefix and arguments; those of the Cairo library honestly.
pub(super) struct Hostile<F> {
    answer: F,
    library: BuiltinHintProcessor,
}

impl<F: FnMut(&str, &mut Args<'_>) -> Result<(), HintError>> Hostile<F> {
    pub(super) fn new(answer: F) -> Self {
        Self { answer, library: BuiltinHintProcessor::new_empty() }
    }
}

impl<F: FnMut(&str, &mut Args<'_>) -> Result<(), HintError>> HintProcessorLogic for Hostile<F> {
    fn execute_hint(
        &mut self,
        vm: &mut VirtualMachine,
        scopes: &mut ExecutionScopes,
        hint: &Box<dyn Any>,
    ) -> Result<(), HintError> {
        let data = hint.downcast_ref::<HintProcessorData>().ok_or(HintError::WrongHintData)?;
        let Some(call) = data.code.strip_prefix("zkthreads.") else {
            return self.library.execute_hint(vm, scopes, hint);
        };
        let name = call.split('(').next().unwrap_or(call);
        let mut args =
            Args { vm, ids: &data.ids_data, ap_tracking: &data.ap_tracking, faults: &mut NoFaults };
        (self.answer)(name, &mut args)
    }
}

impl<F> ResourceTracker for Hostile<F> {}
