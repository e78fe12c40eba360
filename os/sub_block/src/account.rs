//! One inner transaction through the account flow: nonce, `__validate__`, `__execute__`.

use std::collections::BTreeSet;
use std::sync::Arc;

use blockifier::context::{BlockContext, TransactionContext};
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::execution::stack_trace::{Cairo1RevertHeader, extract_trailing_cairo1_revert_trace};
use blockifier::state::cached_state::CachedState;
use blockifier::state::state_api::{State, StateReader};
use blockifier::transaction::objects::{CommonAccountFields, CurrentTransactionInfo, TransactionInfo};
use starknet_api::core::ClassHash;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::{TransactionHash, TransactionVersion};
use starknet_types_core::felt::Felt;
use zkthreads_execution::ClassSource;
use zkthreads_execution::busy::within_steps;
use zkthreads_protocol::InnerTransaction;

use crate::account_call::{call_of_account, entry_point_context, state_error, too_many_steps};
use crate::execute;
use crate::left_out::LeftOutReason;
use crate::record;
use crate::touched::Touched;
use crate::watched::Watched;

/// What `__validate__` returns if it accepts.
fn valid() -> Felt {
    Felt::from_bytes_be_slice(b"VALID")
}

/// Both calls of an inner transaction, checked to be within what the OS can prove.
pub(crate) struct Execution {
    pub(crate) validate: CallInfo,
    pub(crate) execute: CallInfo,
    /// Why `execute` was undone, if it was: as a receipt of the chain tells it.
    pub(crate) revert_reason: Option<String>,
    /// How many steps the VM took for both.
    pub(crate) steps: u64,
    pub(crate) touched: Touched,
}

/// Runs `transaction` on `state`, which is of no use if this fails. Neither phase goes on for long after `max_steps` of the VM: no
/// sub-block has room for it.
pub(crate) fn run<S: StateReader>(
    state: &mut CachedState<S>,
    source: &impl ClassSource,
    block_context: &Arc<BlockContext>,
    transaction: &InnerTransaction,
    hash: TransactionHash,
    max_steps: u64,
) -> Result<Execution, LeftOutReason> {
    let context = Arc::new(TransactionContext {
        block_context: Arc::clone(block_context),
        tx_info: transaction_info(transaction, hash),
    });
    let account_class = consume_nonce(state, transaction)?;
    check_class(state, source, account_class)?;
    let initial_gas = context.initial_sierra_gas();

    let mut touched = Touched::default();
    let validate = || validate(state, &context, transaction, initial_gas, &mut touched);
    let (validate, of_validate) = within_steps(max_steps, validate).map_err(too_many_steps(max_steps))?;
    let validate = validate?;
    let gas = GasAmount(initial_gas.0.saturating_sub(validate.execution.gas_consumed));
    let (execute, revert_reason, of_execute) =
        execute::run(state, &context, transaction, gas, max_steps, &validate, &mut touched)?;

    let steps = of_validate.saturating_add(of_execute);
    let execution = Execution { validate, execute, revert_reason, steps, touched };
    for call in execution.validate.iter().chain(execution.execute.iter()) {
        record::check_served(call)?;
    }
    for class_hash in &execution.touched.classes {
        check_class(state, source, *class_hash)?;
    }
    Ok(execution)
}

/// Gives the sender's class.
fn consume_nonce(state: &mut dyn State, transaction: &InnerTransaction) -> Result<ClassHash, LeftOutReason> {
    let invoke = transaction.as_invoke();
    let account = invoke.sender_address;
    let class_hash = state.get_class_hash_at(account).map_err(state_error)?;
    if class_hash == ClassHash::default() {
        return Err(LeftOutReason::NotDeployed { account });
    }
    let expected = state.get_nonce_at(account).map_err(state_error)?;
    if expected != invoke.nonce {
        return Err(LeftOutReason::Nonce { account, expected, found: invoke.nonce });
    }
    state.increment_nonce(account).map_err(state_error)?;
    Ok(class_hash)
}

fn validate(
    state: &mut dyn State,
    context: &Arc<TransactionContext>,
    transaction: &InnerTransaction,
    gas: GasAmount,
    touched: &mut Touched,
) -> Result<CallInfo, LeftOutReason> {
    let mode = ExecutionMode::Validate;
    let mut gas = gas.min(context.sierra_gas_limit(&mode));
    let mut entry_point_context = entry_point_context(context, mode, gas);
    let constants = context.block_context.versioned_constants();
    let selector = constants.os_constants.validate_entry_point_selector;
    let call = call_of_account(transaction, selector, gas);
    let no_stand_ins = BTreeSet::new();
    let mut watched = Watched::new(state, &no_stand_ins);
    let validate = call
        .execute(&mut watched, &mut entry_point_context, &mut gas.0)
        .map_err(|error| LeftOutReason::Validate { reason: error.to_string() })?;
    if validate.execution.failed {
        let trace = extract_trailing_cairo1_revert_trace(&validate, Cairo1RevertHeader::Validation);
        return Err(LeftOutReason::Validate { reason: trace.to_string() });
    }
    if validate.execution.retdata.0 != [valid()] {
        return Err(LeftOutReason::ValidateReturn { returned: validate.execution.retdata.0 });
    }
    touched.note_tree(&validate, &watched.into_accesses());
    Ok(validate)
}

fn check_class(
    state: &dyn StateReader,
    source: &impl ClassSource,
    class_hash: ClassHash,
) -> Result<(), LeftOutReason> {
    match state.get_compiled_class(class_hash).map_err(state_error)? {
        RunnableCompiledClass::V0(_) => Err(LeftOutReason::LegacyClass { class_hash }),
        RunnableCompiledClass::V1(_) => match source.unhardened(class_hash).map_err(state_error)? {
            Some(reason) => Err(LeftOutReason::UnhardenedClass { class_hash, reason }),
            None => Ok(()),
        },
    }
}

fn transaction_info(transaction: &InnerTransaction, hash: TransactionHash) -> TransactionInfo {
    let invoke = transaction.as_invoke();
    TransactionInfo::Current(CurrentTransactionInfo {
        common_fields: CommonAccountFields {
            transaction_hash: hash,
            version: TransactionVersion::THREE,
            signature: invoke.signature.clone(),
            nonce: invoke.nonce,
            sender_address: invoke.sender_address,
            only_query: false,
        },
        resource_bounds: invoke.resource_bounds,
        tip: invoke.tip,
        nonce_data_availability_mode: invoke.nonce_data_availability_mode,
        fee_data_availability_mode: invoke.fee_data_availability_mode,
        paymaster_data: invoke.paymaster_data.clone(),
        account_deployment_data: invoke.account_deployment_data.clone(),
        proof_facts: invoke.proof_facts.clone(),
    })
}
