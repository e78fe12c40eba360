//! Would it settle now?

use std::collections::HashMap;
use std::sync::Arc;

use blockifier::state::cached_state::{CachedState, StateMaps};
use blockifier::state::state_api::{State, StateReader, UpdatableState};
use starknet_api::block::FeeType;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{
    AccountDeploymentData, AllResourceBounds, Calldata, Fee, PaymasterData, ResourceBounds, Tip,
    TransactionSignature, ValidResourceBounds,
};
use zkthreads_protocol::{
    EnvelopeError, OsProgramHash, PackageDigest, Segment, SegmentError, SettleError, ThreadFacts,
    ThreadTransaction,
};

use super::constants::{MAX_FORECAST_SECONDS, minimal_l2_gas};
use super::envelope::due_at;
use super::settle::Forecast;
use super::times::Times;
use super::{Scope, SettlingBlock, apply, precheck};
use crate::class;
use crate::error::{AdmitError, ExecutionError};
use crate::executor::Executor;
use crate::query::FeeEstimate;
use crate::query::at::StateAt;
use crate::state::ChainState;

/// How many classes of a package are looked at for whether they are compiled for threads yet.
const MOST_CLASSES: usize = 64;

/// What would become of a package if it were settled in the next block.
#[derive(Debug, Clone)]
pub struct ThreadCheck {
    /// Whether every check of every segment passes.
    pub would_settle: bool,
    /// Segments of the package.
    pub segments: usize,
    /// How many of them, the first ones, would settle.
    pub settled_segments: usize,
    /// Every check that fails, segment by segment, each on the state that the segments before it would leave;
    /// [`SettleError::Conflicts`] lists every conflicting key.
    pub errors: Vec<SegmentError>,
    /// What settling it costs, without the envelope's own calls.
    pub fee: FeeEstimate,
}

