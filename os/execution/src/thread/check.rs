//! Would it settle now?

use blockifier::state::cached_state::CachedState;
use blockifier::state::state_api::State;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{
    AccountDeploymentData, AllResourceBounds, Calldata, PaymasterData, ResourceBounds, Tip,
    TransactionSignature, ValidResourceBounds,
};
use zkthreads_protocol::{
    EnvelopeError, OsProgramHash, PackageDigest, SegmentError, ThreadFacts, ThreadTransaction,
};

use super::settle::Forecast;
use super::{Scope, precheck};
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::query::FeeEstimate;
use crate::query::at::StateAt;

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
    /// [`SettleError::Conflicts`](zkthreads_protocol::SettleError::Conflicts) lists every conflicting key.
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
        self.check_thread_at(&self.latest()?, submitter, os_program_hash, package)
    }

    /// Runs every check that settling would, proof included, on the state at a moment, and changes nothing.
    ///
    /// # Errors
    /// If the package does not decode.
    pub fn check_thread_at(
        &self,
        at: &StateAt,
        submitter: ContractAddress,
        os_program_hash: OsProgramHash,
        package: &[u8],
    ) -> Result<ThreadCheck, CheckError> {
        let facts = ThreadFacts { os_program_hash, package_digest: PackageDigest::of(package) };
        let thread = ThreadTransaction::new(unsigned_envelope(submitter, facts), package)?;
        let mut session = self.session_on(at)?.ok_or_else(|| ExecutionError::MissingBlock(at.number()))?;
        let Forecast { errors, settled: settled_segments, gas } = session.check_thread(&thread)?;
        let prices = &session.context().block_info().gas_prices.strk_gas_prices;
        let fee = FeeEstimate::new(gas, prices, Tip::ZERO);
        let segments = thread.package().segments.len();
        Ok(ThreadCheck { would_settle: errors.is_empty(), segments, settled_segments, errors, fee })
    }
}

impl Executor {
    /// The checks that need no cryptography, on the latest state: every failed one, with every conflicting key. Empty
    /// means that the thread settles in the next block if its proof verifies.
    ///
    /// # Errors
    /// If the node fails.
    pub fn precheck_thread(&self, thread: &ThreadTransaction) -> Result<Vec<SegmentError>, ExecutionError> {
        let parent = self.latest_header()?.block_header_without_hash.block_number;
        let number = parent.next().ok_or(ExecutionError::BlockNumberOverflow)?;
        let state = self.state_after(parent);
        let scope = Scope::new(self, number, &state, thread);
        let mut state = CachedState::new(state.clone());
        state.increment_nonce(scope.submitter)?;
        precheck::all(&scope, &mut state)
    }
}

/// An envelope that calls nothing and may cost anything. Nobody signs it: it is only ever checked.
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
