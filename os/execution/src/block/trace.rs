//! From blockifier's calls to the traces that a block stores.

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::entry_point::CallType as BlockifierCallType;
use blockifier::fee::resources::ComputationResources;
use blockifier::transaction::objects::TransactionExecutionInfo;
use starknet_api::execution_resources::GasAmount;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::fields::GasVectorComputationMode;
use zkthreads_storage::{CallGas, CallTrace, CallType, OrderedEvent, OrderedMessage, TransactionTrace};

pub(super) fn build(
    info: &TransactionExecutionInfo,
    state_diff: ThinStateDiff,
    constants: &VersionedConstants,
) -> TransactionTrace {
    let call = |call: &Option<CallInfo>| call.as_ref().map(|call| call_trace(call, constants));
    TransactionTrace {
        validate: call(&info.validate_call_info),
        execute: call(&info.execute_call_info),
        fee_transfer: call(&info.fee_transfer_call_info),
        state_diff,
    }
}

/// A call and the calls inside it (blockifier bounds their depth).
#[must_use]
pub fn call_trace(info: &CallInfo, constants: &VersionedConstants) -> CallTrace {
    let (call, execution) = (&info.call, &info.execution);
    let events = execution
        .events
        .iter()
        .map(|event| OrderedEvent { order: order(event.order), content: event.event.clone() });
    let messages = execution.l2_to_l1_messages.iter().map(|sent| OrderedMessage {
        order: order(sent.order),
        to: sent.message.to_address,
        payload: sent.message.payload.0.clone(),
    });
    CallTrace {
        contract: call.storage_address,
        selector: call.entry_point_selector,
        calldata: call.calldata.0.to_vec(),
        caller: call.caller_address,
        class_hash: call.class_hash.unwrap_or_default(),
        entry_point_type: call.entry_point_type,
        call_type: match call.call_type {
            BlockifierCallType::Call => CallType::Call,
            BlockifierCallType::Delegate => CallType::LibraryCall,
        },
        result: execution.retdata.0.clone(),
        calls: info.inner_calls.iter().map(|inner| call_trace(inner, constants)).collect(),
        events: events.collect(),
        messages: messages.collect(),
        gas: gas(info, constants),
        failed: execution.failed,
    }
}

fn order(order: usize) -> u64 {
    u64::try_from(order).unwrap_or(u64::MAX)
}

/// Sierra gas, and VM steps and builtins at their price in gas.
fn gas(info: &CallInfo, constants: &VersionedConstants) -> CallGas {
    let computation = ComputationResources {
        tx_extended_vm_resources: info.resources.clone(),
        sierra_gas: GasAmount(info.execution.gas_consumed),
        ..Default::default()
    };
    let gas = computation.to_gas_vector(constants, &GasVectorComputationMode::All);
    CallGas { l1_gas: gas.l1_gas.0, l2_gas: gas.l2_gas.0 }
}
