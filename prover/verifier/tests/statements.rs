//! A proof proves one statement by one program, and nothing else.

use crate::common::Fixture;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::OsProgram;
use zkthreads_verifier::encoding::{decode, encode};
use zkthreads_verifier::{VerifyError, verify_proof};

#[test]
fn an_unknown_program_is_refused() {
    let fixture = Fixture::settle();
    let other = Fixture::load("other", "other");
    let error = other.verifier().verify(fixture.program.hash(), &fixture.segment());
    assert!(matches!(error, Err(VerifyError::UnknownProgram { hash }) if hash == fixture.program.hash().0));
}

#[test]
fn a_proof_of_another_program_is_refused() {
    let fixture = Fixture::settle();
    let other = Fixture::load("other", "other");
    let error = verify_proof(&fixture.program, &other.output, &other.proof);
    assert!(
        matches!(error, Err(VerifyError::ProgramLength { found, expected })
            if found == other.program.bytecode().len() && expected == fixture.program.bytecode().len()),
        "{error:?}"
    );
}

#[test]
fn one_different_instruction_is_refused() {
    let fixture = Fixture::settle();
    for cell in [0, 3, 40, fixture.program.bytecode().len() - 1] {
        let mut bytecode = fixture.program.bytecode().to_vec();
        bytecode[cell] += Felt::ONE;
        let error = verify_proof(&OsProgram::new(bytecode), &fixture.output, &fixture.proof);
        assert!(matches!(error, Err(VerifyError::ProgramCell { cell: found }) if found == cell), "{error:?}");
    }
}

#[test]
fn a_changed_statement_is_refused() {
    let fixture = Fixture::settle();
    for felt in 0..fixture.output.len() {
        let mut output = fixture.output.clone();
        output[felt] += Felt::ONE;
        let error = verify_proof(&fixture.program, &output, &fixture.proof);
        assert!(matches!(error, Err(VerifyError::OutputFelt { felt: found }) if found == felt), "{error:?}");
    }
}

#[test]
fn a_changed_statement_in_a_segment_is_refused() {
    let fixture = Fixture::settle();
    let mut segment = fixture.segment();
    segment.statement.contracts[0].storage[0].after += Felt::ONE;
    let error = fixture.verifier().verify(fixture.program.hash(), &segment);
    assert!(matches!(error, Err(VerifyError::OutputFelt { .. })), "{error:?}");
    segment.statement.contracts[0].storage.clear();
    let error = fixture.verifier().verify(fixture.program.hash(), &segment);
    assert!(matches!(error, Err(VerifyError::OutputLength { .. })), "{error:?}");
}

#[test]
fn a_changed_output_is_refused() {
    let fixture = Fixture::settle();
    for felt in 0..fixture.output.len() {
        let mut proof = decode(&fixture.proof).expect("it is honest");
        proof.claim.public_data.public_memory.output[felt].1[0] ^= 1;
        let mut output = fixture.output.clone();
        let mut bytes = output[felt].to_bytes_le();
        bytes[0] ^= 1;
        output[felt] = Felt::from_bytes_le(&bytes);
        let error = verify_proof(&fixture.program, &output, &encode(&proof).expect("it encodes"));
        // The output is bound to the transcript, so the first thing to fail is the first challenge.
        assert!(matches!(error, Err(VerifyError::InteractionProofOfWork)), "{error:?}");
    }
}

#[test]
fn bits_above_a_felt_are_refused() {
    let fixture = Fixture::settle();
    let mut proof = decode(&fixture.proof).expect("it is honest");
    // The proof system cuts a value to 252 bits, so it would read this as the honest one.
    proof.claim.public_data.public_memory.output[3].1[7] |= 1 << 30;
    let error = verify_proof(&fixture.program, &fixture.output, &encode(&proof).expect("it encodes"));
    assert!(matches!(error, Err(VerifyError::OutputFelt { felt: 3 })), "{error:?}");
}

#[test]
fn an_oversized_statement_is_refused() {
    let fixture = Fixture::settle();
    let output = vec![Felt::ONE; zkthreads_protocol::limits::MAX_STATEMENT_FELTS + 1];
    let error = verify_proof(&fixture.program, &output, &fixture.proof);
    assert!(matches!(error, Err(VerifyError::StatementTooLarge { felts }) if felts == output.len()));
}
