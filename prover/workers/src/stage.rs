//! How far a worker has come with a sub-block.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step of proving a sub-block, told as it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The thread OS runs on the sub-block.
    RunningOs,
    /// It has run, and states what blockifier did.
    OsRan {
        /// Cairo steps.
        steps: usize,
    },
    /// The prover has begun a stage.
    Proving(zkthreads_prover::ProofStage),
}

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunningOs => out.write_str("running the thread OS"),
            Self::OsRan { steps } => write!(out, "ran the thread OS: {steps} steps"),
            Self::Proving(stage) => stage.fmt(out),
        }
    }
}
