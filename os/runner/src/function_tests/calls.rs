//! `cairo/thread_os/calls.cairo`.

use starknet_types_core::felt::Felt;

use super::Call;

#[test]
fn calls_nest_no_deeper_than_allowed() {
    let one_deeper = |depth_left: u64| {
        Call::new().with(Felt::from(depth_left)).run("calls.one_deeper").map(|returned| returned.felt())
    };
    assert_eq!(one_deeper(49), Ok(Felt::from(48)));
    assert_eq!(one_deeper(1), Ok(Felt::ZERO));
    assert!(one_deeper(0).is_err());
}
