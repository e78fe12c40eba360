//! Phase *validate*: nonce, bounds, balance, then the account's own `__validate__`. A refusal here keeps the
//! transaction out of the block. Admission runs the same code, for ordinary INVOKEs too.

use std::sync::Arc;

use blockifier::context::TransactionContext;
use blockifier::execution::call_info::{CallInfo, Retdata};
use blockifier::execution::entry_point::{
    CallEntryPoint, CallType, EntryPointExecutionContext, SierraGasRevertTracker,
};
use blockifier::execution::stack_trace::{Cairo1RevertHeader, extract_trailing_cairo1_revert_trace};
use blockifier::state::state_api::{State, StateReader};
use blockifier::transaction::account_transaction::{AccountTransaction, is_cairo1};
use blockifier::transaction::errors::TransactionExecutionError;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::contract_class::EntryPointType;
use starknet_api::core::ContractAddress;
use starknet_api::executable_transaction::AccountTransaction as ApiTransaction;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::constants::{
    VALIDATE_DECLARE_ENTRY_POINT_NAME, VALIDATE_DEPLOY_ENTRY_POINT_NAME, VALIDATE_ENTRY_POINT_NAME,
    VALIDATE_RETDATA,
};
use starknet_api::transaction::fields::Calldata;

use crate::blockifier_tx::without_proof_facts;
use crate::error::AdmitError;

/// A transaction that may be executed, with what validating it took.
#[derive(Debug)]
pub(crate) struct Validated {
    /// The `__validate__` call; absent if it was to be skipped.
    pub(crate) call: Option<CallInfo>,
    /// What is left of the L2 gas bound.
    pub(crate) remaining_gas: u64,
}

/// Validates an INVOKE or a thread's envelope, and consumes its nonce.
pub(crate) fn validate<S: State + StateReader>(
    state: &mut S,
    context: &Arc<TransactionContext>,
    transaction: &AccountTransaction,
) -> Result<Validated, AdmitError> {
    without_proof_facts(transaction).perform_pre_validation_stage(state, context)?;
    let initial_gas = context.initial_sierra_gas().0;
    if !transaction.execution_flags.validate {
        return Ok(Validated { call: None, remaining_gas: initial_gas });
    }
    let call = run(state, context, transaction)?;
    let remaining_gas = initial_gas.saturating_sub(call.execution.gas_consumed);
    Ok(Validated { call: Some(call), remaining_gas })
}

/// What the account is asked with: its entry point, and the arguments.
fn question(transaction: &AccountTransaction) -> (&'static str, Calldata) {
    match &transaction.tx {
        ApiTransaction::Invoke(tx) => (VALIDATE_ENTRY_POINT_NAME, tx.calldata()),
        ApiTransaction::Declare(tx) => {
            (VALIDATE_DECLARE_ENTRY_POINT_NAME, Calldata(vec![tx.class_hash().0].into()))
        }
        ApiTransaction::DeployAccount(tx) => {
            let seed = [tx.class_hash().0, tx.contract_address_salt().0];
            let calldata = seed.iter().chain(tx.constructor_calldata().0.iter()).copied().collect();
            (VALIDATE_DEPLOY_ENTRY_POINT_NAME, Calldata(Arc::new(calldata)))
        }
    }
}

/// The account's own validation, and nothing besides.
pub(crate) fn run(
    state: &mut dyn State,
    context: &Arc<TransactionContext>,
    transaction: &AccountTransaction,
) -> Result<CallInfo, TransactionExecutionError> {
    let constants = &context.block_context.versioned_constants().os_constants;
    let mut gas = context.initial_sierra_gas().min(constants.validate_max_sierra_gas).0;
    let mut execution = EntryPointExecutionContext::new_validate(
        Arc::clone(context),
        transaction.execution_flags.charge_fee,
        SierraGasRevertTracker::new(GasAmount(gas)),
    );
    let storage_address = context.tx_info.sender_address();
    let class_hash = state.get_class_hash_at(storage_address)?;
    let (entry_point, calldata) = question(transaction);
    let selector = selector_from_name(entry_point);
    let call = CallEntryPoint {
        entry_point_type: EntryPointType::External,
        entry_point_selector: selector,
        calldata,
        class_hash: None,
        code_address: None,
        storage_address,
        caller_address: ContractAddress::default(),
        call_type: CallType::Call,
        initial_gas: gas,
    };
    let call = call.execute(state, &mut execution, &mut gas).map_err(|error| {
        TransactionExecutionError::ValidateTransactionError {
            error: Box::new(error),
            class_hash,
            storage_address,
            selector,
        }
    })?;
    check_result(&call, is_cairo1(&state.get_compiled_class(class_hash)?))?;
    Ok(call)
}

/// A Cairo 1 account answers `VALID`; a Cairo 0 one answers nothing.
fn check_result(call: &CallInfo, cairo1: bool) -> Result<(), TransactionExecutionError> {
    let Retdata(answer) = &call.execution.retdata;
    match (cairo1, call.execution.failed) {
        (true, true) => Err(TransactionExecutionError::PanicInValidate {
            panic_reason: extract_trailing_cairo1_revert_trace(call, Cairo1RevertHeader::Validation),
        }),
        (true, false) if answer.as_slice() != [*VALIDATE_RETDATA] => {
            Err(TransactionExecutionError::InvalidValidateReturnData { actual: Retdata(answer.clone()) })
        }
        (false, true) => Err(TransactionExecutionError::ValidateCairo0Error(Retdata(answer.clone()))),
        (true | false, false) => Ok(()),
    }
}
