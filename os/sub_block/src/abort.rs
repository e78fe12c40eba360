//! Failures that no caller can catch. Blockifier then drops the call tree and tells the cause only in its error.

use std::fmt::{self, Display, Formatter};

use blockifier::execution::errors::{
    AnnotatedEntryPointExecutionError, ConstructorEntryPointExecutionError, EntryPointExecutionError,
    PreExecutionError,
};
use blockifier::execution::syscalls::hint_processor::SyscallExecutionError;
use blockifier::state::errors::StateError;
use cairo_vm::vm::errors::cairo_run_errors::CairoRunError;
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::errors::vm_errors::VirtualMachineError;
use starknet_api::core::{ClassHash, ContractAddress};

/// Why `__execute__` failed where no caller could catch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbortCause {
    /// A call of an address where nothing is deployed.
    NotDeployed(ContractAddress),
    /// A class that is not declared.
    UndeclaredClass(ClassHash),
    /// A deployment to an address that is taken.
    AddressTaken(ContractAddress),
    /// A constructor that fails.
    Constructor,
    /// Calls nested too deeply.
    Depth,
    /// Too many events, or too large a one.
    Events,
    /// More Cairo steps than a transaction may take.
    Steps,
    /// Another failure: a syscall with a malformed request, or code that breaks off.
    Other,
}

impl Display for AbortCause {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeployed(contract) => {
                write!(formatter, "nothing is deployed at {:#x}", contract.0.key())
            }
            Self::UndeclaredClass(class) => write!(formatter, "class {:#x} is not declared", class.0),
            Self::AddressTaken(contract) => {
                write!(formatter, "a contract is deployed already at {:#x}", contract.0.key())
            }
            Self::Constructor => formatter.write_str("a constructor fails"),
            Self::Depth => formatter.write_str("calls are nested too deeply"),
            Self::Events => formatter.write_str("too many events, or too large a one"),
            Self::Steps => formatter.write_str("too many Cairo steps"),
            Self::Other => formatter.write_str("the code breaks off"),
        }
    }
}

impl AbortCause {
    /// The innermost cause of what blockifier reports.
    pub(crate) fn of(error: &AnnotatedEntryPointExecutionError) -> Self {
        match error.unannotated() {
            EntryPointExecutionError::PreExecutionError(PreExecutionError::UninitializedStorageAddress(
                at,
            )) => Self::NotDeployed(*at),
            EntryPointExecutionError::PreExecutionError(PreExecutionError::StateError(error))
            | EntryPointExecutionError::StateError(error) => Self::of_state(error),
            EntryPointExecutionError::RecursionDepthExceeded => Self::Depth,
            // Only a constructor's failure is an error inside a call.
            EntryPointExecutionError::ExecutionFailed { .. }
            | EntryPointExecutionError::InvalidExecutionInput { .. } => Self::Constructor,
            EntryPointExecutionError::CairoRunError(error) => Self::of_run(error),
            _ => Self::Other,
        }
    }

    fn of_state(error: &StateError) -> Self {
        match error {
            StateError::UndeclaredClassHash(class_hash) => Self::UndeclaredClass(*class_hash),
            StateError::UnavailableContractAddress(address) => Self::AddressTaken(*address),
            _ => Self::Other,
        }
    }

    fn of_run(error: &CairoRunError) -> Self {
        match error {
            CairoRunError::VmException(exception) => Self::of_vm(&exception.inner_exc),
            CairoRunError::VirtualMachine(error) => Self::of_vm(error),
            _ => Self::Other,
        }
    }

    fn of_vm(error: &VirtualMachineError) -> Self {
        match error {
            VirtualMachineError::UnfinishedExecution => Self::Steps,
            VirtualMachineError::Hint(hint) => match &hint.1 {
                HintError::Internal(error) => Self::of_vm(error),
                _ => Self::Other,
            },
            VirtualMachineError::Other(error) => {
                error.downcast_ref::<SyscallExecutionError>().map_or(Self::Other, Self::of_syscall)
            }
            _ => Self::Other,
        }
    }

    fn of_syscall(error: &SyscallExecutionError) -> Self {
        match error {
            SyscallExecutionError::CallContractExecutionError { error, .. }
            | SyscallExecutionError::LibraryCallExecutionError { error, .. } => Self::of_syscall(error),
            SyscallExecutionError::EntryPointExecutionError(error) => Self::of(error),
            SyscallExecutionError::ConstructorEntryPointExecutionError(
                ConstructorEntryPointExecutionError::ExecutionError { error, .. },
            ) => Self::of(error),
            SyscallExecutionError::EmitEventError(_) => Self::Events,
            SyscallExecutionError::StateError(error) => Self::of_state(error),
            _ => Self::Other,
        }
    }
}