/// Why a package cannot be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It does not decode.
    #[error(transparent)]
    Package(#[from] EnvelopeError),
    /// The node failed.
    #[error(transparent)]
    Internal(#[from] ExecutionError),
}

impl Executor {
    /// [`Executor::check_thread_at`] the latest block.
    ///
    /// # Errors
    /// If the package does not decode.
    pub fn check_thread(
        &self,
        submitter: ContractAddress,
        os_program_hash: OsProgramHash,
        package: &[u8],
    ) -> Result<ThreadCheck, CheckError> {
        let facts = ThreadFacts { os_program_hash, package_digest: PackageDigest::of(package) };
        Ok(self.check_thread_at(&self.latest()?, &question(submitter, facts, package)?)?)
    }

    /// Runs every check that settling would, proof included, on the state at a moment, and changes nothing. Of the envelope
    /// only the sender counts if `thread` is a [`question`]; otherwise its bounds do as well.
    ///
    /// # Errors
    /// If the node fails.
    pub fn check_thread_at(
        &self,
        at: &StateAt,
        thread: &ThreadTransaction,
    ) -> Result<ThreadCheck, ExecutionError> {
        let mut session = self.session_on(at)?.ok_or_else(|| ExecutionError::MissingBlock(at.number()))?;
        let Forecast { errors, settled: settled_segments, gas } = session.check_thread(thread)?;
        let prices = &session.context().block_info().gas_prices.strk_gas_prices;
        let fee = FeeEstimate::new(gas, prices, Tip::ZERO);
        let segments = thread.package().segments.len();
        Ok(ThreadCheck { would_settle: errors.is_empty(), segments, settled_segments, errors, fee })
    }
}

/// A package in an envelope that calls nothing and may cost anything. Nobody signs it: it is only ever checked.
///
/// # Errors
/// If it is another package than `facts` name, or does not decode.
pub fn question(
    submitter: ContractAddress,
    facts: ThreadFacts,
    package: &[u8],
) -> Result<ThreadTransaction, EnvelopeError> {
    ThreadTransaction::new(unsigned_envelope(submitter, facts), package)
}

impl Executor {
    /// The checks that need no cryptography, on the latest state: every failed one, with every conflicting key. Empty
    /// means that the thread settles in the next block if its proof verifies.
    ///
    /// # Errors
    /// If the node fails.
    pub fn precheck_thread(&self, thread: &ThreadTransaction) -> Result<Vec<SegmentError>, ExecutionError> {
        let at = self.latest()?;
        let state = self.state(&at);
        let scope = Scope::new(self, self.settling(&at)?, &state, thread);
        let mut state = CachedState::new(state.clone());
        state.increment_nonce(scope.submitter)?;
        let mut times = Times::before(scope.state);
        times.write(&state.to_state_diff()?.state_maps);
        precheck::all(&scope, times, &mut state)
    }

    /// What a thread pays at least, whatever becomes of it once its proofs were verified: for its bytes and for that, at the
    /// price that new blocks have unless somebody sets another.
    #[must_use]
    pub fn least_fee(&self, thread: &ThreadTransaction) -> Fee {
        let gas = minimal_l2_gas(thread.package(), thread.package_bytes()).0;
        let price = self.config().gas_prices.l2_gas_price(&FeeType::Strk).get().0;
        let price = price.saturating_add(thread.envelope().tip.0.into());
        Fee(price.saturating_mul(gas.into()))
    }

    /// Whether the first segment passes the checks that need no cryptography, on the state at a moment after `earlier`
    /// packages of the same account, as far as they have not been executed yet. If not, a block that comes to it now reverts
    /// it before it looks at any proof.
    ///
    /// # Errors
    /// If the node fails.
    pub fn preconditions_hold(
        &self,
        at: &StateAt,
        earlier: &[Arc<ThreadTransaction>],
        thread: &ThreadTransaction,
    ) -> Result<bool, ExecutionError> {
        let state = self.state(at);
        let scope = Scope::new(self, self.settling(at)?.not_before(due_at(thread)), &state, thread);
        let nonce = state.nonce(scope.submitter)?;
        let due = earlier.iter().filter(|earlier| earlier.envelope().nonce >= nonce);
        let holds = holds_after(&scope, &state, due);
        state.all_read()?;
        holds
    }

    /// Refuses what could not settle in the open block, nor once its time has come, whatever the state: the chain, submitter, OS
    /// version or base block of the first segment is wrong, or its time too far away. (Where that is so of a later one, those
    /// before it settle.) Nothing of the state is read.
    pub(crate) fn check_context(&self, at: &StateAt, thread: &ThreadTransaction) -> Result<(), AdmitError> {
        let Some(Segment { statement, .. }) = thread.package().segments.first() else { return Ok(()) };
        let state = self.state(at);
        let (block, due) = (self.settling(at)?, due_at(thread));
        if due.0.saturating_sub(block.timestamp.0) > MAX_FORECAST_SECONDS {
            return refuse(Some(SettleError::NotYet { timestamp: due.0, now: block.timestamp.0 }));
        }
        let scope = Scope::new(self, block.not_before(due), &state, thread);
        refuse(precheck::failures(&scope, statement)?.into_iter().next())
    }

    /// The block that the next transaction goes into, as it stands in time.
    fn settling(&self, at: &StateAt) -> Result<SettlingBlock, ExecutionError> {
        match at {
            StateAt::Block(number) => {
                let header = self.storage().header(*number)?.ok_or(ExecutionError::MissingBlock(*number))?;
                let parent = header.block_header_without_hash.timestamp;
                let number = number.next().ok_or(ExecutionError::BlockNumberOverflow)?;
                Ok(SettlingBlock::new(number, parent, parent))
            }
            StateAt::PreConfirmed(block) => Ok(block.settling()),
        }
    }

    /// The same of its classes: one is not declared. Whether they are what the statement says is not looked at, since loading
    /// them takes long; nor is anything on a chain that was forked, whose origin would be asked.
    pub(crate) fn check_classes(&self, at: &StateAt, thread: &ThreadTransaction) -> Result<(), AdmitError> {
        let Some(Segment { statement, .. }) = thread.package().segments.first() else { return Ok(()) };
        let state = self.state(at);
        if state.is_forked() {
            return Ok(());
        }
        for class in &statement.classes {
            let class_hash = class.class_hash;
            if !state.is_declared(class_hash).map_err(ExecutionError::from)? {
                return refuse(Some(SettleError::ClassUndeclared { class_hash }));
            }
        }
        self.check_hardened(&state, thread)
    }

    /// Refuses a package that lists, in any segment, a class of an older database which the node has not come to yet: in a block
    /// its submitter would pay for what only the node is late with. Of a package that lists very many classes, the first ones are
    /// looked at: each is read.
    fn check_hardened(&self, state: &ChainState, thread: &ThreadTransaction) -> Result<(), AdmitError> {
        if !self.stored().is_behind() {
            return Ok(());
        }
        let segments = (0_u32..).zip(&thread.package().segments);
        let classes = segments
            .flat_map(|(index, segment)| segment.statement.classes.iter().map(move |class| (index, class)))
            .take(MOST_CLASSES);
        for (segment, class) in classes {
            let class_hash = class.class_hash;
            let record = state.class(class_hash).map_err(ExecutionError::from)?;
            if record.is_some_and(|record| class::is_pending(&record)) {
                let error = SettleError::ClassPending { class_hash };
                return Err(AdmitError::Unsettleable(Box::new(SegmentError { segment, error })));
            }
        }
        Ok(())
    }
}

/// Whether the first segment passes the precheck after these packages.
fn holds_after<'a>(
    scope: &Scope<'_>,
    state: &ChainState,
    earlier: impl Iterator<Item = &'a Arc<ThreadTransaction>>,
) -> Result<bool, ExecutionError> {
    let Some(Segment { statement, .. }) = scope.thread.package().segments.first() else { return Ok(false) };
    let (mut times, mut state) = (Times::before(state), CachedState::new(state.clone()));
    for earlier in earlier {
        for segment in &earlier.package().segments {
            apply::write(&mut state, &segment.statement)?;
            times.settle(&segment.statement);
        }
    }
    // Its envelope comes next, and consumes its nonce.
    state.get_nonce_at(scope.submitter)?;
    let nonces = [(scope.submitter, scope.thread.envelope().nonce.try_increment()?)].into();
    let consumed = StateMaps { nonces, ..StateMaps::default() };
    state.apply_writes(&consumed, &HashMap::new());
    times.write(&consumed);
    Ok(precheck::failures(scope, statement)?.is_empty()
        && precheck::classes(scope, statement).next().transpose()?.is_none()
        && precheck::preconditions(&state, &times, statement)?.is_none())
}

fn refuse(error: Option<SettleError>) -> Result<(), AdmitError> {
    error.map_or(Ok(()), |error| Err(AdmitError::Unsettleable(Box::new(SegmentError { segment: 0, error }))))
}

fn unsigned_envelope(submitter: ContractAddress, facts: ThreadFacts) -> InvokeTransactionV3 {
    let unbounded = ResourceBounds { max_amount: u64::MAX.into(), max_price_per_unit: u128::MAX.into() };
    InvokeTransactionV3 {
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
            l1_gas: unbounded,
            l2_gas: unbounded,
            l1_data_gas: unbounded,
        }),
        tip: Tip::ZERO,
        signature: TransactionSignature::default(),
        nonce: Nonce::default(),
        sender_address: submitter,
        calldata: Calldata::default(),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: PaymasterData::default(),
        account_deployment_data: AccountDeploymentData::default(),
        proof_facts: facts.to_proof_facts(),
    }
}
