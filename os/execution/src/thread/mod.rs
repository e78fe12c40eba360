//! Settling a thread transaction, in named phases:
//!
//! | phase | module | on failure |
//! |---|---|---|
//! | admit | `crate::admit`, `admit` | not in the mempool |
//! | validate | `validate` | not in the block |
//! | precheck | `precheck` | reverted, paid |
//! | proof | `crate::verification` | reverted, paid |
//! | apply | `apply` | reverted, paid |
//! | fee | `fee` | |
//!
//! `settle` runs them in order and is the only place that catches their errors. The diff reaches the state from a
//! [`CheckedThread`](crate::verification::CheckedThread) only, and only the verifier's word makes one of those.

pub(crate) mod admit;
pub(crate) mod apply;
pub mod check;
pub mod constants;
pub mod envelope;
pub(crate) mod fee;
pub(crate) mod precheck;
pub(crate) mod settle;
pub(crate) mod times;
pub(crate) mod validate;

use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::ContractAddress;
use zkthreads_protocol::{Conflict, OsProgramHash, StaleCell, Statement, ThreadTransaction};

use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::state::ChainState;
use times::Times;

/// Every precondition of `statement` that does not hold in `state`.
///
/// # Errors
/// If the state cannot be read.
pub fn conflicts(state: &ChainState, statement: &Statement) -> Result<Vec<Conflict>, ExecutionError> {
    let state = state.apart();
    let conflicts = precheck::conflicts(&state, statement);
    state.all_read()?;
    Ok(conflicts?)
}

/// The cells that `statement` lists and that were written later than it was executed, in `state`.
///
/// # Errors
/// If the state cannot be read.
pub fn stale_cells(state: &ChainState, statement: &Statement) -> Result<Vec<StaleCell>, ExecutionError> {
    Ok(Times::before(state).stale(statement)?)
}

/// The block that settles a thread, as far as its time goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SettlingBlock {
    pub(crate) number: BlockNumber,
    pub(crate) timestamp: BlockTimestamp,
    /// The latest time that a transaction has seen before: in this block so far, or the parent's.
    pub(crate) seen: BlockTimestamp,
}

impl SettlingBlock {
    /// A block without transactions.
    pub(crate) fn new(number: BlockNumber, timestamp: BlockTimestamp, parent: BlockTimestamp) -> Self {
        Self { number, timestamp, seen: parent }
    }

    /// A transaction of it has seen this time.
    pub(crate) fn saw(&mut self, time: BlockTimestamp) {
        self.seen = self.seen.max(time);
    }

    /// The same block, or the first one at `time` if that is later.
    pub(crate) fn not_before(self, time: BlockTimestamp) -> Self {
        Self { timestamp: self.timestamp.max(time), ..self }
    }
}

/// What a settlement knows besides the state.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) executor: &'a Executor,
    /// The block that settles it.
    pub(crate) block: SettlingBlock,
    /// The state at the end of the block so far.
    pub(crate) state: &'a ChainState,
    pub(crate) thread: &'a ThreadTransaction,
    /// Who signs and pays.
    pub(crate) submitter: ContractAddress,
    /// The OS version that the proof is said to be made with.
    pub(crate) os_program_hash: OsProgramHash,
    /// Whether no proof of it was verified, since its preconditions did not hold when it was its turn.
    pub(crate) deferred: bool,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(
        executor: &'a Executor,
        block: SettlingBlock,
        state: &'a ChainState,
        thread: &'a ThreadTransaction,
    ) -> Self {
        let submitter = thread.envelope().sender_address;
        let os_program_hash = thread.facts().os_program_hash;
        Self { executor, block, state, thread, submitter, os_program_hash, deferred: false }
    }
}
