//! `cairo/thread_os/blake.cairo`: Blake2s of felts.

use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::vm::errors::hint_errors::HintError;
use proptest::prelude::*;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Blake2Felt252, StarkHash};

use super::Call;
use super::hostile::Hostile;
use crate::hints::Args;

const FUNCTION: &str = "blake.hash_felts";
const BLOCK_WORDS: usize = 16;
/// The first word of a large felt has this bit.
const MARK: u32 = 1 << 31;

/// The answers that tell what comes next among the felts.
const EIGHT_SMALL: &[u8] = &[1];
const ONE_SMALL: &[u8] = &[0, 1];
const LARGE: &[u8] = &[0, 0, 0];
const FINISH: &[u8] = &[0, 0, 1];

fn call(felts: &[Felt]) -> Call {
    let mut call = Call::new();
    let data = call.allocate(felts);
    call.with_builtin(BuiltinName::range_check).with(data).with(Felt::from(felts.len()))
}

fn hash(felts: &[Felt]) -> Felt {
    call(felts).run(FUNCTION).unwrap_or_else(|error| panic!("{felts:x?}: {error}")).felt()
}

fn small(felt: u64) -> Felt {
    Felt::from(felt)
}

/// The largest felt of two words.
fn largest_small() -> Felt {
    Blake2Felt252::SMALL_THRESHOLD - Felt::ONE
}

/// A felt of eight words that could be read otherwise: its third word has the mark, too.
fn large_with_two_marks() -> Felt {
    Felt::from_hex_unchecked("0x123456789abcdef90123456789abcdef0123456789abcdef0123456789abcde")
}

/// A prover that says what it likes.
#[derive(Clone)]
struct Script {
    words: Vec<u32>,
    /// What comes next among the felts, in order.
    shapes: Vec<&'static [u8]>,
    n_full: Felt,
}

