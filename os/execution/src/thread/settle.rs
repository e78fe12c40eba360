//! The phases in order, and the one place that catches what goes wrong in them.

use std::sync::Arc;

use blockifier::context::{BlockContext, TransactionContext};
use blockifier::execution::call_info::{CallInfo, ExecutionSummary};
use blockifier::fee::fee_checks::{FeeCheckReportFields, PostExecutionReport};
use blockifier::fee::receipt::TransactionReceipt;
use blockifier::state::cached_state::{StateCache, StateChanges, TransactionalState};
use blockifier::state::errors::StateError;
use blockifier::state::state_api::UpdatableState;
use blockifier::transaction::account_transaction::AccountTransaction;
use blockifier::transaction::errors::TransactionExecutionError;
use blockifier::transaction::objects::{TransactionExecutionInfo, TransactionInfoCreator};
use starknet_api::execution_resources::{GasAmount, GasVector};
use starknet_api::transaction::fields::Fee;
use zkthreads_protocol::SettleError;
use zkthreads_storage::ThreadOutcome;

use super::apply::{self, Calls};
use super::constants::Meter;
use super::fee::{self, Reverted};
use super::validate::{Validated, validate};
use super::{Scope, admit, precheck};
use crate::admit::AdmitError;
use crate::blockifier_tx::unsigned_envelope;
use crate::error::ExecutionError;
use crate::verification::CheckedThread;

/// A thread transaction that is in the block, settled or reverted.
pub(crate) struct SettledThread {
    /// Calls, fee and gas, as of any transaction.
    pub(crate) info: TransactionExecutionInfo,
    /// The sub-block, if it settled.
    pub(crate) settled: Option<Arc<CheckedThread>>,
    /// What storage keeps about it.
    pub(crate) outcome: ThreadOutcome,
    /// For the block's capacity.
    pub(crate) summary: ExecutionSummary,
}

/// Why a phase ended the settlement.
enum Failure {
    /// The thread's fault: it reverts and pays.
    Thread(SettleError),
    /// The node's fault: the transaction has not happened.
    Node(AdmitError),
}

impl From<SettleError> for Failure {
    fn from(error: SettleError) -> Self {
        Self::Thread(error)
    }
}

impl From<ExecutionError> for Failure {
    fn from(error: ExecutionError) -> Self {
        Self::Node(error.into())
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::Node(AdmitError::Internal(error.into()))
    }
}

/// Executes a thread transaction on `state`, which the caller commits or drops.
pub(crate) fn execute<U: UpdatableState>(
    scope: &Scope<'_>,
    block: &Arc<BlockContext>,
    state: &mut TransactionalState<'_, U>,
    transaction: &AccountTransaction,
) -> Result<SettledThread, AdmitError> {
    let mut settlement = Settlement::new(scope, block, transaction);
    if settlement.charges_fee() {
        admit::check_bounds(scope.thread)?;
    }
    let validated = validate(state, &settlement.context, transaction)?;
    let after_validation = state.borrow_updated_state_cache()?.clone();

    let mut settling = TransactionalState::create_transactional(state);
    let (receipt, error) = match settlement.settle(&mut settling, &validated, &after_validation) {
        Ok(receipt) => {
            settling.commit();
            (receipt, None)
        }
        Err(Failure::Node(error)) => return Err(error),
        Err(Failure::Thread(error)) => {
            settling.abort();
            (settlement.revert(state, &validated, &after_validation)?, Some(error))
        }
    };
    let transfer =
        if settlement.charges_fee() { fee::transfer(state, &settlement.context, receipt.fee)? } else { None };
    Ok(settlement.finish(validated, transfer, receipt, error))
}

/// A settlement under way: what it has taken and found so far.
struct Settlement<'a> {
    scope: &'a Scope<'a>,
    transaction: &'a AccountTransaction,
    context: Arc<TransactionContext>,
    meter: Meter,
    checked: Option<Arc<CheckedThread>>,
    execute_call: Option<CallInfo>,
    /// What the envelope's calls took, should they be reverted.
    reverted: Reverted,
    /// The most the bounds allow, should the cost exceed them.
    capped_fee: Option<Fee>,
}

impl<'a> Settlement<'a> {
    fn new(scope: &'a Scope<'a>, block: &Arc<BlockContext>, transaction: &'a AccountTransaction) -> Self {
        let context =
            TransactionContext { block_context: Arc::clone(block), tx_info: transaction.create_tx_info() };
        Self {
            scope,
            transaction,
            context: Arc::new(context),
            meter: Meter::for_package(scope.thread.package_bytes()),
            checked: None,
            execute_call: None,
            reverted: (0, GasAmount(0)),
            capped_fee: None,
        }
    }

    fn charges_fee(&self) -> bool {
        self.transaction.execution_flags.charge_fee
    }

    /// Precheck, proof, apply; then whether the bounds and the balance cover all of it.
    fn settle<U: UpdatableState>(
        &mut self,
        state: &mut TransactionalState<'_, U>,
        validated: &Validated,
        after_validation: &StateCache,
    ) -> Result<TransactionReceipt, Failure> {
        self.precheck(state)?;
        let checked = self.proof()?;
        self.apply(state, &checked, validated)?;

        let changes = StateCache::squash_state_diff(
            vec![after_validation, &*state.borrow_updated_state_cache()?],
            self.context.block_context.versioned_constants().comprehensive_state_diff,
        );
        let mut receipt = self.receipt(&changes, validated, Some(&checked), (0, GasAmount(0)));
        let report = PostExecutionReport::new(state, &self.context, &receipt, self.charges_fee())
            .map_err(|error| Failure::Node(error.into()))?;
        receipt.fee = report.recommended_fee();
        match report.error() {
            Some(error) => {
                self.capped_fee = Some(receipt.fee);
                Err(SettleError::Execution { reason: error.to_string() }.into())
            }
            None => Ok(receipt),
        }
    }

