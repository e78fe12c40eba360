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
pub(crate) mod fee;
pub(crate) mod precheck;
pub(crate) mod settle;
pub(crate) mod validate;

use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress};
use zkthreads_protocol::{OsProgramHash, ThreadTransaction};

use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::state::ChainState;

/// What a settlement knows besides the state.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) executor: &'a Executor,
    /// The block that settles it.
    pub(crate) block_number: BlockNumber,
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
        block_number: BlockNumber,
        state: &'a ChainState,
        thread: &'a ThreadTransaction,
    ) -> Self {
        let submitter = thread.envelope().sender_address;
        let os_program_hash = thread.facts().os_program_hash;
        Self { executor, block_number, state, thread, submitter, os_program_hash, deferred: false }
    }

    /// Whether threads may run and deploy a class, which must be declared.
    pub(crate) fn is_confined(&self, class_hash: ClassHash) -> Result<bool, ExecutionError> {
        let class = self.state.class(class_hash)?;
        Ok(class.is_some_and(|class| class.is_confined()))
    }
}
