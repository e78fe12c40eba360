//! The phases in order, and the one place that catches what goes wrong in them.

use std::sync::Arc;

use blockifier::context::{BlockContext, TransactionContext};
use blockifier::execution::call_info::{CallInfo, ExecutionSummary};
use blockifier::fee::fee_checks::{FeeCheckReportFields, PostExecutionReport};
use blockifier::fee::receipt::TransactionReceipt;
use blockifier::state::cached_state::{StateCache, StateChanges, TransactionalState};
use blockifier::state::errors::StateError;
use blockifier::state::state_api::{State, UpdatableState};
use blockifier::transaction::account_transaction::AccountTransaction;
use blockifier::transaction::errors::TransactionExecutionError;
use blockifier::transaction::objects::{TransactionExecutionInfo, TransactionInfoCreator};
use starknet_api::block::BlockTimestamp;
use starknet_api::execution_resources::{GasAmount, GasVector};
use starknet_api::transaction::fields::Fee;
use zkthreads_protocol::{Segment, SegmentError, SettleError, StateCell, Statement};
use zkthreads_storage::ThreadOutcome;

use super::apply::{self, Calls};
use super::constants::Meter;
use super::envelope::{due_at, makes_calls};
use super::fee;
use super::times::Times;
use super::validate::{Validated, validate};
use super::{Scope, SettlingBlock, admit, precheck};
use crate::blockifier_tx::unsigned_envelope;
use crate::error::{AdmitError, ExecutionError};
use crate::unfit::{Reverted, Unfit};
use crate::verification::{CheckedSegment, CheckedThread};

/// A thread transaction that is in the block, settled or reverted.
pub(crate) struct SettledThread<'a> {
    /// Calls, fee and gas, as of any transaction.
    pub(crate) info: TransactionExecutionInfo,
    /// What settled of it.
    pub(crate) settled: SettledSegments,
    /// What storage keeps about it.
    pub(crate) outcome: ThreadOutcome,
    /// When what it wrote was written.
    pub(crate) times: Times<'a>,
    /// The latest time that its transactions and its own calls saw; `None` if it settled nothing and called nothing.
    pub(crate) saw: Option<BlockTimestamp>,
    /// For the block's capacity.
    pub(crate) summary: ExecutionSummary,
}

/// The segments of a package that settled: the first ones, all of them or none.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettledSegments {
    thread: Option<Arc<CheckedThread>>,
    count: usize,
}

impl SettledSegments {
    pub(crate) fn segments(&self) -> &[CheckedSegment] {
        self.thread.as_ref().and_then(|thread| thread.segments().get(..self.count)).unwrap_or_default()
    }
}

/// Why a phase ended the settlement.
enum Failure {
    /// The thread's fault: it reverts and pays.
    Thread(Fault),
    /// The node's fault: the transaction has not happened.
    Node(AdmitError),
}

/// What is wrong with a thread.
struct Fault {
    /// The segment at fault, if it is one.
    segment: Option<u32>,
    error: SettleError,
}

impl From<SegmentError> for Fault {
    fn from(SegmentError { segment, error }: SegmentError) -> Self {
        Self { segment: Some(segment), error }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Thread(fault)
    }
}

/// A failure that no segment is to blame for.
impl From<SettleError> for Failure {
    fn from(error: SettleError) -> Self {
        Self::Thread(Fault { segment: None, error })
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

/// Executes a thread transaction on `state`, which the caller commits or drops. With `unfit`, which says why no block can
/// hold what that comes to, it reverts instead of making the envelope's calls, and pays for them, too.
pub(crate) fn execute<'a, U: UpdatableState>(
    scope: &'a Scope<'a>,
    block: &Arc<BlockContext>,
    state: &mut TransactionalState<'_, U>,
    transaction: &'a AccountTransaction,
    unfit: Option<&Unfit>,
) -> Result<SettledThread<'a>, AdmitError> {
    let mut settlement = Settlement::new(scope, block, transaction);
    if settlement.charges_fee() {
        admit::check_bounds(scope.thread)?;
    }
    let validated = validate(state, &settlement.context, transaction)?;
    let after_validation = state.borrow_updated_state_cache()?.clone();
    settlement.times.write(&after_validation.to_state_diff().state_maps);

