//! Executions that no block can hold: they are dropped, and their sender pays all the same.
//!
//! A transaction that was executed has made us work. If what it did is larger than an empty block, or makes blockifier
//! panic, it is treated as blockifier treats one whose cost exceeds its bounds: what `__execute__` did is dropped;
//! validation, nonce and fee stay. Otherwise its sender could have it executed again and again for nothing. Nobody is
//! charged whose `__validate__` did not pass: nobody signed. A DECLARE or DEPLOY_ACCOUNT cannot be reverted.

use std::sync::Arc;

use blockifier::context::{BlockContext, TransactionContext};
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::execution::stack_trace::{ErrorStack, ErrorStackSegment};
use blockifier::fee::fee_checks::{FeeCheckReportFields, PostExecutionReport};
use blockifier::fee::receipt::TransactionReceipt;
use blockifier::fee::resources::ComputationResources;
use blockifier::state::cached_state::TransactionalState;
use blockifier::state::state_api::UpdatableState;
use blockifier::transaction::account_transaction::AccountTransaction;
use blockifier::transaction::errors::TransactionExecutionError;
use blockifier::transaction::objects::{RevertError, TransactionExecutionInfo, TransactionInfoCreator};
use starknet_api::executable_transaction::L1HandlerTransaction;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{Fee, GasVectorComputationMode};

use crate::admit::AdmitError;
use crate::thread::constants::Meter;
use crate::thread::fee::{self, Reverted};
use crate::thread::validate::validate;

/// Why an execution is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Unfit {
    /// What its sender is told.
    pub(crate) reason: String,
    /// What `__execute__` took.
    pub(crate) took: Reverted,
}

impl Unfit {
    pub(super) fn new(reason: String, info: &TransactionExecutionInfo, block: &BlockContext) -> Self {
        Self { reason, took: took(info, block) }
    }

    /// What it took nobody knows: as much as Sierra gas allows.
    pub(super) fn panicked(block: &BlockContext) -> Self {
        let most = block.versioned_constants().sierra_gas_limit(&ExecutionMode::Execute);
        Self { reason: "the execution panicked".to_owned(), took: (0, most) }
    }

    /// L2 gas that is paid for what is dropped. It takes no room in a block.
    pub(super) fn gas(&self, block: &BlockContext) -> GasAmount {
        let (steps, gas) = self.took;
        let step = block.versioned_constants().os_constants.gas_costs.base.step_gas_cost;
        GasAmount(u64::try_from(steps).unwrap_or(u64::MAX).saturating_mul(step).saturating_add(gas.0))
    }

    /// A transaction that is larger than an empty block; what else it may be, as it is.
    pub(super) fn too_large(
        error: TransactionExecutionError,
        info: &TransactionExecutionInfo,
        block: &BlockContext,
    ) -> Result<Self, AdmitError> {
        match error {
            TransactionExecutionError::TransactionTooLarge { max_capacity, tx_size } => {
                let exceeded = max_capacity.get_exceeded_weights(*tx_size);
                Ok(Self::new(format!("larger than any block: {exceeded}"), info, block))
            }
            error => Err(error.into()),
        }
    }
}

/// Steps and gas that `__execute__` took, at a receipt's prices.
fn took(info: &TransactionExecutionInfo, block: &BlockContext) -> Reverted {
    let before = &info.receipt.resources.computation;
    let constants = block.versioned_constants();
    let calls = CallInfo::summarize_many(info.execute_call_info.iter(), constants).charged_resources;
    let calls = ComputationResources {
        tx_extended_vm_resources: calls.extended_vm_resources,
        sierra_gas: calls.gas_consumed,
        ..ComputationResources::default()
    };
    let gas = calls.to_gas_vector(constants, &GasVectorComputationMode::All).l2_gas;
    (before.n_reverted_steps, GasAmount(before.reverted_sierra_gas.0.saturating_add(gas.0)))
}

/// An INVOKE without its `__execute__`: as reverted.
pub(super) fn charge<U: UpdatableState>(
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
pub(super) fn consume(
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
