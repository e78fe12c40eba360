//! From what blockifier reports to what a block stores.

use blockifier::execution::call_info::CallInfo;
use blockifier::transaction::objects::TransactionExecutionInfo;
use starknet_api::core::EthAddress;
use starknet_api::transaction::{Event, MessageToL1};
use zkthreads_storage::{ExecutionStatus, Receipt, SettledInner, ThreadOutcome};

use crate::error::AdmitError;
use crate::thread::settle::SettledSegments;
use crate::transaction::{PendingBody, PendingTransaction};

/// The receipt, and whose the events in it are. A thread adds the segments that settled, and what became of it.
pub(super) fn build(
    transaction: &PendingTransaction,
    info: &TransactionExecutionInfo,
    thread: Option<&(SettledSegments, ThreadOutcome)>,
) -> Result<(Receipt, SettledInner), AdmitError> {
    let settled = thread.map(|(settled, _)| settled.segments()).unwrap_or_default();
    let deploys = matches!(transaction.body, PendingBody::DeployAccount { .. });
    let (validate, execute) = (info.validate_call_info.as_ref(), info.execute_call_info.as_ref());
    // An account is constructed before it validates.
    let (first, second) = if deploys { (execute, validate) } else { (validate, execute) };

    let mut events = events(first);
    let inner = settled_inner(transaction, events.len(), settled.len());
    let mut messages = messages(first)?;
    for segment in settled {
        events.extend_from_slice(segment.events());
        messages.extend_from_slice(segment.messages());
    }
    for call in [second, info.fee_transfer_call_info.as_ref()] {
        events.extend(self::events(call));
        messages.extend(self::messages(call)?);
    }
    let receipt = Receipt {
        actual_fee: info.receipt.fee,
        status: status(info, thread.map(|(_, outcome)| outcome)),
        events,
        messages,
        gas: info.receipt.gas,
        deployed: deploys.then(|| transaction.sender()),
        thread: thread.map(|(_, outcome)| outcome.clone()),
    };
    Ok((receipt, inner))
}

/// What a thread settled, the events of whose first `settled` segments begin at `first_event` of its receipt.
fn settled_inner(transaction: &PendingTransaction, first_event: usize, settled: usize) -> SettledInner {
    let segments = match &transaction.body {
        PendingBody::Thread(thread) => thread.package().segments.get(..settled).unwrap_or_default(),
        _ => Default::default(),
    };
    SettledInner::of(first_event, segments)
}

fn status(info: &TransactionExecutionInfo, outcome: Option<&ThreadOutcome>) -> ExecutionStatus {
    let thread_error = outcome.and_then(ThreadOutcome::revert_reason);
    let reason = match (thread_error, &info.revert_error) {
        (Some(reason), _) => reason,
        (None, Some(error)) => error.to_string(),
        (None, None) => return ExecutionStatus::Succeeded,
    };
    ExecutionStatus::Reverted { reason }
}

/// Refuses messages to what is no Ethereum address: contracts may send them, the chain cannot store them.
pub(super) fn check_messages(info: &TransactionExecutionInfo) -> Result<(), AdmitError> {
    info.non_optional_call_infos().try_for_each(|call| messages(Some(call)).map(drop))
}

/// The events of a call and the calls inside it, in the order they were emitted.
pub fn events(call: Option<&CallInfo>) -> Vec<Event> {
    call.map(CallInfo::get_sorted_events).unwrap_or_default()
}

/// The messages of a call and the calls inside it, in the order they were sent; an error if one is to what is no
/// Ethereum address.
pub fn messages(call: Option<&CallInfo>) -> Result<Vec<MessageToL1>, AdmitError> {
    let mut ordered = Vec::new();
    for call in call.into_iter().flat_map(CallInfo::iter) {
        for sent in &call.execution.l2_to_l1_messages {
            let to_address = EthAddress::try_from(sent.message.to_address)
                .map_err(|error| AdmitError::Execution(format!("message to L1: {error}").into()))?;
            let message = MessageToL1 {
                from_address: call.call.storage_address,
                to_address,
                payload: sent.message.payload.clone(),
            };
            ordered.push((sent.order, message));
        }
    }
    ordered.sort_by_key(|(order, _)| *order);
    Ok(ordered.into_iter().map(|(_, message)| message).collect())
}
