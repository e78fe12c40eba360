//! Transactions that are executed again without their `__execute__`, because no block can hold what it did
//! ([`Unfit`]). What is left is what blockifier leaves of a transaction that it reverts.

use std::sync::Arc;

use blockifier::context::{BlockContext, TransactionContext};
use blockifier::execution::stack_trace::{ErrorStack, ErrorStackSegment};
use blockifier::fee::fee_checks::{FeeCheckReportFields, PostExecutionReport};
use blockifier::fee::receipt::TransactionReceipt;
use blockifier::state::cached_state::TransactionalState;
use blockifier::state::state_api::UpdatableState;
use blockifier::transaction::account_transaction::AccountTransaction;
use blockifier::transaction::objects::{RevertError, TransactionExecutionInfo, TransactionInfoCreator};
use blockifier::transaction::transaction_execution::Transaction;
use starknet_api::executable_transaction::{AccountTransaction as ApiTransaction, L1HandlerTransaction};
use starknet_api::transaction::fields::Fee;

use crate::error::AdmitError;
use crate::thread::constants::Meter;
use crate::thread::fee;
use crate::thread::validate::validate;
use crate::unfit::Unfit;

/// Executes it, if it is of a kind that can be reverted.
pub(super) fn execute<U: UpdatableState>(
    state: &mut TransactionalState<'_, U>,
    block: &Arc<BlockContext>,
    transaction: &Transaction,
    unfit: &Unfit,
) -> Result<TransactionExecutionInfo, AdmitError> {
    match transaction {
        Transaction::Account(invoke) if matches!(invoke.tx, ApiTransaction::Invoke(_)) => {
            charge(state, block, invoke, unfit)
        }
        Transaction::L1Handler(message) => Ok(consume(block, message, unfit)),
        Transaction::Account(_) => Err(AdmitError::Execution(unfit.reason.clone().into())),
    }
}

/// An INVOKE: validation, nonce, and the fee for all that it took.
fn charge<U: UpdatableState>(
    state: &mut TransactionalState<'_, U>,
    block: &Arc<BlockContext>,
    transaction: &AccountTransaction,
    unfit: &Unfit,
) -> Result<TransactionExecutionInfo, AdmitError> {
    let context = Arc::new(TransactionContext {
        block_context: Arc::clone(block),
        tx_info: transaction.create_tx_info(),
    });
    let charges = transaction.execution_flags.charge_fee;
    let validated = validate(state, &context, transaction)?;
    let changes = state.to_state_diff()?;
    let calls = validated.call.iter();
    let mut receipt = fee::receipt(transaction, &context, &changes, calls, Meter::default(), &[], unfit.took);
    receipt.fee = PostExecutionReport::new(state, &context, &receipt, charges)?.recommended_fee();
    let fee_transfer_call_info = if charges { fee::transfer(state, &context, receipt.fee)? } else { None };
    Ok(TransactionExecutionInfo {
        validate_call_info: validated.call,
        execute_call_info: None,
        fee_transfer_call_info,
        revert_error: Some(revert_error(unfit)),
        receipt,
    })
}

/// A message from L1 that is consumed and does nothing. L1 was paid for it.
fn consume(
    block: &Arc<BlockContext>,
    message: &L1HandlerTransaction,
    unfit: &Unfit,
) -> TransactionExecutionInfo {
    let context = TransactionContext { block_context: Arc::clone(block), tx_info: message.create_tx_info() };
    let receipt = TransactionReceipt::reverted_l1_handler(&context, message.payload_size());
    TransactionExecutionInfo {
        validate_call_info: None,
        execute_call_info: None,
        fee_transfer_call_info: None,
        revert_error: Some(revert_error(unfit)),
        receipt: TransactionReceipt { fee: Fee(0), ..receipt },
    }
}

fn revert_error(unfit: &Unfit) -> RevertError {
    let mut stack = ErrorStack::default();
    stack.push(ErrorStackSegment::StringFrame(unfit.reason.clone()));
    stack.into()
}
