//! Real proofs of false things: the proof system's own verifier accepts every one, ours none.

use crate::common::forgeries::{FORGED_FELT, FORGED_VALUE, NAMES, forge};
use crate::common::{Fixture, TestProgram};
use cairo_air::verifier::verify_cairo;
use starknet_types_core::felt::Felt;
use stwo::core::vcs_lifted::blake2_merkle::Blake2sMerkleChannel;
use zkthreads_verifier::encoding::decode;
use zkthreads_verifier::{ComponentProblem, SegmentProblem, VerifyError};

/// The verdict on a fixture, for the statement it claims.
fn refuse(name: &str) -> VerifyError {
    let mut fixture = Fixture::load("other", name);
    if matches!(name, "memory_sum" | "phantom_sum" | "moved_output") {
        fixture.output[FORGED_FELT] = Felt::from(FORGED_VALUE);
    }
    fixture.verifier().verify(fixture.program.hash(), &fixture.segment()).expect_err("the proof is forged")
}

#[test]
fn the_proof_system_accepts_every_forgery() {
    for name in NAMES {
        let proof = decode(&Fixture::load("other", name).proof).expect("it is well encoded");
        verify_cairo::<Blake2sMerkleChannel>(proof).expect(name);
    }
}

#[test]
fn a_weaker_configuration_is_refused() {
    let error = refuse("weaker_config");
    assert!(matches!(&error, VerifyError::Config { found } if found.security_bits() == 36), "{error}");
}

#[test]
fn a_salted_transcript_is_refused() {
    let error = refuse("salted");
    assert!(matches!(error, VerifyError::ChannelSalt { found: 1 }), "{error}");
}

#[test]
fn altered_tables_are_refused() {
    let error = refuse("altered_tables");
    assert!(matches!(error, VerifyError::PreprocessedRoot { .. }), "{error}");
}

#[test]
fn prove_altered_tables_live() {
    let test = TestProgram::load("other");
    let proof = forge("altered_tables");
    verify_cairo::<Blake2sMerkleChannel>(decode(&proof).expect("it is well encoded")).expect("a real proof");
    let error = zkthreads_verifier::verify_proof(&test.program, &test.run().output, &proof);
    assert!(matches!(error, Err(VerifyError::PreprocessedRoot { .. })), "{error:?}");
}

#[test]
fn a_free_memory_sum_is_refused() {
    let error = refuse("memory_sum");
    assert!(matches!(error, VerifyError::MemorySum), "{error}");
}

#[test]
fn a_sum_without_a_component_is_refused() {
    let error = refuse("phantom_sum");
    assert!(
        matches!(
            error,
            VerifyError::Component { component: "ec_op_builtin", problem: ComponentProblem::PhantomSum }
        ),
        "{error}"
    );
}

#[test]
fn an_output_written_elsewhere_is_refused() {
    let error = refuse("moved_output");
    assert!(
        matches!(error, VerifyError::Segment { builtin: "output", problem: SegmentProblem::Output { .. } }),
        "{error}"
    );
}

#[test]
fn memory_behind_what_is_range_checked_is_refused() {
    let error = refuse("memory_behind");
    assert!(
        matches!(
            error,
            VerifyError::Segment {
                builtin: "range_check",
                problem: SegmentProblem::EndOfMemory { checked, memory }
            } if checked < memory
        ),
        "{error}"
    );
}
