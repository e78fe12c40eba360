//! One inner transaction through the account flow: nonce, `__validate__`, `__execute__`.

use std::sync::Arc;

use blockifier::context::{BlockContext, TransactionContext};
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::execution::entry_point::{
    CallEntryPoint, CallType, EntryPointExecutionContext, SierraGasRevertTracker,
};
use blockifier::state::errors::StateError;
use blockifier::state::state_api::State;
use blockifier::transaction::objects::{CommonAccountFields, CurrentTransactionInfo, TransactionInfo};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::contract_class::EntryPointType;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::transaction::constants::{EXECUTE_ENTRY_POINT_NAME, VALIDATE_ENTRY_POINT_NAME};
use starknet_api::transaction::{TransactionHash, TransactionVersion};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use super::left_out::LeftOutReason;
use super::record;

/// What `__validate__` returns if it accepts.
fn valid() -> Felt {
    Felt::from_bytes_be_slice(b"VALID")
}

/// Both calls of an inner transaction, checked to be within what the OS can prove.
pub(super) struct Execution {
    pub(super) validate: CallInfo,
    pub(super) execute: CallInfo,
}

impl Execution {
    /// Every call, outer before inner, in call order.
    pub(super) fn calls(&self) -> impl Iterator<Item = &CallInfo> {
        self.validate.iter().chain(self.execute.iter())
    }
}

/// Runs `transaction` on `state`, which the caller commits or drops.
pub(super) fn run(
    state: &mut dyn State,
    block_context: &Arc<BlockContext>,
    transaction: &InnerTransaction,
    hash: TransactionHash,
) -> Result<Execution, LeftOutReason> {
    let context = Arc::new(TransactionContext {
        block_context: Arc::clone(block_context),
        tx_info: transaction_info(transaction, hash),
    });
    consume_nonce(state, transaction)?;

    let validate = call(state, &context, ExecutionMode::Validate, transaction)
        .map_err(|reason| LeftOutReason::Validate { reason })?;
    if validate.execution.retdata.0 != [valid()] {
        return Err(LeftOutReason::ValidateReturn { returned: validate.execution.retdata.0 });
    }
    let execute = call(state, &context, ExecutionMode::Execute, transaction)
        .map_err(|reason| LeftOutReason::Execute { reason })?;

    let execution = Execution { validate, execute };
    let constants = block_context.versioned_constants();
    for call in execution.calls() {
        record::check_supported(call, constants)?;
        check_class(state, call.call.class_hash.unwrap_or_default())?;
    }
    Ok(execution)
}

fn consume_nonce(state: &mut dyn State, transaction: &InnerTransaction) -> Result<(), LeftOutReason> {
    let invoke = transaction.as_invoke();
    let account = invoke.sender_address;
    if state.get_class_hash_at(account).map_err(state_error)? == ClassHash::default() {
        return Err(LeftOutReason::NotDeployed { account });
    }
    let expected = state.get_nonce_at(account).map_err(state_error)?;
    if expected != invoke.nonce {
        return Err(LeftOutReason::Nonce { account, expected, found: invoke.nonce });
    }
    state.increment_nonce(account).map_err(state_error)
}

/// Calls the sender's entry point for `mode`; an error, or a panic, is told as blockifier tells it.
fn call(
    state: &mut dyn State,
    context: &Arc<TransactionContext>,
    mode: ExecutionMode,
    transaction: &InnerTransaction,
) -> Result<CallInfo, String> {
    let entry_point = match mode {
        ExecutionMode::Validate => VALIDATE_ENTRY_POINT_NAME,
        ExecutionMode::Execute => EXECUTE_ENTRY_POINT_NAME,
    };
    let gas = context.sierra_gas_limit(&mode);
    let mut entry_point_context = EntryPointExecutionContext::new(
        Arc::clone(context),
        mode,
        false, // steps are bounded by the protocol, not by the fee the user would pay on the chain
        SierraGasRevertTracker::new(gas),
    );
    let entry_point_call = CallEntryPoint {
        class_hash: None,
        code_address: None,
        entry_point_type: EntryPointType::External,
        entry_point_selector: selector_from_name(entry_point),
        calldata: transaction.as_invoke().calldata.clone(),
        storage_address: transaction.as_invoke().sender_address,
        caller_address: ContractAddress::default(),
        call_type: CallType::Call,
        initial_gas: gas.0,
    };
    let mut remaining_gas = gas.0;
    entry_point_call
        .non_reverting_execute(state, &mut entry_point_context, &mut remaining_gas)
        .map_err(|error| error.to_string())
}

fn check_class(state: &dyn State, class_hash: ClassHash) -> Result<(), LeftOutReason> {
    match state.get_compiled_class(class_hash).map_err(state_error)? {
        RunnableCompiledClass::V0(_) => Err(LeftOutReason::LegacyClass { class_hash }),
        _ => Ok(()),
    }
}

fn state_error(error: StateError) -> LeftOutReason {
    LeftOutReason::State { reason: error.to_string() }
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