    let mut settling = TransactionalState::create_transactional(state);
    let receipt = match settlement.settle(&mut settling, &validated, &after_validation, unfit) {
        Ok(receipt) => {
            settling.commit();
            receipt
        }
        Err(Failure::Node(error)) => return Err(error),
        Err(Failure::Thread(fault)) => {
            settling.abort();
            settlement.fault = Some(fault);
            settlement.times = Times::before(scope.state);
            settlement.revert(state, &validated, &after_validation)?
        }
    };
    let transfer =
        if settlement.charges_fee() { fee::transfer(state, &settlement.context, receipt.fee)? } else { None };
    Ok(settlement.finish(validated, transfer, receipt))
}

/// A settlement under way: what it has taken and found so far.
struct Settlement<'a> {
    scope: &'a Scope<'a>,
    transaction: &'a AccountTransaction,
    context: Arc<TransactionContext>,
    meter: Meter,
    times: Times<'a>,
    /// The block, with the time that its segments saw so far.
    block: SettlingBlock,
    checked: Option<Arc<CheckedThread>>,
    settled: SettledSegments,
    /// What is wrong: with the thread, or with the segment after those that settled.
    fault: Option<Fault>,
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
            times: Times::before(scope.state),
            block: scope.block,
            checked: None,
            settled: SettledSegments::default(),
            fault: None,
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
        unfit: Option<&Unfit>,
    ) -> Result<TransactionReceipt, Failure> {
        self.segments(state, validated)?;
        if let Some(unfit) = unfit {
            self.reverted = unfit.took;
            return Err(SettleError::Execution { reason: unfit.reason.clone() }.into());
        }
        if self.fault.is_none() {
            self.calls(state, validated)?;
        }

        let changes = StateCache::squash_state_diff(
            vec![after_validation, &*state.borrow_updated_state_cache()?],
            self.context.block_context.versioned_constants().comprehensive_state_diff,
        );
        let mut receipt = self.receipt(&changes, validated, (0, GasAmount(0)));
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

    /// Settles segment after segment, each on the state that the one before has left, up to the first whose precheck
    /// fails. If that is the very first one, the thread fails, before any proof is waited for; if it is a later one, it
    /// remains in `fault`.
    fn segments<U: UpdatableState>(
        &mut self,
        state: &mut TransactionalState<'_, U>,
        validated: &Validated,
    ) -> Result<(), Failure> {
        let package = self.scope.thread.package();
        if !self.scope.deferred {
            self.meter.proofs(package);
            self.check_bound(validated)?;
        }
        for (index, segment) in (0_u32..).zip(&package.segments) {
            if let Some(error) = self.precheck(state, &segment.statement, validated)? {
                let fault = Fault { segment: Some(index), error };
                if index == 0 {
                    return Err(fault.into());
                }
                self.fault = Some(fault);
                return Ok(());
            }
            let checked = self.proofs()?;
            let segment = checked.segments().get(self.settled.count).ok_or_else(|| {
                SettleError::Execution { reason: format!("segment {index} has not been checked") }
            })?;
            self.meter.apply(segment.statement());
            self.check_bound(validated)?;
            apply::diff(state, segment)?;
            self.times.settle(segment.statement());
            self.block.saw(segment.statement().base_block.timestamp);
            let count = self.settled.count.saturating_add(1);
            self.settled = SettledSegments { thread: Some(checked), count };
        }
        Ok(())
    }

    /// The first check of a segment that fails.
    fn precheck<U: UpdatableState>(
        &mut self,
        state: &TransactionalState<'_, U>,
        statement: &Statement,
        validated: &Validated,
    ) -> Result<Option<SettleError>, Failure> {
        let scope = &Scope { block: self.block, ..*self.scope };
        if let Some(error) = precheck::failures(scope, statement)?.into_iter().next() {
            return Ok(Some(error));
        }
        self.meter.classes(statement);
        self.check_bound(validated)?;
        if let Some(error) = precheck::classes(scope, statement).next().transpose()? {
            return Ok(Some(error));
        }
        self.meter.preconditions(statement);
        self.check_bound(validated)?;
        Ok(precheck::preconditions(state, &self.times, statement)?)
    }

    /// The verdict on all segments' proofs.
    fn proofs(&mut self) -> Result<Arc<CheckedThread>, Failure> {
        if let Some(checked) = &self.checked {
            return Ok(Arc::clone(checked));
        }
        if self.scope.deferred {
            return Err(Failure::Node(AdmitError::Unverified));
        }
        let checked = self.scope.executor.verification().verdict(self.scope.thread);
        let checked = checked.map_err(|error| Fault::from(error.as_ref().clone()))?;
        self.checked = Some(Arc::clone(&checked));
        Ok(checked)
    }

    /// Whether the L2 gas bound covers what has been metered. What it does not is not begun.
    fn check_bound(&self, validated: &Validated) -> Result<(), Failure> {
        let (bound, used) = (validated.remaining_gas, self.meter.gas().0);
        if !self.charges_fee() || used <= bound {
            return Ok(());
        }
        let reason =
            format!("Insufficient max L2Gas: left after validation: {bound}, needed: {used} or more.");
        Err(SettleError::Execution { reason }.into())
    }

    /// The envelope's own calls.
    fn calls<U: UpdatableState>(
        &mut self,
        state: &mut TransactionalState<'_, U>,
        validated: &Validated,
    ) -> Result<(), Failure> {
        let gas = GasAmount(validated.remaining_gas.saturating_sub(self.meter.gas().0));
        let mut calls = Calls::new(self.transaction, &self.context, validated, gas);
        let result = calls.run(state, gas);
        self.reverted = calls.reverted_resources();
        self.execute_call = result.map_err(|error| match error {
            TransactionExecutionError::StateError(error @ StateError::StateReadError(_)) => {
                Failure::from(error)
            }
            error => SettleError::Execution { reason: error.to_string() }.into(),
        })?;
        self.mixed_times().or_else(|| self.hidden_call()).map_or(Ok(()), |error| Err(error.into()))
    }

    /// In the strict form threads without calls come first in a block, by their times, since nothing of them sees the block's. An
    /// account that does something all the same would make all that come after it too late, at no cost to itself.
    fn hidden_call(&self) -> Option<SettleError> {
        let rules = self.scope.executor.config().thread_rules.at(self.block.number);
        let is_hidden = rules.is_strict() && !makes_calls(self.scope.thread.envelope()) && self.called();
        (is_hidden && self.block.seen != self.block.timestamp).then(|| {
            let reason = "an envelope that asks for no call did something at the block's time".to_owned();
            SettleError::Execution { reason }
        })
    }

    /// The first cell that a call touched although a segment wrote it at another time. Both see what the other did, in one
    /// transaction: with one price now and another one later, somebody else's loss.
    fn mixed_times(&self) -> Option<SettleError> {
        let now = self.block.timestamp;
        let touched = self.execute_call.iter().flat_map(CallInfo::iter).flat_map(|call| {
            let contract = call.call.storage_address;
            let keys = call.storage_access_tracker.accessed_storage_keys.iter();
            keys.map(move |key| (contract, StateCell::Storage(*key)))
        });
        let mixed = touched.filter_map(|(contract, cell)| {
            let time = self.times.segment(contract, cell).filter(|time| time.timestamp != now)?;
            Some((contract, cell, time.timestamp.0))
        });
        // The lowest, so that every node tells of the same one.
        let (contract, cell, timestamp) = mixed.min()?;
        Some(SettleError::MixedTimes { contract, cell, timestamp, now: now.0 })
    }

    /// Whether the envelope's calls did anything that the time could matter to.
    fn called(&self) -> bool {
        self.execute_call.as_ref().is_some_and(|call| {
            let result = &call.execution;
            !call.inner_calls.is_empty()
                || !call.storage_access_tracker.accessed_storage_keys.is_empty()
                || !result.events.is_empty()
                || !result.l2_to_l1_messages.is_empty()
        })
    }

    /// What a thread that failed pays: its validation and the work done until it failed.
    fn revert<U: UpdatableState>(
        &mut self,
        state: &mut TransactionalState<'_, U>,
        validated: &Validated,
        after_validation: &StateCache,
    ) -> Result<TransactionReceipt, AdmitError> {
        self.execute_call = None;
        self.settled = SettledSegments::default();
        let mut receipt = self.receipt(&after_validation.to_state_diff(), validated, self.reverted);
        let report = PostExecutionReport::new(state, &self.context, &receipt, self.charges_fee())?;
        receipt.fee = self.capped_fee.unwrap_or_else(|| report.recommended_fee());
        Ok(receipt)
    }

    fn receipt(
        &self,
        changes: &StateChanges,
        validated: &Validated,
        reverted: Reverted,
    ) -> TransactionReceipt {
        let calls = validated.call.iter().chain(&self.execute_call);
        let settled = self.settled.segments();
        fee::receipt(self.transaction, &self.context, changes, calls, self.meter, settled, reverted)
    }

    fn finish(
        self,
        validated: Validated,
        fee_transfer_call_info: Option<CallInfo>,
        receipt: TransactionReceipt,
    ) -> SettledThread<'a> {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        // Known as well where something else failed before its proofs were looked at, unless none was verified.
        let known = || self.scope.executor.verification().known_verdict(self.scope.thread)?.ok();
        let checked = if self.scope.deferred { None } else { self.checked.clone().or_else(known) };
        let elapsed = checked.map(|checked| checked.elapsed());
        let called = self.called().then_some(self.block.timestamp);
        let settled = self.settled;
        let segments = settled.segments().iter();
        let saw = segments.map(|segment| segment.statement().base_block.timestamp).chain(called).max();
        let (failed_segment, error) =
            self.fault.map_or((None, None), |fault| (fault.segment, Some(fault.error)));
        let outcome = ThreadOutcome {
            error,
            failed_segment,
            segments: count(self.scope.thread.package().segments.len()),
            settled_segments: count(settled.segments().len()),
            package_bytes: u64::try_from(self.scope.thread.package_bytes()).unwrap_or(u64::MAX),
            verify_micros: elapsed.map(|elapsed| u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)),
        };
        let info = TransactionExecutionInfo {
            validate_call_info: validated.call,
            execute_call_info: self.execute_call,
            fee_transfer_call_info,
            revert_error: None,
            receipt,
        };
        let mut summary = info.summarize(self.context.block_context.versioned_constants());
        fee::add_thread(&mut summary, self.meter, settled.segments());
        SettledThread { info, settled, outcome, times: self.times, saw, summary }
    }
}

