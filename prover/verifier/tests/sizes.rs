//! Every size that a component may claim is one that the proof system can work with.

use crate::common::Fixture;
use zkthreads_fuzz::full_proof;
use zkthreads_verifier::encoding::{compress, decode, encode_raw};
use zkthreads_verifier::params::{MAX_COUNTED_LOG_SIZE, MAX_LOG_SIZE};
use zkthreads_verifier::{ComponentProblem, VerifyError, verify_proof};

/// The verdict on a proof with every component, one of which has this size.
fn verdict(fixture: &Fixture, component: &str, log_size: u32) -> VerifyError {
    let honest = decode(&fixture.proof).expect("it is honest");
    let size = |name: &str| if name == component { log_size } else { 16 };
    let (proof, _) = full_proof(&honest, size).expect("it is a proof");
    let bytes = compress(&encode_raw(&proof).expect("it encodes")).expect("it compresses");
    verify_proof(&fixture.program, &fixture.output, &bytes).expect_err("it proves nothing")
}

/// Either the size is refused, or all checks before the STARK's pass; the proof system never gives up. (It did where
/// a component counts its rows and no table of that length exists.)
#[test]
fn of_each_component() {
    let fixture = Fixture::load("other", "other");
    let honest = decode(&fixture.proof).expect("it is honest");
    let (_, names) = full_proof(&honest, |_| 16).expect("it is a proof");
    assert!(names.len() > 50);
    for name in names {
        for log_size in [MAX_COUNTED_LOG_SIZE, MAX_COUNTED_LOG_SIZE + 1, MAX_LOG_SIZE] {
            let error = verdict(&fixture, name, log_size);
            let refused = matches!(
                error,
                VerifyError::Component { component, problem: ComponentProblem::LogSize { .. } } if component == name
            );
            let expected = matches!(
                error,
                VerifyError::InteractionProofOfWork
                    | VerifyError::RelationUses { .. }
                    | VerifyError::Segment { .. }
            );
            assert!(
                refused && log_size > MAX_COUNTED_LOG_SIZE || expected,
                "{name}, 2^{log_size}: {error:?}"
            );
        }
    }
}

#[test]
fn of_components_that_count_their_rows() {
    let fixture = Fixture::load("other", "other");
    for name in ["blake_compress_opcode", "pedersen_aggregator_window_bits_9", "poseidon_aggregator"] {
        let error = verdict(&fixture, name, MAX_COUNTED_LOG_SIZE + 1);
        assert!(
            matches!(error, VerifyError::Component { component, problem: ComponentProblem::LogSize { .. } } if component == name),
            "{error:?}"
        );
    }
}
