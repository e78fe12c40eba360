//! Block execution on blockifier, with thread transactions native.
//!
//! * [`ChainConfig`] says what chain this is, [`Executor`] is the door to everything below.
//! * [`Executor::admit`] turns a [`Submission`] into a [`PendingTransaction`]: stateless checks, then nonce, balance
//!   and signature on the latest state. [`verification`] checks the proofs of those that the mempool took.
//! * [`Executor::open_block`] → [`OpenBlock::execute`] → [`OpenBlock::seal`] → [`Executor::commit`] makes a block.
//!   While it is open, [`OpenBlock::pre_confirmed`] shows it to others.
//! * [`Executor::call`], [`Executor::simulate`], [`Executor::estimate_message_fee`] and [`Executor::check_thread`]
//!   answer questions about a moment, [`StateAt`], and change nothing.
//! * [`thread`] settles thread transactions; only a proof checked by `zkthreads_verifier` reaches the state.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod admit;
pub mod block;
mod blockifier_tx;
pub mod busy;
mod call_stack;
mod cells;
pub mod class;
mod class_facts;
mod class_source;
mod compiler;
pub mod config;
mod context;
pub mod error;
pub mod executor;
pub mod hardened;
pub mod impersonation;
pub mod kept_classes;
mod overlay;
pub mod query;
mod reject;
pub mod state;
pub mod thread;
pub mod transaction;
mod unfit;
mod validated;
pub mod verification;

pub use block::genesis::GenesisState;
pub use block::pre_confirmed::{ExecutedInBlock, PreConfirmed};
pub use block::{OpenBlock, Refusal, SealedBlock};
pub use busy::{Cancellation, TimeLimits};
pub use call_stack::{CallStack, OpenCall};
pub use class_source::{ClassSource, in_threads};
pub use config::{ChainConfig, OsVersion, RuleLine, RuleLines, RuleLinesError, ThreadRules};
pub use context::{BlockEnv, STARKNET_VERSION, versioned_constants};
pub use error::{AdmitError, CallError, ExecutionError, SimulateError};
pub use executor::Executor;
pub use impersonation::Impersonation;
pub use overlay::Overlay;
pub use query::FeeEstimate;
pub use query::at::StateAt;
pub use query::simulate::{Simulation, SimulationFlags};
pub use state::ChainState;
pub use thread::check::ThreadCheck;
pub use thread::envelope::{due_at, makes_calls};
pub use transaction::{PendingBody, PendingTransaction, Submission};
pub use validated::Validated;
pub use verification::{
    CheckedSegment, CheckedThread, KeptVerdict, Rank, Verdict, VerificationFigures, VerificationPool,
};