    fn precheck<U: UpdatableState>(&mut self, state: &TransactionalState<'_, U>) -> Result<(), Failure> {
        let statement = &self.scope.thread.package().statement;
        if let Some(error) = precheck::failures(self.scope, statement)?.into_iter().next() {
            return Err(error.into());
        }
        self.meter.classes(statement);
        if let Some(error) = precheck::classes(self.scope, state, statement)?.into_iter().next() {
            return Err(error.into());
        }
        self.meter.preconditions(statement);
        let conflicts = precheck::conflicts(state, statement)?;
        if conflicts.is_empty() { Ok(()) } else { Err(SettleError::Conflicts(conflicts).into()) }
    }

    fn proof(&mut self) -> Result<Arc<CheckedThread>, Failure> {
        self.meter.proof(self.scope.thread.package());
        let checked = self.scope.executor.verification().verdict(self.scope.thread);
        let checked = checked.map_err(|error| Failure::Thread(error.as_ref().clone()))?;
        self.checked = Some(Arc::clone(&checked));
        Ok(checked)
    }

    fn apply<U: UpdatableState>(
        &mut self,
        state: &mut TransactionalState<'_, U>,
        checked: &CheckedThread,
        validated: &Validated,
    ) -> Result<(), Failure> {
        self.meter.apply(checked.statement());
        apply::diff(state, checked)?;
        let gas = GasAmount(validated.remaining_gas.saturating_sub(self.meter.gas().0));
        let mut calls = Calls::new(self.transaction, &self.context, validated, gas);
        let result = calls.run(state, gas);
        self.reverted = calls.reverted_resources();
        self.execute_call = result.map_err(|error| match error {
            TransactionExecutionError::StateError(error @ StateError::StateReadError(_)) => error.into(),
            error => Failure::Thread(SettleError::Execution { reason: error.to_string() }),
        })?;
        Ok(())
    }

    /// What a thread that failed pays: its validation and the work done until it failed.
    fn revert<U: UpdatableState>(
        &mut self,
        state: &mut TransactionalState<'_, U>,
        validated: &Validated,
        after_validation: &StateCache,
    ) -> Result<TransactionReceipt, AdmitError> {
        self.execute_call = None;
        let mut receipt = self.receipt(&after_validation.to_state_diff(), validated, None, self.reverted);
        let report = PostExecutionReport::new(state, &self.context, &receipt, self.charges_fee())?;
        receipt.fee = self.capped_fee.unwrap_or_else(|| report.recommended_fee());
        Ok(receipt)
    }

    fn receipt(
        &self,
        changes: &StateChanges,
        validated: &Validated,
        settled: Option<&CheckedThread>,
        reverted: Reverted,
    ) -> TransactionReceipt {
        let calls = validated.call.iter().chain(&self.execute_call);
        fee::receipt(self.transaction, &self.context, changes, calls, self.meter, settled, reverted)
    }

    fn finish(
        self,
        validated: Validated,
        fee_transfer_call_info: Option<CallInfo>,
        receipt: TransactionReceipt,
        error: Option<SettleError>,
    ) -> SettledThread {
        let elapsed = self.checked.as_ref().map(|checked| checked.verified().elapsed());
        let outcome = ThreadOutcome {
            error,
            package_bytes: u64::try_from(self.scope.thread.package_bytes()).unwrap_or(u64::MAX),
            verify_micros: elapsed.map(|elapsed| u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)),
        };
        let settled = self.checked.filter(|_| outcome.error.is_none());
        let info = TransactionExecutionInfo {
            validate_call_info: validated.call,
            execute_call_info: self.execute_call,
            fee_transfer_call_info,
            revert_error: None,
            receipt,
        };
        let mut summary = info.summarize(self.context.block_context.versioned_constants());
        fee::add_thread(&mut summary, self.meter, settled.as_deref());
        SettledThread { info, settled, outcome, summary }
    }
}

/// Runs every check of precheck and proof, and computes the gas that settling (or failing) would cost. No signature is
/// asked for and no call of the envelope is made.
pub(crate) fn check<U: UpdatableState>(
    scope: &Scope<'_>,
    block: &Arc<BlockContext>,
    state: &mut TransactionalState<'_, U>,
) -> Result<(Vec<SettleError>, GasVector), ExecutionError> {
    let transaction = unsigned_envelope(scope.thread.envelope());
    let mut settlement = Settlement::new(scope, block, &transaction);
    let statement = &scope.thread.package().statement;
    let mut errors = precheck::all(scope, state)?;
    let conflicts_only = errors.iter().all(|error| matches!(error, SettleError::Conflicts(_)));
    if conflicts_only {
        settlement.meter.classes(statement);
        settlement.meter.preconditions(statement);
    }
    if errors.is_empty() {
        settlement.meter.proof(scope.thread.package());
    }
    let checked = match scope.executor.verification().verdict(scope.thread) {
        Ok(checked) => Some(checked),
        Err(error) => {
            errors.push(error.as_ref().clone());
            None
        }
    };
    let settled = checked.filter(|_| errors.is_empty());
    if let Some(checked) = &settled {
        settlement.meter.apply(statement);
        apply::diff(state, checked)?;
    }
    let nothing = Validated { call: None, remaining_gas: 0 };
    let changes = state.to_state_diff()?;
    let receipt = settlement.receipt(&changes, &nothing, settled.as_deref(), (0, GasAmount(0)));
    Ok((errors, receipt.gas))
}
