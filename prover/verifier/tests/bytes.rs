//! Damaged and hostile bytes: refused with a typed error, for a bounded part of a processor's time. What memory they
//! cost is in `memory.rs`.

use std::time::Duration;

use crate::common::{Fixture, SubBlock, cpu_time};
use zkthreads_protocol::limits::MAX_PROOF_BYTES;
use zkthreads_verifier::encoding::{compress, decompress};
use zkthreads_verifier::params::MAX_DECODED_BYTES;
use zkthreads_verifier::{EncodingError, VerifyError, verify_proof};

/// Most of a processor's time that any of these may take; an honest proof takes some 15 ms.
const PATIENCE: Duration = Duration::from_millis(500);

/// The verdict on bytes in place of a proof. A panic would fail the test: the hook that silences the verifier's
/// own panics reports it, and nothing catches it here.
fn refuse(fixture: &Fixture, bytes: &[u8]) -> VerifyError {
    let before = cpu_time();
    let error = verify_proof(&fixture.program, &fixture.output, bytes).expect_err("the proof is damaged");
    let took = cpu_time() - before;
    assert!(took < PATIENCE, "{error} took {took:?}");
    error
}

fn refuse_encoding(fixture: &Fixture, bytes: &[u8]) -> EncodingError {
    match refuse(fixture, bytes) {
        VerifyError::Encoding(error) => error,
        error => panic!("{error:?}"),
    }
}

/// Positions in `0..length`, the same every time (SplitMix64).
fn positions(seed: u64, length: usize) -> impl Iterator<Item = usize> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % length as u64).expect("it is below a length")
    })
}

#[test]
fn bit_flips_in_the_compressed_proof() {
    let fixture = Fixture::settle();
    for bit in positions(1, fixture.proof.len() * 8).take(200) {
        let mut bytes = fixture.proof.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refuse(&fixture, &bytes);
    }
}

#[test]
fn bit_flips_in_a_sub_block() {
    let mut sub_block = SubBlock::load();
    let honest = sub_block.segment.proof.clone();
    let raw = decompress(&honest).expect("it is honest");
    let mut refuse = |proof| {
        sub_block.segment.proof = proof;
        let before = cpu_time();
        sub_block.verify().expect_err("the proof is damaged");
        let took = cpu_time() - before;
        assert!(took < PATIENCE, "took {took:?}");
    };
    for bit in positions(10, honest.len() * 8).take(200) {
        let mut bytes = honest.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refuse(bytes);
    }
    for bit in positions(11, raw.len() * 8).take(200) {
        let mut raw = raw.clone();
        raw[bit / 8] ^= 1 << (bit % 8);
        refuse(compress(&raw).expect("it compresses"));
    }
}

#[test]
fn bit_flips_in_the_frame_header() {
    let fixture = Fixture::settle();
    for bit in 0..9 * 8 {
        let mut bytes = fixture.proof.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refuse_encoding(&fixture, &bytes);
    }
}

#[test]
fn bit_flips_in_the_decompressed_proof() {
    let fixture = Fixture::settle();
    let raw = decompress(&fixture.proof).expect("it is honest");
    for bit in positions(2, raw.len() * 8).take(200) {
        let mut raw = raw.clone();
        raw[bit / 8] ^= 1 << (bit % 8);
        refuse(&fixture, &compress(&raw).expect("it compresses"));
    }
}

#[test]
fn bit_flips_in_the_claims() {
    let fixture = Fixture::settle();
    let raw = decompress(&fixture.proof).expect("it is honest");
    // Public data and component claims come first: program and output are 36 bytes a cell, then segments.
    let claims = 8 + (fixture.program.bytecode().len() + fixture.output.len()) * 36 + 2_000;
    for bit in positions(3, claims * 8).take(200) {
        let mut raw = raw.clone();
        raw[bit / 8] ^= 1 << (bit % 8);
        refuse(&fixture, &compress(&raw).expect("it compresses"));
    }
}

