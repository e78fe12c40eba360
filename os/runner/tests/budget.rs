//! What the thread OS may spend on a transaction. `make bench` prints what it does.

use crate::costs::{Metering, Profile, Resource, kinds, marginal};

/// Steps of a transfer by an account of OpenZeppelin's, with all that its signature takes.
const TRANSFER: usize = 15_000;

#[test]
fn a_transfer_keeps_the_budget() {
    let usage = marginal(&kinds::TRANSFER, Metering::Steps);
    assert!(usage[Resource::Steps] <= TRANSFER, "{usage:?}");
}

/// The profile counts what the run counts.
#[test]
fn the_profile_adds_up() {
    let (input, run) = crate::costs::run(&kinds::TRANSFER, Metering::Steps, 3);
    let profile = Profile::of(&input, &run, None);
    assert_eq!(profile.total[Resource::Steps], run.steps);
    for (name, resource) in [
        ("range_check", Resource::RangeCheck),
        ("pedersen", Resource::Pedersen),
        ("poseidon", Resource::Poseidon),
        ("bitwise", Resource::Bitwise),
        ("ec_op (checked in Cairo)", Resource::EcOp),
    ] {
        assert_eq!(profile.total[resource], run.builtins.get(name).copied().unwrap_or_default(), "{name}");
    }
    assert!(!profile.classes.is_empty());
    for class in profile.classes.values() {
        assert!(0 < class.hashed && class.hashed < class.felts);
    }
}
