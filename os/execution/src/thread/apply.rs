//! Phase *apply*: the diff, then the envelope's own calls.

use std::collections::HashMap;
use std::sync::Arc;

use blockifier::context::TransactionContext;
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::execution::entry_point::{EntryPointExecutionContext, SierraGasRevertTracker};
use blockifier::state::cached_state::{CachedState, StateMaps};
use blockifier::state::errors::StateError;
use blockifier::state::state_api::{State, StateReader, UpdatableState};
use blockifier::transaction::account_transaction::AccountTransaction;
use blockifier::transaction::errors::TransactionExecutionError;
use blockifier::transaction::transactions::Executable;
use starknet_api::executable_transaction::AccountTransaction as ApiTransaction;
use starknet_api::execution_resources::GasAmount;
use zkthreads_protocol::Statement;

use super::validate::Validated;
use crate::verification::CheckedSegment;

/// Writes what a verified segment wrote.
pub(crate) fn diff<S: StateReader>(
    state: &mut CachedState<S>,
    segment: &CheckedSegment,
) -> Result<(), StateError> {
    write(state, segment.statement())
}

/// Writes what a statement says was written: classes (of contracts that it deployed, or whose class it replaced), nonces,
/// storage. `state` has read every old value before (see [`super::precheck::conflicts`]); it is read here again all the
/// same, because blockifier cannot build a state diff of a nonce or a class hash it never read.
///
/// What is not verified may be written to a state that is dropped, and to no other: settling calls [`diff`].
pub(super) fn write<S: StateReader>(
    state: &mut CachedState<S>,
    statement: &Statement,
) -> Result<(), StateError> {
    let mut writes = StateMaps::default();
    for contract in &statement.contracts {
        if contract.changes_class() {
            state.get_class_hash_at(contract.address)?;
            writes.class_hashes.insert(contract.address, contract.class_hash_after);
        }
        if contract.consumes_nonces() {
            state.get_nonce_at(contract.address)?;
            writes.nonces.insert(contract.address, contract.nonce_after);
        }
        for cell in contract.storage.iter().filter(|cell| cell.is_write()) {
            state.get_storage_at(contract.address, cell.key)?;
            writes.storage.insert((contract.address, cell.key), cell.after);
        }
    }
    state.apply_writes(&writes, &HashMap::new());
    Ok(())
}

/// The envelope's `__execute__`, metered as blockifier meters any INVOKE's.
pub(crate) struct Calls<'a> {
    transaction: &'a AccountTransaction,
    execution: EntryPointExecutionContext,
    allotted_steps: usize,
}

impl<'a> Calls<'a> {
    pub(crate) fn new(
        transaction: &'a AccountTransaction,
        context: &Arc<TransactionContext>,
        validated: &Validated,
        remaining_gas: GasAmount,
    ) -> Self {
        let limit = context.sierra_gas_limit(&ExecutionMode::Execute).min(remaining_gas);
        let mut execution = EntryPointExecutionContext::new_invoke(
            Arc::clone(context),
            transaction.execution_flags.charge_fee,
            SierraGasRevertTracker::new(limit),
        );
        let allotted_steps = execution.subtract_validation_and_overhead_steps(
            &validated.call,
            &transaction.tx_type(),
            transaction.extended_calldata_length(),
        );
        Self { transaction, execution, allotted_steps }
    }

    /// Runs the calls with `remaining_gas` of the L2 gas bound.
    pub(crate) fn run<S: State>(
        &mut self,
        state: &mut S,
        remaining_gas: GasAmount,
    ) -> Result<Option<CallInfo>, TransactionExecutionError> {
        let ApiTransaction::Invoke(invoke) = &self.transaction.tx else { return Ok(None) };
        let context = &self.execution.tx_context;
        let mut gas = context.sierra_gas_limit(&ExecutionMode::Execute).min(remaining_gas).0;
        invoke.run_execute(state, &mut self.execution, &mut gas)
    }

    /// What the calls took, if they are reverted: steps and Sierra gas.
    pub(crate) fn reverted_resources(&self) -> (usize, GasAmount) {
        let steps = self.allotted_steps.saturating_sub(self.execution.n_remaining_steps());
        (steps, self.execution.sierra_gas_revert_tracker.get_gas_consumed())
    }
}
