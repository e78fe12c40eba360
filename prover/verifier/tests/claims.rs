//! Every claim of a proof is checked: an honest proof with one claim changed, and the error that names it.

use crate::common::Fixture;
use cairo_air::air::PublicData;
use cairo_air::components::{ec_op_builtin, pedersen_builtin};
use stwo::core::fields::m31::{M31, P};
use stwo::core::fields::qm31::QM31;
use stwo_cairo_common::preprocessed_columns::preprocessed_trace::PreProcessedTraceVariant;
use zkthreads_verifier::encoding::{Proof, decode, encode};
use zkthreads_verifier::params::{MAX_ADDRESS, MAX_LOG_SIZE};
use zkthreads_verifier::{ComponentProblem, EncodingError, SegmentProblem, VerifyError, verify_proof};

/// The verdict on an honest proof after `change`.
fn refuse(change: impl FnOnce(&mut Proof)) -> VerifyError {
    let fixture = Fixture::settle();
    let mut proof = decode(&fixture.proof).expect("it is honest");
    change(&mut proof);
    let bytes = encode(&proof).expect("it encodes");
    verify_proof(&fixture.program, &fixture.output, &bytes).expect_err("a claim was changed")
}

fn refuse_public(change: impl FnOnce(&mut PublicData)) -> VerifyError {
    refuse(|proof| change(&mut proof.claim.public_data))
}

/// Asserts that a change is refused with an error of this form.
macro_rules! refused {
    ($error:expr, $($pattern:tt)+) => {{
        let error = $error;
        assert!(matches!(error, $($pattern)+), "{error:?}");
    }};
}

macro_rules! component {
    ($component:literal, $($problem:tt)+) => {
        VerifyError::Component { component: $component, problem: ComponentProblem::$($problem)+ }
    };
}

macro_rules! segment {
    ($builtin:literal, $($problem:tt)+) => {
        VerifyError::Segment { builtin: $builtin, problem: SegmentProblem::$($problem)+ }
    };
}

#[test]
fn parameters() {
    refused!(refuse(|proof| proof.stark_proof.0.config.pow_bits = 20), VerifyError::Config { .. });
    refused!(
        refuse(|proof| proof.stark_proof.0.config.fri_config.n_queries = 71),
        VerifyError::Config { .. }
    );
    refused!(
        refuse(|proof| proof.stark_proof.0.config.lifting_log_size = Some(22)),
        VerifyError::Config { .. }
    );
    refused!(
        refuse(|proof| proof.preprocessed_trace_variant = PreProcessedTraceVariant::Canonical),
        VerifyError::TraceVariant { found: PreProcessedTraceVariant::Canonical }
    );
    refused!(refuse(|proof| proof.channel_salt = 7), VerifyError::ChannelSalt { found: 7 });
    refused!(
        refuse(|proof| proof.stark_proof.0.commitments[0].0[31] ^= 1),
        VerifyError::PreprocessedRoot { .. }
    );
    refused!(
        refuse(|proof| proof.stark_proof.0.commitments.clear()),
        VerifyError::Shape { part: "commitments", found: 0, expected: 4 }
    );
}

#[test]
fn components_must_fit_together() {
    refused!(refuse(|proof| proof.claim.range_check_20 = None), component!("range_check_20", PhantomSum));
    refused!(
        refuse(|proof| {
            proof.claim.range_check_20 = None;
            proof.interaction_claim.range_check_20 = None;
        }),
        component!("range_check_20", Missing)
    );
    refused!(refuse(|proof| proof.interaction_claim.ret_opcode = None), component!("ret_opcode", MissingSum));
    let claimed_sum = QM31::from(1);
    refused!(
        refuse(|proof| {
            proof.claim.ec_op_builtin =
                Some(ec_op_builtin::Claim { log_size: 4, ec_op_builtin_segment_start: 0 });
            proof.interaction_claim.ec_op_builtin = Some(ec_op_builtin::InteractionClaim { claimed_sum });
        }),
        component!("ec_op_builtin", Unsupported)
    );
    refused!(
        refuse(|proof| {
            proof.claim.pedersen_builtin =
                Some(pedersen_builtin::Claim { log_size: 4, pedersen_builtin_segment_start: 0 });
        }),
        component!("pedersen_builtin", Unsupported)
    );
    for log_size in [0, 3, MAX_LOG_SIZE + 1, 31, 32, u32::MAX] {
        refused!(
            refuse(|proof| proof.claim.ret_opcode.as_mut().expect("it returns").log_size = log_size),
            component!("ret_opcode", LogSize { .. })
        );
    }
    refused!(
        refuse(|proof| {
            proof.claim.memory_address_to_id.as_mut().expect("required").log_size = 21;
        }),
        component!("memory_address_to_id", LogSize { maximum: 20, .. })
    );
}

