//! From blockifier's calls to the spec's traces.

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::entry_point::CallType as BlockifierCallType;
use blockifier::fee::resources::ComputationResources;
use starknet_api::contract_class::EntryPointType as ApiEntryPointType;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::GasVectorComputationMode;
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use starknet_rust_core::types::{
    CallType, DeclareTransactionTrace, DeployAccountTransactionTrace, EntryPointType, ExecuteInvocation,
    ExecutionResources, FunctionInvocation, InnerCallExecutionResources, InvokeTransactionTrace,
    OrderedEvent, OrderedMessage, RevertedInvocation, StateDiff, TransactionTrace,
};
use starknet_types_core::felt::Felt;
use zkthreads_execution::{PendingBody, Simulation};
use zkthreads_storage::{ExecutionStatus, Receipt};

use crate::error::RpcError;

/// The trace of a simulated transaction of the kind of `body`.
pub(crate) fn transaction_trace(
    body: &PendingBody,
    simulation: &Simulation,
    state_diff: StateDiff,
) -> Result<TransactionTrace, RpcError> {
    let trace = &simulation.trace;
    let execution_resources = execution_resources(&simulation.receipt);
    let state_diff = Some(state_diff);
    let validate_invocation = trace.validate.as_ref().map(invocation);
    let fee_transfer_invocation = trace.fee_transfer.as_ref().map(invocation);
    Ok(match body {
        PendingBody::Invoke(_) | PendingBody::Thread { .. } => {
            TransactionTrace::Invoke(InvokeTransactionTrace {
                validate_invocation,
                execute_invocation: execute_invocation(simulation)?,
                fee_transfer_invocation,
                state_diff,
                execution_resources,
            })
        }
        PendingBody::Declare { .. } => TransactionTrace::Declare(DeclareTransactionTrace {
            validate_invocation,
            fee_transfer_invocation,
            state_diff,
            execution_resources,
        }),
        PendingBody::DeployAccount { .. } => TransactionTrace::DeployAccount(DeployAccountTransactionTrace {
            validate_invocation,
            constructor_invocation: invocation(trace.execute.as_ref().ok_or_else(missing_call)?),
            fee_transfer_invocation,
            state_diff,
            execution_resources,
        }),
    })
}

fn execute_invocation(simulation: &Simulation) -> Result<ExecuteInvocation, RpcError> {
    match &simulation.receipt.status {
        ExecutionStatus::Reverted { reason } => {
            Ok(ExecuteInvocation::Reverted(RevertedInvocation { revert_reason: reason.clone() }))
        }
        ExecutionStatus::Succeeded => {
            let call = simulation.trace.execute.as_ref().ok_or_else(missing_call)?;
            Ok(ExecuteInvocation::Success(invocation(call)))
        }
    }
}

fn missing_call() -> RpcError {
    RpcError::Internal { reason: "the trace of a successful transaction lacks its call".to_owned() }
}

fn execution_resources(receipt: &Receipt) -> ExecutionResources {
    ExecutionResources {
        l1_gas: receipt.gas.l1_gas.0,
        l1_data_gas: receipt.gas.l1_data_gas.0,
        l2_gas: receipt.gas.l2_gas.0,
    }
}

/// A call and the calls inside it (blockifier bounds their depth).
fn invocation(info: &CallInfo) -> FunctionInvocation {
    let call = &info.call;
    let contract_address = *call.storage_address.0.key();
    FunctionInvocation {
        contract_address,
        entry_point_selector: call.entry_point_selector.0,
        calldata: call.calldata.0.to_vec(),
        caller_address: *call.caller_address.0.key(),
        class_hash: call.class_hash.map_or(Felt::ZERO, |class_hash| class_hash.0),
        entry_point_type: match call.entry_point_type {
            ApiEntryPointType::Constructor => EntryPointType::Constructor,
            ApiEntryPointType::External => EntryPointType::External,
            ApiEntryPointType::L1Handler => EntryPointType::L1Handler,
        },
        call_type: match call.call_type {
            BlockifierCallType::Call => CallType::Call,
            BlockifierCallType::Delegate => CallType::LibraryCall,
        },
        result: info.execution.retdata.0.clone(),
        calls: info.inner_calls.iter().map(invocation).collect(),
        events: info
            .execution
            .events
            .iter()
            .map(|ordered| OrderedEvent {
                order: ordered.order as u64,
                keys: ordered.event.keys.iter().map(|key| key.0).collect(),
                data: ordered.event.data.0.clone(),
            })
            .collect(),
        messages: info
            .execution
            .l2_to_l1_messages
            .iter()
            .map(|ordered| OrderedMessage {
                order: ordered.order as u64,
                from_address: contract_address,
                to_address: ordered.message.to_address.0,
                payload: ordered.message.payload.0.clone(),
            })
            .collect(),
        execution_resources: call_resources(info),
        is_reverted: info.execution.failed,
    }
}

/// The gas of a call tree's computation: Sierra gas, and VM steps and builtins at their price in gas.
fn call_resources(info: &CallInfo) -> InnerCallExecutionResources {
    let computation = ComputationResources {
        tx_extended_vm_resources: info.resources.clone(),
        sierra_gas: GasAmount(info.execution.gas_consumed),
        ..Default::default()
    };
    let gas =
        computation.to_gas_vector(VersionedConstants::latest_constants(), &GasVectorComputationMode::All);
    InnerCallExecutionResources { l1_gas: gas.l1_gas.0, l2_gas: gas.l2_gas.0 }
}