/// What would become of a thread.
pub(crate) struct Forecast {
    /// Every check that fails, by segment.
    pub(crate) errors: Vec<SegmentError>,
    /// How many segments settle.
    pub(crate) settled: usize,
    /// What it costs, the envelope's own calls apart.
    pub(crate) gas: GasVector,
}

/// Runs every check of precheck and proof, and computes the gas that settling (or failing) would cost. No signature is
/// asked for and no call of the envelope is made. Of a thread whose time has not come, this is said, and all else as if it had.
pub(crate) fn check<U: UpdatableState>(
    scope: &Scope<'_>,
    block: &Arc<BlockContext>,
    state: &mut TransactionalState<'_, U>,
) -> Result<Forecast, ExecutionError> {
    state.increment_nonce(scope.submitter)?;
    let mut times = Times::before(scope.state);
    times.write(&state.to_state_diff()?.state_maps);
    let early = early_segments(scope);
    let scope = &Scope { block: scope.block.not_before(due_at(scope.thread)), ..*scope };
    let after = &mut TransactionalState::create_transactional(state);
    let mut errors = precheck::all(scope, times.clone(), after)?;
    // A block would find the same, and look at no proof.
    let deferred = errors.iter().any(|error| error.segment == 0);
    let scope = &Scope { deferred, ..*scope };
    if let Err(error) = scope.executor.verification().verdict(scope.thread) {
        errors.push(error.as_ref().clone());
        errors.sort_by_key(|error| error.segment);
    }

    let transaction = unsigned_envelope(scope.thread.envelope());
    let mut settlement = Settlement::new(scope, block, &transaction);
    settlement.times = times;
    let nothing = Validated { call: None, remaining_gas: 0 };
    let mut settling = TransactionalState::create_transactional(state);
    match settlement.segments(&mut settling, &nothing) {
        Ok(()) => settling.commit(),
        Err(Failure::Thread(_)) => {
            settling.abort();
            settlement.settled = SettledSegments::default();
        }
        Err(Failure::Node(AdmitError::Internal(error))) => return Err(error),
        Err(Failure::Node(error)) => return Err(ExecutionError::Block(error.to_string())),
    }
    let receipt = settlement.receipt(&state.to_state_diff()?, &nothing, (0, GasAmount(0)));
    let settled = early.first().map_or(settlement.settled.count, |first| {
        settlement.settled.count.min(usize::try_from(first.segment).unwrap_or(usize::MAX))
    });
    errors.extend(early);
    errors.sort_by_key(|error| error.segment);
    Ok(Forecast { errors, settled, gas: receipt.gas })
}

/// The segments whose time has not come.
fn early_segments(scope: &Scope<'_>) -> Vec<SegmentError> {
    let now = scope.block.timestamp;
    let segments = (0_u32..).zip(&scope.thread.package().segments);
    let early = segments.filter_map(|(segment, Segment { statement, .. })| {
        let timestamp = statement.base_block.timestamp;
        let error = SettleError::NotYet { timestamp: timestamp.0, now: now.0 };
        (timestamp > now).then_some(SegmentError { segment, error })
    });
    early.collect()
}