#[test]
fn the_memory_table_must_fit_together() {
    refused!(refuse(|proof| proof.claim.memory_id_to_big = None), component!("memory_id_to_big", Missing));
    refused!(
        refuse(|proof| proof.interaction_claim.memory_id_to_big = None),
        component!("memory_id_to_big", Missing)
    );
    let sizes = |proof: &mut Proof, sizes: Vec<u32>| {
        proof.claim.memory_id_to_big.as_mut().expect("required").big_log_sizes = sizes;
    };
    refused!(
        refuse(|proof| sizes(proof, vec![])),
        component!("memory_id_to_big", Parts { parts: 0, sums: 1 })
    );
    refused!(
        refuse(|proof| sizes(proof, vec![4; 17])),
        component!("memory_id_to_big", Parts { parts: 17, sums: 1 })
    );
    refused!(
        refuse(|proof| sizes(proof, vec![21])),
        component!("memory_id_to_big", LogSize { log_size: 21, .. })
    );
    refused!(
        refuse(|proof| {
            proof.interaction_claim.memory_id_to_big.as_mut().expect("required").claimed_sum += QM31::from(1);
        }),
        VerifyError::MemorySum
    );
}

#[test]
fn registers() {
    refused!(
        refuse_public(|data| data.initial_state.pc = M31(2)),
        VerifyError::Register { register: "the first pc", found: 2, expected: 1 }
    );
    refused!(
        refuse_public(|data| data.initial_state.ap += M31(1)),
        VerifyError::Register { register: "the first ap", .. }
    );
    refused!(
        refuse_public(|data| data.initial_state.fp += M31(1)),
        VerifyError::Register { register: "the first fp", .. }
    );
    refused!(
        refuse_public(|data| data.final_state.pc = M31(7)),
        VerifyError::Register { register: "the last pc", found: 7, expected: 5 }
    );
    refused!(
        refuse_public(|data| data.final_state.fp += M31(1)),
        VerifyError::Register { register: "the last fp", .. }
    );
    for final_ap in [0, 12, MAX_ADDRESS, P - 1] {
        refused!(
            refuse_public(|data| data.final_state.ap = M31(final_ap)),
            VerifyError::FinalAp { final_ap: found, .. } if found == final_ap
        );
    }
    refused!(refuse_public(|data| data.final_state.ap += M31(1)), segment!("output", Output { .. }));
}

#[test]
fn sections() {
    refused!(
        refuse_public(|data| data.public_memory.program.truncate(2)),
        VerifyError::ProgramLength { found: 2, .. }
    );
    refused!(
        refuse_public(|data| data.public_memory.program[9].1[0] ^= 1),
        VerifyError::ProgramCell { cell: 9 }
    );
    refused!(
        refuse_public(|data| data.public_memory.program[9].0 = P),
        VerifyError::MemoryId { section: "the program", id: P }
    );
    refused!(
        refuse_public(|data| {
            data.public_memory.output.pop();
        }),
        VerifyError::OutputLength { found: 22, expected: 23 }
    );
    refused!(
        refuse_public(|data| data.public_memory.output[0].0 = u32::MAX),
        VerifyError::MemoryId { section: "the output", .. }
    );
    refused!(
        refuse_public(|data| data.public_memory.safe_call_ids[1] = P + 1),
        VerifyError::MemoryId { section: "the safe call", .. }
    );
}

