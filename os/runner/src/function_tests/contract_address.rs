//! `cairo/thread_os/contract_address.cairo`.

use cairo_vm::types::builtin_name::BuiltinName;
use proptest::prelude::*;
use starknet_api::core::{ClassHash, ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_types_core::felt::Felt;

use super::liar_about_order::LiarAboutOrder;
use super::{Call, Returned};

fn contract_address(salt: Felt, class_hash: Felt, calldata: &[Felt], deployer: Felt) -> Returned {
    Call::new()
        .with_builtin(BuiltinName::range_check)
        .with_builtin(BuiltinName::pedersen)
        .with(salt)
        .with(class_hash)
        .with_array(calldata)
        .with(deployer)
        .run("contract_address.contract_address")
        .unwrap()
}

fn address_of_hash(hash: Felt) -> Call {
    Call::new().with_builtin(BuiltinName::range_check).with(hash)
}

/// 2^251 - 256.
fn bound() -> Felt {
    Felt::TWO.pow(251_u32) - Felt::from(256)
}

fn felt() -> impl Strategy<Value = Felt> {
    any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn addresses_are_starknets(
        salt in felt(),
        class_hash in felt(),
        calldata in proptest::collection::vec(felt(), 0..12),
        deployer in proptest::option::of(1_u64..),
    ) {
        let deployer = deployer.map_or(Felt::ZERO, Felt::from);
        let expected = calculate_contract_address(
            ContractAddressSalt(salt),
            ClassHash(class_hash),
            &Calldata(calldata.clone().into()),
            ContractAddress::try_from(deployer).unwrap(),
        );
        let found = contract_address(salt, class_hash, &calldata, deployer);
        prop_assert_eq!(found.felt(), *expected.unwrap().0.key());
        println!("{} felts of calldata: {} steps", calldata.len(), found.steps);
    }
}

/// Each hash with its address. A random hash is above the bound once in 2^54.
fn hashes() -> Vec<(Felt, Felt)> {
    let below = [0, 1, 255, 256].map(Felt::from).into_iter().chain([
        Felt::TWO.pow(128_u32),
        Felt::TWO.pow(250_u32),
        bound() - Felt::ONE,
    ]);
    let above = [
        bound(),
        bound() + Felt::ONE,
        Felt::TWO.pow(251_u32),
        Felt::TWO.pow(251_u32) + Felt::TWO.pow(192_u32),
        -Felt::ONE,
    ];
    below.map(|hash| (hash, hash)).chain(above.into_iter().map(|hash| (hash, hash - bound()))).collect()
}

#[test]
fn hashes_above_the_bound_wrap_once() {
    for (hash, address) in hashes() {
        let found = address_of_hash(hash).run("contract_address.address_of_hash").unwrap();
        assert_eq!(found.felt(), address, "{hash:#x}");
        println!("{hash:#x}: {} steps", found.steps);
    }
}

/// Every hash has one address only: the wrong claim about its order has no proof, the right one has.
#[test]
fn a_hash_has_no_other_address() {
    for (hash, address) in hashes() {
        let claim = |claims_truth: bool| -> Vec<Felt> {
            LiarAboutOrder::all(claims_truth)
                .map(|mut liar| address_of_hash(hash).run_with("contract_address.address_of_hash", &mut liar))
                .filter_map(|outcome| outcome.ok().map(|returned| returned.felt()))
                .collect()
        };
        let found = claim(true);
        assert!(!found.is_empty() && found.iter().all(|other| *other == address), "{hash:#x}: {found:?}");
        assert_eq!(claim(false), [], "{hash:#x}");
    }
}
