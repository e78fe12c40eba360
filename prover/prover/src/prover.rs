//! Proves finished runs.

use std::any::Any;
use std::sync::mpsc;
use std::thread;

use cairo_air::components::memory_address_to_id::MEMORY_ADDRESS_TO_ID_SPLIT;
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_types_core::felt::Felt;
use stwo::core::utils::MaybeOwned;
use stwo::core::vcs_lifted::blake2_merkle::Blake2sMerkleChannel;
use stwo::prover::mempool::BaseColumnPool;
use stwo_cairo_adapter::ProverInput;
use stwo_cairo_prover::prover::{ChannelHash, ProverParameters, prove_cairo_with_precompute};
use tracing::dispatcher::{self, Dispatch};
use zkthreads_program::os_program;
use zkthreads_protocol::OsProgram;
use zkthreads_runner::OsRun;
use zkthreads_verifier::encoding::{self, Proof};
use zkthreads_verifier::params::{
    CHANNEL_SALT, MAX_COUNTED_LOG_SIZE, MAX_LOG_SIZE, TRACE_VARIANT, pcs_config,
};
use zkthreads_verifier::verify_proof;

use crate::error::ProveError;
use crate::layout::adapt;
use crate::setup::Setup;
use crate::stage::{ProofStage, StageSpans};

/// Most memory cells of a run: the address table has so many columns of the largest size.
const MAX_CELLS: usize = MEMORY_ADDRESS_TO_ID_SPLIT << MAX_COUNTED_LOG_SIZE;
/// Most steps of one kind of instruction.
const MAX_STEPS: usize = 1 << MAX_LOG_SIZE;

/// Proves runs of the thread OS. One proof at a time keeps a machine busy.
#[derive(Debug, Clone, Copy)]
pub struct Prover {
    /// Made by [`Prover::new`] only.
    _private: (),
}

impl Default for Prover {
    fn default() -> Self {
        Self::new()
    }
}

impl Prover {
    /// A prover. The lookup tables and evaluation domains (some 0.3 GB, half a second) are computed by the
    /// process's first proof, or by [`Prover::prepare`], and kept.
    #[must_use]
    pub const fn new() -> Self {
        Self { _private: () }
    }

    /// Computes now what the first proof would.
    pub fn prepare(&self) {
        Setup::get();
    }

    /// Proves a run of the thread OS; returns the proof bytes for a package. `progress` hears of each stage as it
    /// begins, on this thread.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn prove(&self, run: OsRun, progress: &dyn Fn(ProofStage)) -> Result<Vec<u8>, ProveError> {
        self.prove_run(os_program(), &run.statement.encode(), &run.runner, progress)
    }

    /// Proves that `program`, as run by `runner` to its end in proof mode, outputs `output`; returns the bytes for
    /// a package.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn prove_run(
        &self,
        program: &OsProgram,
        output: &[Felt],
        runner: &CairoRunner,
        progress: &dyn Fn(ProofStage),
    ) -> Result<Vec<u8>, ProveError> {
        progress(ProofStage::Setup);
        let setup = Setup::get();
        progress(ProofStage::Adapt);
        let input = adapt(runner).map_err(|error| ProveError::Adapt { reason: error.to_string() })?;
        check_size(&input)?;
        let proof = stark(setup, input, progress)?;
        progress(ProofStage::Encode);
        let proof = encoding::encode(&proof)?;
        progress(ProofStage::Verify);
        verify_proof(program, output, &proof)?;
        Ok(proof)
    }
}

/// The proof system cannot tell these from bugs of its own.
fn check_size(input: &ProverInput) -> Result<(), ProveError> {
    // There is an entry for address 0, where no cell is.
    let cells = input.memory.address_to_id.len().saturating_sub(1);
    if cells > MAX_CELLS {
        return Err(ProveError::TooManyCells { cells, maximum: MAX_CELLS });
    }
    let counts = input.state_transitions.casm_states_by_opcode.counts();
    match counts.into_iter().find(|(_, steps)| *steps > MAX_STEPS) {
        Some((opcode, steps)) => Err(ProveError::TooManySteps { opcode, steps, maximum: MAX_STEPS }),
        None => Ok(()),
    }
}

/// Runs the proof system on a thread of its own, so that the stages can be told here while it works and a panic
/// in it ends there.
fn stark(setup: &Setup, input: ProverInput, progress: &dyn Fn(ProofStage)) -> Result<Proof, ProveError> {
    let (sender, stages) = mpsc::channel();
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("prover".to_owned()).spawn_scoped(scope, || {
            dispatcher::with_default(&Dispatch::new(StageSpans(sender)), || {
                prove_cairo_with_precompute::<Blake2sMerkleChannel>(
                    &BaseColumnPool::new(),
                    &setup.twiddles,
                    setup.tables.clone(),
                    MaybeOwned::Borrowed(&setup.tree),
                    input,
                    parameters(),
                )
            })
        });
        let worker = worker.map_err(|error| ProveError::Failed { reason: error.to_string() })?;
        // Ends when the worker drops its sender.
        stages.iter().for_each(progress);
        let proof =
            worker.join().map_err(|panic| ProveError::Failed { reason: panic_message(panic.as_ref()) })?;
        proof.map(Proof::from).map_err(|_| ProveError::Constraints)
    })
}

fn parameters() -> ProverParameters {
    ProverParameters {
        channel_hash: ChannelHash::Blake2s,
        channel_salt: CHANNEL_SALT,
        pcs_config: pcs_config(),
        preprocessed_trace: TRACE_VARIANT,
        store_polynomials_coefficients: true,
        include_all_preprocessed_columns: false,
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("unknown").to_owned()
}
