//! How the protocol calls an account, in either phase.

use std::sync::Arc;

use blockifier::context::TransactionContext;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::execution::entry_point::{
    CallEntryPoint, CallType, EntryPointExecutionContext, SierraGasRevertTracker,
};
use blockifier::state::errors::StateError;
use starknet_api::contract_class::EntryPointType;
use starknet_api::core::{ContractAddress, EntryPointSelector};
use starknet_api::execution_resources::GasAmount;
use zkthreads_protocol::InnerTransaction;

use crate::left_out::{LeftOutReason, Limit};

/// The context of one phase, whose Sierra gas is `gas`.
pub(crate) fn entry_point_context(
    context: &Arc<TransactionContext>,
    mode: ExecutionMode,
    gas: GasAmount,
) -> EntryPointExecutionContext {
    // Steps are bounded by the protocol, not by the fee the user would pay on the chain.
    let limit_steps_by_resources = false;
    let tracker = SierraGasRevertTracker::new(gas);
    EntryPointExecutionContext::new(Arc::clone(context), mode, limit_steps_by_resources, tracker)
}

/// The protocol's call of an entry point of the sender.
pub(crate) fn call_of_account(
    transaction: &InnerTransaction,
    entry_point_selector: EntryPointSelector,
    gas: GasAmount,
) -> CallEntryPoint {
    CallEntryPoint {
        class_hash: None,
        code_address: None,
        entry_point_type: EntryPointType::External,
        entry_point_selector,
        calldata: transaction.as_invoke().calldata.clone(),
        storage_address: transaction.as_invoke().sender_address,
        caller_address: ContractAddress::default(),
        call_type: CallType::Call,
        initial_gas: gas.0,
    }
}

/// What is said of an execution that was ended after so many steps.
pub(crate) fn too_many_steps(max: u64) -> impl FnOnce(u64) -> LeftOutReason {
    move |size| LeftOutReason::TooLarge { limit: Limit::Steps, size, max }
}

pub(crate) fn state_error(error: StateError) -> LeftOutReason {
    LeftOutReason::State { reason: error.to_string() }
}
