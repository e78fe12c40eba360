//! From stored traces to the spec's.

use starknet_api::contract_class::EntryPointType as ApiEntryPointType;
use starknet_rust_core::types::{
    CallType, DeclareTransactionTrace, DeployAccountTransactionTrace, EntryPointType, ExecuteInvocation,
    ExecutionResources, FunctionInvocation, InnerCallExecutionResources, InvokeTransactionTrace,
    L1HandlerTransactionTrace, OrderedEvent, OrderedMessage, RevertedInvocation, StateDiff, TransactionTrace,
};
use zkthreads_execution::{PendingBody, Simulation};
use zkthreads_storage::{CallTrace, CallType as StoredCallType, ExecutionStatus, Receipt};

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
        PendingBody::L1Handler(_) => TransactionTrace::L1Handler(L1HandlerTransactionTrace {
            function_invocation: execute_invocation(simulation)?,
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

/// A call and the calls inside it.
fn invocation(call: &CallTrace) -> FunctionInvocation {
    let contract_address = *call.contract.0.key();
    let events = call.events.iter().map(|event| OrderedEvent {
        order: event.order,
        keys: event.content.keys.iter().map(|key| key.0).collect(),
        data: event.content.data.0.clone(),
    });
    let messages = call.messages.iter().map(|message| OrderedMessage {
        order: message.order,
        from_address: contract_address,
        to_address: message.to.0,
        payload: message.payload.clone(),
    });
    FunctionInvocation {
        contract_address,
        entry_point_selector: call.selector.0,
        calldata: call.calldata.clone(),
        caller_address: *call.caller.0.key(),
        class_hash: call.class_hash.0,
        entry_point_type: match call.entry_point_type {
            ApiEntryPointType::Constructor => EntryPointType::Constructor,
            ApiEntryPointType::External => EntryPointType::External,
            ApiEntryPointType::L1Handler => EntryPointType::L1Handler,
        },
        call_type: match call.call_type {
            StoredCallType::Call => CallType::Call,
            StoredCallType::LibraryCall => CallType::LibraryCall,
        },
        result: call.result.clone(),
        calls: call.calls.iter().map(invocation).collect(),
        events: events.collect(),
        messages: messages.collect(),
        execution_resources: InnerCallExecutionResources { l1_gas: call.gas.l1_gas, l2_gas: call.gas.l2_gas },
        is_reverted: call.failed,
    }
}
