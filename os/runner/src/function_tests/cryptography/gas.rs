//! Gas of the cryptographic syscalls.

use starknet_types_core::felt::Felt;

use super::{Answered, Cell, MUCH_GAS, cost};
use crate::syscall_costs::KECCAK_ROUND_GAS;

fn number(value: u64) -> Cell {
    Cell::Felt(value.into())
}

/// The identity.
fn point() -> Cell {
    Cell::Array(vec![Felt::ZERO; 6])
}

/// A request of every cryptographic syscall.
fn requests() -> Vec<(&'static str, Vec<Cell>)> {
    let zeros = |count| Cell::Array(vec![Felt::ZERO; count]);
    vec![
        ("Keccak", vec![zeros(34), Cell::End]),
        ("Sha256ProcessBlock", vec![zeros(8), zeros(16)]),
        ("Secp256k1New", vec![number(1), number(0), number(1), number(0)]),
        ("Secp256k1Add", vec![point(), point()]),
        ("Secp256k1Mul", vec![point(), number(3), number(0)]),
        ("Secp256k1GetPointFromX", vec![number(1), number(0), number(1)]),
        ("Secp256k1GetXy", vec![point()]),
        ("Secp256r1New", vec![number(1), number(0), number(1), number(0)]),
        ("Secp256r1Add", vec![point(), point()]),
        ("Secp256r1Mul", vec![point(), number(3), number(0)]),
        ("Secp256r1GetPointFromX", vec![number(1), number(0), number(1)]),
        ("Secp256r1GetXy", vec![point()]),
    ]
}

fn price(name: &str) -> u64 {
    if name == "Keccak" { 2 * KECCAK_ROUND_GAS } else { cost(name) }
}

#[test]
fn every_syscall_takes_its_price() {
    for (name, request) in requests() {
        for gas in [MUCH_GAS, price(name)] {
            let answered = Answered::honestly(name, gas, request.clone());
            assert_eq!(answered.error(), None, "{name}");
            assert_eq!(answered.gas_left(), (gas - price(name)).into(), "{name}");
            answered.check();
        }
    }
}

#[test]
fn too_little_gas_is_refused_and_kept() {
    for (name, request) in requests() {
        for gas in [price(name) - 1, 0] {
            let answered = Answered::honestly(name, gas, request.clone());
            assert_eq!(answered.error().as_deref(), Some("Out of gas"), "{name}");
            assert_eq!(answered.gas_left(), gas.into(), "{name}");
            answered.check();
        }
    }
}

/// With gas enough, no contract can be told that it has too little; without, none can go on.
#[test]
fn nobody_lies_about_gas() {
    for (name, request) in requests() {
        let enough = Answered::honestly(name, price(name), request.clone());
        let short = Answered::honestly(name, price(name) - 1, request.clone());
        let refused = Answered { gas: enough.gas, ..short.clone() };
        assert!(refused.serve().is_err(), "{name}");
        let mut refused_and_kept = refused;
        refused_and_kept.answer[0] = Cell::Felt(enough.gas.into());
        assert!(refused_and_kept.serve().is_err(), "{name}");
        let mut paid = Answered { gas: short.gas, ..enough };
        assert!(paid.serve().is_err(), "{name}");
        paid.answer[0] = Cell::Felt(-Felt::ONE);
        assert!(paid.serve().is_err(), "{name}");
    }
}

#[test]
fn other_syscalls_are_none_of_these() {
    let (_, request) = requests().remove(3);
    let mut answered = Answered::honestly("Secp256k1Add", MUCH_GAS, request);
    for name in ["Secp256k1Sub", "StorageRead", ""] {
        answered.name = name;
        assert!(answered.serve().is_err(), "{name}");
    }
}
