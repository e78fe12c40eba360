//! `keccak` and `sha256_process_block`.

use proptest::prelude::*;
use sha3::{Digest, Keccak256};
use starknet_types_core::felt::Felt;

use super::{Answered, Cell, FINALIZE_KECCAK, FINALIZE_SHA256, MUCH_GAS, Served, felt, finalize};
use crate::syscall_costs::KECCAK_ROUND_GAS;

/// The state that SHA-256 begins with.
const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

fn array<T: Copy + Into<Felt>>(words: &[T]) -> Cell {
    Cell::Array(words.iter().map(|word| (*word).into()).collect())
}

fn keccak(words: &[u64]) -> Answered {
    Answered::honestly("Keccak", MUCH_GAS, vec![array(words), Cell::End])
}

/// Bytes padded as keccak pads them, in words.
fn pad(bytes: &[u8]) -> Vec<u64> {
    let mut padded = bytes.to_vec();
    padded.push(1);
    padded.resize(padded.len().next_multiple_of(136), 0);
    *padded.last_mut().unwrap() |= 0x80;
    padded.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

/// The hash of a keccak answer.
fn hash(answered: &Answered) -> [u8; 32] {
    let halves: Vec<[u8; 32]> = answered.response().iter().map(|half| felt(half).to_bytes_le()).collect();
    [&halves[0][..16], &halves[1][..16]].concat().try_into().unwrap()
}

fn sha256(state: [u32; 8], block: [u32; 16]) -> Answered {
    Answered::honestly("Sha256ProcessBlock", MUCH_GAS, vec![array(&state), array(&block)])
}

/// SHA-256 of bytes, block by block; with what the OS noted of each.
fn sha256_of(bytes: &[u8]) -> (Vec<u8>, Vec<Served>) {
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend((bytes.len() as u64 * 8).to_be_bytes());
    let mut state = INITIAL;
    let mut served = Vec::new();
    for block in padded.chunks(64) {
        let words = std::array::from_fn(|i| u32::from_be_bytes(block[4 * i..4 * i + 4].try_into().unwrap()));
        let answered = sha256(state, words);
        let [Cell::Array(new)] = answered.response() else { panic!("one state") };
        state = std::array::from_fn(|i| new[i].try_into().unwrap());
        served.push(answered.serve().unwrap());
    }
    (state.into_iter().flat_map(u32::to_be_bytes).collect(), served)
}

#[test]
fn keccak_of_no_block_is_zero() {
    let answered = keccak(&[]);
    assert_eq!(answered.response(), [Cell::Felt(Felt::ZERO), Cell::Felt(Felt::ZERO)]);
    assert_eq!(answered.gas_left(), MUCH_GAS.into());
    assert!(answered.check().keccak.is_empty());
}

#[test]
fn keccak_takes_whole_blocks_only() {
    for length in [1, 16, 18, 33, 35] {
        let answered = keccak(&vec![7; length]);
        assert_eq!(answered.error().as_deref(), Some("Invalid input length"), "{length}");
        assert_eq!(answered.gas_left(), MUCH_GAS.into());
        answered.check();
        // It is told of whatever gas is left.
        let mut poor = answered;
        (poor.gas, poor.answer[0]) = (0, Cell::Felt(Felt::ZERO));
        poor.check();
    }
    let mut whole = keccak(&[7; 34]);
    whole.answer = keccak(&[7; 33]).answer;
    assert!(whole.serve().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn keccak_is_keccak(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let words = pad(&bytes);
        let answered = keccak(&words);
        prop_assert_eq!(hash(&answered).to_vec(), Keccak256::digest(&bytes).to_vec());
        let blocks = words.len() as u64 / 17;
        prop_assert_eq!(answered.gas_left(), (MUCH_GAS - blocks * KECCAK_ROUND_GAS).into());
        let served = answered.check();
        prop_assert!(finalize(FINALIZE_KECCAK, &served.keccak).is_ok());
    }

    #[test]
    fn sha256_is_sha256(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let (hash, served) = sha256_of(&bytes);
        prop_assert_eq!(hash, sha2::Sha256::digest(&bytes).to_vec());
        let instances: Vec<Felt> = served.into_iter().flat_map(|served| served.sha256).collect();
        prop_assert!(finalize(FINALIZE_SHA256, &instances).is_ok());
    }
}

/// The OS checks an answer against its segment, and the segment at the end: no cell of an instance can be another.
#[test]
fn every_cell_of_an_instance_counts() {
    let keccak = keccak(&pad(b"two blocks").repeat(2)).check().keccak;
    assert_eq!(keccak.len(), 100);
    let (_, sha256) = sha256_of(&[5; 70]);
    let sha256: Vec<Felt> = sha256.into_iter().flat_map(|served| served.sha256).collect();
    assert_eq!(sha256.len(), 64);
    for (function, cells, bits) in [(FINALIZE_KECCAK, keccak, 64_u32), (FINALIZE_SHA256, sha256, 32)] {
        assert!(finalize(function, &cells).is_ok());
        for index in 0..cells.len() {
            for difference in [Felt::ONE, -Felt::ONE, Felt::TWO.pow(bits)] {
                let mut lie = cells.clone();
                lie[index] += difference;
                assert!(finalize(function, &lie).is_err(), "{function}, cell {index}");
            }
        }
    }
}

/// What lies in the segment is the request; what a false permutation yields is refused at the end.
#[test]
fn a_consistent_lie_is_refused_at_the_end() {
    let (state, block) = (INITIAL, [3; 16]);
    let mut lie = sha256(state, block);
    let Cell::Array(new) = &mut lie.answer[2] else { panic!("one state") };
    new[0] += Felt::ONE;
    let served = lie.serve().expect("the segment takes it");
    assert!(finalize(FINALIZE_SHA256, &served.sha256).is_err());
}

#[test]
fn costs() {
    for blocks in [1, 3, 12] {
        let served = keccak(&vec![1; 17 * blocks]).serve().unwrap();
        let end = finalize(FINALIZE_KECCAK, &served.keccak).unwrap();
        println!(
            "keccak of {blocks} blocks: {} + {} steps, {} bitwise at the end, {} + {} range checks",
            served.steps, end.steps, end.bitwise, served.range_checks, end.range_checks
        );
    }
    for blocks in [1, 7, 8] {
        let (_, served) = sha256_of(&vec![1; 64 * blocks - 9]);
        let instances: Vec<Felt> = served.iter().flat_map(|served| served.sha256.clone()).collect();
        let end = finalize(FINALIZE_SHA256, &instances).unwrap();
        println!(
            "sha256 of {blocks} blocks: {} + {} steps, {} bitwise at the end, {} range checks at the end",
            served.iter().map(|served| served.steps).sum::<usize>(),
            end.steps,
            end.bitwise,
            end.range_checks
        );
    }
}
