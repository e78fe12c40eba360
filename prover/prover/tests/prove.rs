//! Proving, stage by stage.

#[path = "../../verifier/tests/common/mod.rs"]
mod common;

use std::cell::RefCell;

use common::TestProgram;
use starknet_types_core::felt::Felt;
use zkthreads_prover::{ProofStage, ProveError, Prover};
use zkthreads_verifier::{VerifyError, verify_proof};

#[test]
fn prove_and_report_every_stage() {
    let test = TestProgram::load("other");
    let run = test.run();
    let stages = RefCell::new(Vec::new());
    let progress = |stage| stages.borrow_mut().push(stage);
    let proof =
        Prover::new().prove_run(&test.program, &run.output, &run.runner, &progress).expect("it is provable");
    assert_eq!(stages.into_inner(), ProofStage::ALL);
    verify_proof(&test.program, &run.output, &proof).expect("it is honest");
}

#[test]
fn prove_nothing_false() {
    let test = TestProgram::load("other");
    let mut run = test.run();
    run.output[3] += Felt::ONE;
    let error = Prover::new().prove_run(&test.program, &run.output, &run.runner, &|_| ());
    assert!(
        matches!(error, Err(ProveError::Unverified(VerifyError::OutputFelt { felt: 3 }))),
        "{:?}",
        error.map(|proof| proof.len())
    );
}

/// The trees of the trace are then higher than that of the lookup tables.
#[test]
fn prove_a_million_steps_of_one_kind() {
    let test = TestProgram::load("tall");
    let run = test.run();
    let proof = Prover::new()
        .prove_run(&test.program, &run.output, &run.runner, &|stage| println!("{stage}"))
        .expect("it is provable");
    verify_proof(&test.program, &run.output, &proof).expect("it is honest");
}
