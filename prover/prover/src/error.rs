//! Why a run could not be proved.

use zkthreads_verifier::{EncodingError, VerifyError};

/// Why a run could not be proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The run is not a finished proof-mode run: its trace or memory cannot be read.
    #[error("the run cannot be turned into a trace: {reason}")]
    Adapt {
        /// What is missing.
        reason: String,
    },
    /// The run needs more memory cells than the accepted lookup tables can count.
    #[error("the run takes {cells} memory cells, a proof holds at most {maximum}")]
    TooManyCells {
        /// Cells of the run.
        cells: usize,
        /// Most cells of a proof.
        maximum: usize,
    },
    /// The run takes more steps of one kind than the largest trace has rows.
    #[error("the run takes {steps} steps of {opcode}, a proof holds at most {maximum}")]
    TooManySteps {
        /// The kind of instruction.
        opcode: String,
        /// Steps of that kind.
        steps: usize,
        /// Most steps of a kind.
        maximum: usize,
    },
    /// The trace does not satisfy the constraints: the run is not one of the Cairo machine.
    #[error("the trace does not satisfy the constraints")]
    Constraints,
    /// The proof system gave up.
    #[error("the proof system failed: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
    /// The proof is larger than a package may carry.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The proof does not verify. Never seen; nothing is handed out.
    #[error("the proof does not verify: {0}")]
    Unverified(#[from] VerifyError),
}
