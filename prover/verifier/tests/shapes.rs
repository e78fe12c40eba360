//! Every vector of a proof has one length. An honest proof with one vector longer or shorter, and the error that
//! names it; then an honest shape with false contents.

use crate::common::Fixture;
use stwo::core::fields::m31::M31;
use stwo::core::fields::qm31::QM31;
use stwo::core::poly::line::LinePoly;
use stwo::core::vcs::blake2_hash::Blake2sHash;
use zkthreads_verifier::encoding::{Proof, compress, decode, encode, encode_raw};
use zkthreads_verifier::{VerifyError, verify_proof};

fn refuse(change: impl FnOnce(&mut Proof)) -> VerifyError {
    let fixture = Fixture::settle();
    let mut proof = decode(&fixture.proof).expect("it is honest");
    change(&mut proof);
    let bytes = encode(&proof).expect("it encodes");
    verify_proof(&fixture.program, &fixture.output, &bytes).expect_err("the proof was changed")
}

fn refuse_shape(expected: &str, change: impl FnOnce(&mut Proof)) {
    let error = refuse(change);
    assert!(matches!(error, VerifyError::Shape { part, .. } if part == expected), "{expected}: {error:?}");
}

#[test]
fn trees() {
    refuse_shape("commitments", |proof| {
        proof.stark_proof.0.commitments.pop();
    });
    refuse_shape("commitments", |proof| proof.stark_proof.0.commitments.push(Blake2sHash::default()));
    refuse_shape("sampled trees", |proof| {
        proof.stark_proof.0.sampled_values.pop();
    });
    refuse_shape("queried trees", |proof| proof.stark_proof.0.queried_values.push(vec![]));
    refuse_shape("decommitted trees", |proof| {
        proof.stark_proof.0.decommitments.pop();
    });
}

#[test]
fn columns() {
    refuse_shape("sampled columns", |proof| {
        proof.stark_proof.0.sampled_values[1].pop();
    });
    refuse_shape("sampled columns", |proof| proof.stark_proof.0.sampled_values[3].push(vec![QM31::from(0)]));
    refuse_shape("queried columns", |proof| {
        proof.stark_proof.0.queried_values[2].pop();
    });
    // A sample that the composition reads but that is not opened, and one that is opened but not read.
    refuse_shape("samples of a column", |proof| proof.stark_proof.0.sampled_values[1][7].clear());
    refuse_shape("samples of a column", |proof| {
        proof.stark_proof.0.sampled_values[1][7].push(QM31::from(0));
    });
    refuse_shape("samples of a column", |proof| {
        let tables = &mut proof.stark_proof.0.sampled_values[0];
        let unused = tables.iter_mut().find(|samples| samples.is_empty()).expect("Blake is not used");
        unused.push(QM31::from(0));
    });
}

#[test]
fn openings() {
    refuse_shape("queried values", |proof| {
        proof.stark_proof.0.queried_values.iter_mut().flatten().for_each(Vec::clear);
    });
    refuse_shape("queried values", |proof| {
        let columns = proof.stark_proof.0.queried_values.iter_mut().flatten();
        columns.for_each(|column| column.resize(71, M31(0)));
    });
    refuse_shape("queried values of a column", |proof| {
        proof.stark_proof.0.queried_values[2][3].pop();
    });
    refuse_shape("hashes of a tree", |proof| {
        proof.stark_proof.0.decommitments[1].hash_witness.resize(70 * 21 + 1, Blake2sHash::default());
    });
}

#[test]
fn fri() {
    refuse_shape("FRI layers", |proof| {
        proof.stark_proof.0.fri_proof.inner_layers.pop();
    });
    refuse_shape("FRI layers", |proof| {
        let layers = &mut proof.stark_proof.0.fri_proof.inner_layers;
        layers.push(layers[0].clone());
    });
    refuse_shape("values of a FRI layer", |proof| {
        proof.stark_proof.0.fri_proof.first_layer.fri_witness.resize(561, QM31::from(0));
    });
    refuse_shape("hashes of a FRI layer", |proof| {
        let witness = &mut proof.stark_proof.0.fri_proof.inner_layers[0].decommitment.hash_witness;
        witness.resize(70 * 21 + 1, Blake2sHash::default());
    });
    refuse_shape("last FRI layer", |proof| {
        proof.stark_proof.0.fri_proof.last_layer_poly = LinePoly::new(vec![QM31::from(1); 2]);
    });
}

/// The last layer's polynomial is written with its length twice; the second one steers a shift and a loop.
#[test]
fn a_false_length_of_the_last_layer() {
    let fixture = Fixture::settle();
    let proof = decode(&fixture.proof).expect("it is honest");
    let mut raw = encode_raw(&proof).expect("it encodes");
    // What follows the length: salt and table variant, four bytes each.
    let length = raw.len() - 12;
    assert_eq!(raw[length..length + 4], [0; 4]);
    for log_size in [1, 32, u32::MAX] {
        raw[length..length + 4].copy_from_slice(&log_size.to_le_bytes());
        let bytes = compress(&raw).expect("it compresses");
        let error = verify_proof(&fixture.program, &fixture.output, &bytes);
        assert!(
            matches!(error, Err(VerifyError::Shape { part: "declared length of the last FRI layer", .. })),
            "{error:?}"
        );
    }
}

/// False contents in honest shapes: what the STARK itself is for.
#[test]
fn contents() {
    let one = QM31::from(1);
    let refused = |error: VerifyError| {
        assert!(matches!(error, VerifyError::Stark(_) | VerifyError::Malformed { .. }), "{error:?}");
    };
    let error = refuse(|proof| proof.interaction_pow += 1);
    assert!(matches!(error, VerifyError::InteractionProofOfWork), "{error:?}");
    let error = refuse(|proof| {
        proof.interaction_claim.ret_opcode.as_mut().expect("it returns").claimed_sum += one;
    });
    assert!(matches!(error, VerifyError::LookupSum), "{error:?}");
    refused(refuse(|proof| proof.stark_proof.0.commitments[2].0[0] ^= 1));
    refused(refuse(|proof| proof.stark_proof.0.commitments[3].0[0] ^= 1));
    refused(refuse(|proof| proof.stark_proof.0.sampled_values[1][0][0] += one));
    refused(refuse(|proof| proof.stark_proof.0.sampled_values[3][0][0] += one));
    refused(refuse(|proof| proof.stark_proof.0.queried_values[1][0][0] += M31(1)));
    refused(refuse(|proof| proof.stark_proof.0.queried_values[0][0][0] += M31(1)));
    refused(refuse(|proof| proof.stark_proof.0.decommitments[0].hash_witness[0].0[0] ^= 1));
    refused(refuse(|proof| {
        proof.stark_proof.0.decommitments[2].hash_witness.pop();
    }));
    refused(refuse(|proof| proof.stark_proof.0.proof_of_work += 1));
    refused(refuse(|proof| proof.stark_proof.0.fri_proof.first_layer.commitment.0[0] ^= 1));
    refused(refuse(|proof| proof.stark_proof.0.fri_proof.inner_layers[2].fri_witness[0] += one));
    refused(refuse(|proof| proof.stark_proof.0.fri_proof.last_layer_poly[0] += one));
}
