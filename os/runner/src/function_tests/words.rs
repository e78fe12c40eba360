//! `assert_word` of `cairo/thread_os/blake.cairo`: a range check that no builtin takes part in.

use starknet_types_core::felt::Felt;

use super::Call;

fn assert_word(value: Felt) -> Result<usize, String> {
    Call::new().with(value).run("blake.assert_word").map(|returned| returned.steps)
}

#[test]
fn words_are_below_2_to_the_32() {
    for word in [0, 1, 1 << 31, (1 << 32) - 1_u64] {
        println!("{} steps", assert_word(word.into()).unwrap());
    }
    for other in [Felt::TWO.pow(32_u32), Felt::TWO.pow(64_u32), Felt::TWO.pow(251_u32), -Felt::ONE] {
        assert!(assert_word(other).is_err(), "{other:#x}");
    }
}
