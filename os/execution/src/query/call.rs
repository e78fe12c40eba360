//! Calling an entry point.

use std::sync::Arc;

use blockifier::context::TransactionContext;
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::entry_point::{
    CallEntryPoint, CallType, EntryPointExecutionContext, SierraGasRevertTracker,
};
use blockifier::execution::errors::{EntryPointExecutionError, PreExecutionError};
use blockifier::execution::stack_trace::{Cairo1RevertHeader, extract_trailing_cairo1_revert_trace};
use blockifier::execution::syscalls::hint_processor::ENTRYPOINT_NOT_FOUND_ERROR_FELT;
use blockifier::state::cached_state::CachedState;
use blockifier::transaction::objects::TransactionInfo;
use starknet_api::contract_class::EntryPointType;
use starknet_api::core::{ClassHash, ContractAddress, EntryPointSelector};
use starknet_api::transaction::fields::Calldata;
use starknet_types_core::felt::Felt;

use crate::error::{CallError, ExecutionError};
use crate::executor::Executor;
use crate::query::at::StateAt;

impl Executor {
    /// Calls an entry point on the state at a moment, in that block's context.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call(
        &self,
        at: impl Into<StateAt>,
        contract: ContractAddress,
        selector: EntryPointSelector,
        calldata: Calldata,
    ) -> Result<Vec<Felt>, CallError> {
        let at = at.into();
        let block = self.context_of(&at)?.ok_or_else(|| CallError::UnknownBlock(at.number()))?;
        let state = self.state(&at);
        if state.class_hash(contract).map_err(ExecutionError::from)? == ClassHash::default() {
            return Err(CallError::ContractNotFound(contract));
        }
        let limit = block.versioned_constants().os_constants.execute_max_sierra_gas;
        let mut gas = limit.0;
        let context =
            TransactionContext { block_context: Arc::new(block), tx_info: TransactionInfo::default() };
        let mut execution = EntryPointExecutionContext::new_invoke(
            Arc::new(context),
            false,
            SierraGasRevertTracker::new(limit),
        );
        let call = CallEntryPoint {
            entry_point_type: EntryPointType::External,
            entry_point_selector: selector,
            calldata,
            storage_address: contract,
            call_type: CallType::Call,
            initial_gas: gas,
            ..CallEntryPoint::default()
        };
        let called = call.execute(&mut CachedState::new(state.clone()), &mut execution, &mut gas);
        state.all_read()?;
        match called {
            Ok(call) => answer(call, contract, selector),
            Err(error) => Err(failure(&error.into_unannotated(), contract, selector)),
        }
    }
}

fn answer(
    call: CallInfo,
    contract: ContractAddress,
    selector: EntryPointSelector,
) -> Result<Vec<Felt>, CallError> {
    let retdata = &call.execution.retdata.0;
    match call.execution.failed {
        false => Ok(call.execution.retdata.0),
        true if retdata.as_slice() == [ENTRYPOINT_NOT_FOUND_ERROR_FELT] => {
            Err(CallError::EntryPointNotFound { contract, selector: selector.0 })
        }
        true => {
            let trace = extract_trailing_cairo1_revert_trace(&call, Cairo1RevertHeader::Execution);
            Err(CallError::Reverted(trace.to_string()))
        }
    }
}

fn failure(
    error: &EntryPointExecutionError,
    contract: ContractAddress,
    selector: EntryPointSelector,
) -> CallError {
    match error {
        EntryPointExecutionError::PreExecutionError(
            PreExecutionError::EntryPointNotFound(_) | PreExecutionError::NoEntryPointOfTypeFound(_),
        ) => CallError::EntryPointNotFound { contract, selector: selector.0 },
        error => CallError::Reverted(error.to_string()),
    }
}
