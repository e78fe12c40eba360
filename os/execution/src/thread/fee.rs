//! Phase *fee*: what a thread costs, and the transfer that pays it.

use std::sync::Arc;

use blockifier::context::TransactionContext;
use blockifier::execution::call_info::{CallInfo, ExecutionSummary};
use blockifier::execution::entry_point::{
    CallEntryPoint, CallType, EntryPointExecutionContext, SierraGasRevertTracker,
};
use blockifier::fee::receipt::TransactionReceipt;
use blockifier::state::cached_state::StateChanges;
use blockifier::state::state_api::State;
use blockifier::transaction::account_transaction::AccountTransaction;
use blockifier::transaction::errors::{TransactionExecutionError, TransactionFeeError};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::contract_class::EntryPointType;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::constants::TRANSFER_ENTRY_POINT_NAME;
use starknet_api::transaction::fields::{Calldata, Fee};
use starknet_types_core::felt::Felt;

use super::constants::Meter;
use crate::blockifier_tx::without_proof_facts;
use crate::error::AdmitError;
use crate::unfit::Reverted;
use crate::verification::CheckedSegment;

/// The resources of the given calls and changes, as for an ordinary INVOKE, plus what the thread itself took: the
/// meter's gas, and the events, messages and changes of the settled segments at ordinary rates.
pub(crate) fn receipt<'a>(
    transaction: &AccountTransaction,
    context: &TransactionContext,
    changes: &StateChanges,
    calls: impl Iterator<Item = &'a CallInfo>,
    meter: Meter,
    settled: &[CheckedSegment],
    (reverted_steps, reverted_gas): Reverted,
) -> TransactionReceipt {
    let mut summary = CallInfo::summarize_many(calls, context.block_context.versioned_constants());
    add_thread(&mut summary, meter, settled);
    TransactionReceipt::from_account_tx(
        &without_proof_facts(transaction),
        context,
        changes,
        summary,
        reverted_steps,
        reverted_gas,
    )
}

/// Adds to a summary of calls what the thread brings along.
pub(crate) fn add_thread(summary: &mut ExecutionSummary, meter: Meter, settled: &[CheckedSegment]) {
    let gas = &mut summary.charged_resources.gas_consumed;
    *gas = GasAmount(gas.0.saturating_add(meter.gas().0));
    settled.iter().for_each(|segment| add_segment(summary, segment));
}

fn add_segment(summary: &mut ExecutionSummary, segment: &CheckedSegment) {
    let total = |lengths: &mut dyn Iterator<Item = usize>| {
        u64::try_from(lengths.fold(0, usize::saturating_add)).unwrap_or(u64::MAX)
    };
    let events = &mut summary.event_summary;
    let contents = || segment.events().iter().map(|event| &event.content);
    events.n_events = events.n_events.saturating_add(segment.events().len());
    events.total_event_keys =
        events.total_event_keys.saturating_add(total(&mut contents().map(|content| content.keys.len())));
    events.total_event_data_size = events
        .total_event_data_size
        .saturating_add(total(&mut contents().map(|content| content.data.0.len())));
    summary.l2_to_l1_payload_lengths.extend(segment.messages().iter().map(|message| message.payload.0.len()));
    let contracts = segment.statement().contracts.iter();
    let cells =
        contracts.flat_map(|contract| contract.storage.iter().map(|cell| (contract.address, cell.key)));
    summary.visited_storage_entries.extend(cells);
}

/// Moves the fee from the submitter to the sequencer, in STRK.
pub(crate) fn transfer(
    state: &mut dyn State,
    context: &Arc<TransactionContext>,
    fee: Fee,
) -> Result<Option<CallInfo>, AdmitError> {
    if fee == Fee(0) {
        return Ok(None);
    }
    let block = &context.block_context;
    // Enough for any token: the fee already contains the transfer's cost.
    let mut gas = block.versioned_constants().os_constants.gas_costs.base.default_initial_gas_cost;
    let sequencer = *block.block_info().sequencer_address.0.key();
    let call = CallEntryPoint {
        class_hash: None,
        code_address: None,
        entry_point_type: EntryPointType::External,
        entry_point_selector: selector_from_name(TRANSFER_ENTRY_POINT_NAME),
        calldata: Calldata(Arc::new(vec![sequencer, Felt::from(fee.0), Felt::ZERO])),
        storage_address: context.fee_token_address(),
        caller_address: context.tx_info.sender_address(),
        call_type: CallType::Call,
        initial_gas: gas,
    };
    let mut execution = EntryPointExecutionContext::new_invoke(
        Arc::clone(context),
        true,
        SierraGasRevertTracker::new(GasAmount(gas)),
    );
    let call = call.execute(state, &mut execution, &mut gas).map_err(|error| {
        TransactionExecutionError::from(Box::new(TransactionFeeError::ExecuteFeeTransferError(error)))
    })?;
    if call.execution.failed {
        return Err(AdmitError::InsufficientBalance(format!("the transfer of the fee of {fee} failed")));
    }
    Ok(Some(call))
}