impl Script {
    /// What an honest prover says of `felts`, whose shapes these are.
    fn honest(felts: &[Felt], shapes: &[&'static [u8]]) -> Self {
        let mut words = Blake2Felt252::encode_felts_to_u32s(felts);
        let n_full = Felt::from((words.len() - 1) / BLOCK_WORDS);
        words.resize(words.len().next_multiple_of(BLOCK_WORDS), 0);
        let shapes = shapes.iter().chain([&FINISH]).rev().copied().collect();
        Self { words, shapes, n_full }
    }

    /// Says it of `felts`.
    fn tell(mut self, felts: &[Felt]) -> Result<Felt, String> {
        let mut hostile = Hostile::new(|name: &str, args: &mut Args<'_>| self.answer(name, args));
        call(felts).run_with(FUNCTION, &mut hostile).map(|returned| returned.felt())
    }

    fn answer(&mut self, hint: &str, args: &mut Args<'_>) -> Result<(), HintError> {
        match hint {
            "felt_words" => {
                let words = args.allocate(self.words.iter().map(|word| Felt::from(*word).into()))?;
                args.set("words", words)
            }
            "felt_shape" => {
                let ap = args.vm.get_ap();
                let shape = self.shapes.pop().expect("the script goes on");
                args.write(ap, shape.iter().map(|answer| Felt::from(*answer).into()))
            }
            "blake_blocks" => args.set("n_full", self.n_full),
            _ => Err(HintError::UnknownHint(hint.into())),
        }
    }
}

#[test]
fn every_number_of_words_up_to_three_blocks() {
    for n_large in 0..=6 {
        for n_small in 0..=(48 - 8 * n_large) / 2 {
            let mut felts = vec![-Felt::ONE; n_large];
            felts.extend((0..n_small).map(|index| largest_small() - Felt::from(index)));
            assert_eq!(hash(&felts), Blake2Felt252::hash_array(&felts), "{n_large} large, {n_small} small");
        }
    }
}

#[test]
fn edges() {
    let threshold = Blake2Felt252::SMALL_THRESHOLD;
    let edges = [Felt::ZERO, Felt::ONE, largest_small(), threshold, threshold.double(), -Felt::ONE];
    for edge in edges {
        assert_eq!(hash(&[edge]), Blake2Felt252::hash_array(&[edge]), "{edge:#x}");
    }
    assert_eq!(hash(&edges), Blake2Felt252::hash_array(&edges));
}

fn felt() -> impl Strategy<Value = Felt> {
    prop_oneof![
        4 => any::<u64>().prop_map(|felt| Felt::from(felt >> 1)),
        1 => any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_felts(felts in prop::collection::vec(felt(), 0..200)) {
        prop_assert_eq!(hash(&felts), Blake2Felt252::hash_array(&felts));
    }
}

#[test]
fn the_script_of_an_honest_prover_passes() {
    let felts = [large_with_two_marks(), small(7), small(8)];
    let told = Script::honest(&felts, &[LARGE, ONE_SMALL, ONE_SMALL]).tell(&felts);
    assert_eq!(told, Ok(Blake2Felt252::hash_array(&felts)));
    let felts: Vec<Felt> = (0..8).map(small).collect();
    for shapes in [&[EIGHT_SMALL] as &[_], &[ONE_SMALL; 8]] {
        let told = Script::honest(&felts, shapes).tell(&felts);
        assert_eq!(told, Ok(Blake2Felt252::hash_array(&felts)));
    }
}

/// The words of `[large, small, small]` read as `[small, large, small]`: were it allowed, other code would have the
/// same hash.
#[test]
fn words_cannot_be_read_in_another_way() {
    let felts = [large_with_two_marks(), small(7), small(8)];
    let script = Script::honest(&felts, &[ONE_SMALL, LARGE, ONE_SMALL]);
    let number = |words: &[u32]| {
        words.iter().fold(Felt::ZERO, |sum, word| sum * Felt::from(1_u64 << 32) + Felt::from(*word))
    };
    let mark = Felt::from(MARK) * Felt::TWO.pow(224_u32);
    assert!(script.words[2] >= MARK, "the third word has the mark");
    let other = [number(&script.words[..2]), number(&script.words[2..10]) - mark, small(8)];
    assert!(script.clone().tell(&other).is_err());
    // Nor as small felts only.
    let mut pairs: Vec<Felt> = script.words[..12].chunks(2).map(number).collect();
    let all_small = Script { shapes: [&[FINISH] as &[_], &[ONE_SMALL; 6]].concat(), ..script.clone() };
    assert!(all_small.tell(&pairs).is_err());
    // Nor eight at once.
    pairs.extend([Felt::ZERO, Felt::ZERO]);
    let at_once = Script { shapes: vec![FINISH, EIGHT_SMALL], ..script };
    assert!(at_once.tell(&pairs).is_err());
}

/// Any of eight small felts at once may be the one that is not small.
#[test]
fn each_of_eight_small_felts_is_small() {
    for index in 0..8 {
        let mut felts = [small(3); 8];
        let mut script = Script::honest(&felts, &[EIGHT_SMALL]);
        felts[index] = Blake2Felt252::SMALL_THRESHOLD;
        script.words[2 * index] = MARK;
        script.words[2 * index + 1] = 0;
        assert!(script.tell(&felts).is_err(), "{index}");
    }
}

#[test]
fn a_large_felt_has_the_mark() {
    // Without the mark the first word is 2^31 less, and so is what is left of it, modulo the prime.
    let felts = [large_with_two_marks()];
    let mut script = Script::honest(&felts, &[LARGE]);
    script.words[0] &= !MARK;
    let without = felts[0] - Felt::from(MARK) * Felt::TWO.pow(224_u32);
    assert!(script.clone().tell(&[without]).is_err());
    assert!(script.tell(&felts).is_err());
}

/// A felt can be written in other words, which make another hash.
#[test]
fn other_words_for_a_felt_make_another_hash() {
    let felts = [small(5)];
    let truth = Blake2Felt252::hash_array(&felts);
    let mut as_large = Script::honest(&[-Felt::ONE], &[LARGE]);
    as_large.words[..8].copy_from_slice(&[MARK, 0, 0, 0, 0, 0, 0, 5]);
    assert!(as_large.clone().tell(&felts).is_ok_and(|hash| hash != truth));
    // The prime is 2^251 + 17 * 2^192 + 1.
    as_large.words[..8].copy_from_slice(&[MARK + (1 << 27), 17, 0, 0, 0, 0, 0, 6]);
    assert!(as_large.tell(&felts).is_ok_and(|hash| hash != truth));
}

#[test]
fn words_are_those_of_the_felts() {
    let felts = [large_with_two_marks(), small(7), small(8), small(1), small(2), small(3), small(4)];
    let shapes = [[LARGE].as_slice(), &[ONE_SMALL; 6]].concat();
    let honest = Script::honest(&felts, &shapes);
    assert!(honest.clone().tell(&felts).is_ok());
    for word in 0..honest.words.len() {
        let mut script = honest.clone();
        script.words[word] ^= 1;
        assert!(script.tell(&felts).is_err(), "word {word}");
    }
}

#[test]
fn all_felts_are_hashed_and_no_more() {
    let felts = [small(1), small(2), small(3)];
    for n_shapes in [0, 1, 2, 4] {
        let script = Script::honest(&felts, &[ONE_SMALL; 4][..n_shapes]);
        assert!(script.tell(&felts).is_err(), "{n_shapes} felts");
    }
}

/// Blocks are counted as Blake2s counts them: the last has 1 to 16 words, and zeros behind.
#[test]
fn blocks_are_counted() {
    for n in [1, 8, 9, 16] {
        let felts = vec![small(9); n];
        let honest = Script::honest(&felts, &vec![ONE_SMALL; n]);
        assert!(honest.clone().tell(&felts).is_ok());
        for difference in [Felt::ONE, -Felt::ONE, Felt::ONE.field_div(&Felt::from(8).try_into().unwrap())] {
            let mut script = Script { n_full: honest.n_full + difference, ..honest.clone() };
            script.words.extend([0; BLOCK_WORDS]);
            assert!(script.tell(&felts).is_err(), "{n} felts, {difference:#x} blocks more");
        }
    }
}