#[test]
fn builtin_segments() {
    refused!(
        refuse_public(|data| data.public_memory.public_segments.mul_mod = None),
        segment!("mul_mod", Missing)
    );
    // An unused builtin of which cells are claimed to be used.
    for (builtin, change) in [
        ("ecdsa", (|data| &mut data.ecdsa) as fn(&mut cairo_air::air::PublicSegmentRanges) -> &mut Option<_>),
        ("ec_op", |data| &mut data.ec_op),
        ("keccak", |data| &mut data.keccak),
        ("mul_mod", |data| &mut data.mul_mod),
        ("add_mod", |data| &mut data.add_mod),
        ("range_check96", |data| &mut data.range_check_96),
    ] {
        let error = refuse_public(|data| {
            let segment: &mut Option<cairo_air::air::SegmentRange> =
                change(&mut data.public_memory.public_segments);
            segment.as_mut().expect("all are claimed").stop_ptr.value += 7;
        });
        assert!(
            matches!(error, VerifyError::Segment { builtin: found, problem: SegmentProblem::Unchecked }
                if found == builtin),
            "{error:?}"
        );
    }
    let poseidon = |data: &mut PublicData, change: &dyn Fn(&mut cairo_air::air::SegmentRange)| {
        change(data.public_memory.public_segments.poseidon.as_mut().expect("it is used"));
    };
    refused!(
        refuse_public(|data| poseidon(data, &|segment| segment.stop_ptr.value = segment.start_ptr.value - 1)),
        segment!("poseidon", Reversed { .. })
    );
    refused!(
        refuse_public(|data| poseidon(data, &|segment| segment.stop_ptr.value += 1)),
        segment!("poseidon", Length { used: 7, checked: 96, cells: 6 })
    );
    refused!(
        refuse_public(|data| poseidon(data, &|segment| segment.stop_ptr.value += 96)),
        segment!("poseidon", Length { used: 102, checked: 96, cells: 6 })
    );
    refused!(
        refuse_public(|data| poseidon(data, &|segment| segment.stop_ptr.value = MAX_ADDRESS)),
        segment!("poseidon", Pointer { .. })
    );
    refused!(
        refuse_public(|data| poseidon(data, &|segment| segment.start_ptr.id = P)),
        VerifyError::MemoryId { section: "poseidon", id: P }
    );
    refused!(
        refuse(|proof| {
            let claim = proof.claim.poseidon_builtin.as_mut().expect("it is used");
            claim.poseidon_builtin_segment_start += 6;
        }),
        segment!("poseidon", Start { .. })
    );
    // Even where no cell was used, the component's start is not free.
    refused!(
        refuse(|proof| {
            let segments = &mut proof.claim.public_data.public_memory.public_segments;
            let segment = segments.bitwise.as_mut().expect("it is used");
            segment.stop_ptr.value = segment.start_ptr.value;
            let claim = proof.claim.bitwise_builtin.as_mut().expect("it is used");
            claim.bitwise_builtin_segment_start += 1;
        }),
        segment!("bitwise", Start { .. })
    );
    refused!(
        refuse(|proof| {
            let start = MAX_ADDRESS - 8;
            let segments = &mut proof.claim.public_data.public_memory.public_segments;
            let segment = segments.range_check_128.as_mut().expect("it is used");
            segment.start_ptr.value = start;
            segment.stop_ptr.value = start;
            let claim = proof.claim.range_check_builtin.as_mut().expect("it is used");
            claim.range_check_builtin_segment_start = start;
        }),
        segment!("range_check", Pointer { .. })
    );
}

/// A run whose contract comes to a range check pointer behind the last cell that is checked could write anything there.
#[test]
fn range_checks_to_the_end_of_memory() {
    refused!(
        refuse(|proof| {
            proof.claim.range_check_builtin = None;
            proof.interaction_claim.range_check_builtin = None;
        }),
        component!("range_check_builtin", Missing)
    );
    // One cell less.
    refused!(
        refuse(|proof| {
            let segments = &mut proof.claim.public_data.public_memory.public_segments;
            let segment = segments.range_check_128.as_mut().expect("it is used");
            segment.start_ptr.value -= 1;
            segment.stop_ptr.value -= 1;
            let claim = proof.claim.range_check_builtin.as_mut().expect("it is used");
            claim.range_check_builtin_segment_start -= 1;
        }),
        segment!("range_check", EndOfMemory { checked, memory }) if checked + 1 == memory
    );
    // A memory of twice as many.
    refused!(
        refuse(|proof| proof.claim.memory_address_to_id.as_mut().expect("required").log_size += 1),
        segment!("range_check", EndOfMemory { checked, memory }) if 2 * (checked - 1) == memory - 1
    );
}

#[test]
fn numbers_that_are_no_field_elements() {
    let non_canonical = QM31::from_m31_array([M31(0), M31(P), M31(0), M31(0)]);
    let refuse_field = |expected: &str, change: &dyn Fn(&mut Proof)| match refuse(change) {
        VerifyError::Encoding(EncodingError::FieldElement { field, value }) => {
            assert_eq!((field, value), (expected, P));
        }
        error => panic!("{error:?}"),
    };
    refuse_field("a register", &|proof| proof.claim.public_data.final_state.ap = M31(P));
    refuse_field("a claimed sum", &|proof| {
        proof.interaction_claim.ret_opcode.as_mut().expect("it returns").claimed_sum = non_canonical;
    });
    refuse_field("a claimed sum", &|proof| {
        proof.interaction_claim.memory_id_to_big.as_mut().expect("required").big_claimed_sums[0] =
            non_canonical;
    });
    refuse_field("a sampled value", &|proof| proof.stark_proof.0.sampled_values[1][0][0] = non_canonical);
    refuse_field("a queried value", &|proof| proof.stark_proof.0.queried_values[2][5][9] = M31(P));
    refuse_field("a FRI value", &|proof| {
        proof.stark_proof.0.fri_proof.inner_layers[1].fri_witness[0] = non_canonical;
    });
    refuse_field("the last FRI layer", &|proof| {
        proof.stark_proof.0.fri_proof.last_layer_poly[0] = non_canonical;
    });
}