#[test]
fn truncated() {
    let fixture = Fixture::settle();
    assert_eq!(refuse_encoding(&fixture, &[]), EncodingError::FrameHeader);
    assert_eq!(refuse_encoding(&fixture, &fixture.proof[..8]), EncodingError::FrameHeader);
    let length = fixture.proof.len();
    for kept in positions(4, length).take(50).map(|kept| kept.max(9)).chain([length - 1]) {
        let error = refuse_encoding(&fixture, &fixture.proof[..kept]);
        assert!(
            matches!(error, EncodingError::FrameLength { frame: 0, bytes } if bytes == kept),
            "{error:?}"
        );
    }
    let raw = decompress(&fixture.proof).expect("it is honest");
    for kept in positions(5, raw.len()).take(50) {
        let bytes = compress(&raw[..kept.max(70_000)]).expect("it compresses");
        let error = refuse_encoding(&fixture, &bytes);
        assert!(matches!(error, EncodingError::Decode { .. }), "{error:?}");
    }
}

#[test]
fn trailing() {
    let fixture = Fixture::settle();
    let length = fixture.proof.len();
    let empty_frame = zstd::bulk::compress(&[], 0).expect("it compresses");
    let skippable_frame = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7];
    for tail in [&[0][..], &empty_frame, &skippable_frame, &fixture.proof] {
        let bytes = [&fixture.proof, tail].concat();
        let expected = EncodingError::FrameLength { frame: length, bytes: bytes.len() };
        assert_eq!(refuse_encoding(&fixture, &bytes), expected);
    }
    let mut raw = decompress(&fixture.proof).expect("it is honest");
    raw.push(0);
    let error = refuse_encoding(&fixture, &compress(&raw).expect("it compresses"));
    assert!(matches!(error, EncodingError::Decode { .. }), "{error:?}");
}

#[test]
fn oversized() {
    let fixture = Fixture::settle();
    let bytes = vec![0x28; MAX_PROOF_BYTES + 1];
    assert_eq!(refuse_encoding(&fixture, &bytes), EncodingError::TooLarge { bytes: bytes.len() });
}

#[test]
fn decompression_bombs() {
    let fixture = Fixture::settle();
    let promising = |bytes: &[u8], size: usize| {
        let mut bytes = bytes.to_vec();
        bytes[5..9].copy_from_slice(&u32::try_from(size).expect("it fits the header").to_le_bytes());
        bytes
    };
    // Honest about its size.
    for size in [MAX_DECODED_BYTES + 1, u32::MAX as usize] {
        assert_eq!(
            refuse_encoding(&fixture, &promising(&fixture.proof, size)),
            EncodingError::DecodedTooLarge { bytes: size }
        );
    }
    // Larger than the one window that proofs have.
    let bomb = compress(&vec![0; 1 << 30]).expect("it compresses");
    assert_eq!(refuse_encoding(&fixture, &bomb), EncodingError::FrameHeader);
    // Promises little, holds much; promises much, holds little.
    let bomb = compress(&vec![0; MAX_DECODED_BYTES]).expect("it compresses");
    for bytes in [promising(&bomb, 70_000), promising(&fixture.proof, MAX_DECODED_BYTES)] {
        let error = refuse_encoding(&fixture, &bytes);
        assert!(matches!(error, EncodingError::Decompress { .. }), "{error:?}");
    }
    // Keeps its promise, but is no proof.
    let error = refuse_encoding(&fixture, &bomb);
    assert!(matches!(error, EncodingError::Decode { .. }), "{error:?}");
}

/// A list that promises more than the input holds must not be allocated for.
#[test]
fn false_promises() {
    let fixture = Fixture::settle();
    let mut raw = decompress(&fixture.proof).expect("it is honest");
    for promise in [1 << 20, 1 << 40, u64::MAX] {
        // The first eight bytes are the program's length.
        raw[..8].copy_from_slice(&u64::to_le_bytes(promise));
        let error = refuse_encoding(&fixture, &compress(&raw).expect("it compresses"));
        assert!(matches!(error, EncodingError::Decode { .. }), "{error:?}");
    }
}

#[test]
fn noise() {
    let fixture = Fixture::settle();
    for (seed, length) in [(6, 1), (7, 9), (8, 100), (9, 70_000)] {
        let noise: Vec<u8> = positions(seed, 256).take(length).map(|byte| byte as u8).collect();
        refuse_encoding(&fixture, &noise);
        refuse_encoding(&fixture, &compress(&noise).expect("it compresses"));
        if length == 70_000 {
            let error = refuse_encoding(&fixture, &compress(&noise).expect("it compresses"));
            assert!(matches!(error, EncodingError::Decode { .. }), "{error:?}");
        }
    }
}
