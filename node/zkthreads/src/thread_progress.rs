//! A sub-block's making on the terminal.

use std::sync::Arc;

use zkthreads_batcher::{Listener, Progress as Step};
use zkthreads_prover::ProofStage;

use crate::terminal::ProgressLine;

/// Steps before and after the prover's stages: fork, execution, OS run, packing.
const OTHER_STEPS: u64 = 4;

/// Shows a builder's steps as they come; the bar ends when the listener is dropped or the package is made.
#[must_use]
pub fn listener() -> Listener {
    let progress = ProgressLine::new(ProofStage::ALL.len() as u64 + OTHER_STEPS);
    Arc::new(move |step: Step| {
        progress.stage(&step);
        if matches!(step, Step::Packed { .. }) {
            progress.finish();
        }
    })
}
