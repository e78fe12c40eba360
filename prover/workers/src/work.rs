//! The work itself: one implementation, in whatever process.

use zkthreads_program::input::OsInput;
use zkthreads_protocol::Statement;
use zkthreads_prover::{ProveError, Prover};
use zkthreads_runner::OsError;

use crate::proven::Proven;
use crate::stage::Stage;

/// Why a sub-block has no proof.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The thread OS does not run.
    #[error("the thread OS fails: {0}")]
    Os(#[from] OsError),
    /// The thread OS and blockifier disagree: a bug in the OS. Nothing is proven.
    #[error("the thread OS states something else than blockifier did")]
    StatementMismatch {
        /// What blockifier did.
        expected: Box<Statement>,
        /// What the OS states.
        found: Box<Statement>,
    },
    /// The prover fails.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

/// Runs the thread OS on `input`, compares what it states with `expected`, proves it and verifies the proof.
/// `progress` hears of each stage, on this thread, which is busy for a while, as are the others of rayon's pool.
///
/// # Errors
/// See [`WorkError`].
pub fn prove(input: &OsInput, expected: &Statement, progress: &dyn Fn(Stage)) -> Result<Proven, WorkError> {
    progress(Stage::RunningOs);
    let run = zkthreads_runner::run(input)?;
    if run.statement != *expected {
        return Err(WorkError::StatementMismatch {
            expected: Box::new(expected.clone()),
            found: Box::new(run.statement),
        });
    }
    let steps = run.steps;
    progress(Stage::OsRan { steps });
    let proof = Prover::new().prove(run, &|stage| progress(Stage::Proving(stage)))?;
    Ok(Proven { proof, steps })
}
