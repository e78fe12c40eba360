//! Calling an entry point.

use std::sync::Arc;

use blockifier::context::TransactionContext;
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::entry_point::{
    CallEntryPoint, CallType, EntryPointExecutionContext, SierraGasRevertTracker,
};
use blockifier::execution::errors::{
    AnnotatedEntryPointExecutionError, EntryPointExecutionError, PreExecutionError,
};
use blockifier::execution::stack_trace::{Cairo1RevertHeader, extract_trailing_cairo1_revert_trace};
use blockifier::execution::syscalls::hint_processor::ENTRYPOINT_NOT_FOUND_ERROR_FELT;
use blockifier::state::cached_state::CachedState;
use blockifier::transaction::errors::TransactionExecutionError;
use blockifier::transaction::objects::TransactionInfo;
use starknet_api::contract_class::EntryPointType;
use starknet_api::core::{ClassHash, ContractAddress, EntryPointSelector};
use starknet_api::transaction::fields::Calldata;
use starknet_types_core::felt::Felt;

use crate::call_stack::{CallStack, OpenCall};
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
        let class_hash = state.class_hash(contract).map_err(ExecutionError::from)?;
        if class_hash == ClassHash::default() {
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
            Ok(call) => answer(call, OpenCall { contract, class_hash, selector }),
            Err(error) => Err(failure(error, contract, class_hash, selector)),
        }
    }
}

fn answer(call: CallInfo, root: OpenCall) -> Result<Vec<Felt>, CallError> {
    let retdata = &call.execution.retdata.0;
    match call.execution.failed {
        false => Ok(call.execution.retdata.0),
        true if retdata.as_slice() == [ENTRYPOINT_NOT_FOUND_ERROR_FELT] => {
            Err(CallError::EntryPointNotFound { contract: root.contract, selector: root.selector.0 })
        }
        true => {
            let trace = extract_trailing_cairo1_revert_trace(&call, Cairo1RevertHeader::Execution);
            Err(CallError::Reverted(CallStack::from(&trace).at_least(root)))
        }
    }
}

fn failure(
    error: AnnotatedEntryPointExecutionError,
    contract: ContractAddress,
    class_hash: ClassHash,
    selector: EntryPointSelector,
) -> CallError {
    match error.unannotated() {
        EntryPointExecutionError::PreExecutionError(
            PreExecutionError::EntryPointNotFound(_) | PreExecutionError::NoEntryPointOfTypeFound(_),
        ) => CallError::EntryPointNotFound { contract, selector: selector.0 },
        _ => {
            let error = Box::new(error);
            let failed = TransactionExecutionError::ExecutionError {
                error,
                class_hash,
                storage_address: contract,
                selector,
            };
            CallError::Reverted((&failed).into())
        }
    }
}
