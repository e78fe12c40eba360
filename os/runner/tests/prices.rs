//! The thread OS charges what blockifier charges: in Cairo, and in the hints that answer syscalls.

use std::collections::BTreeMap;
use std::path::Path;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::execution::syscalls::vm_syscall_utils::SyscallSelector;
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use starknet_types_core::felt::Felt;
use zkthreads_runner::syscall_costs::{KECCAK_ROUND_GAS, SYSCALL_BASE_GAS, SYSCALLS};

/// Numbers and short strings that `constants.cairo` defines.
fn cairo_constants() -> BTreeMap<String, Felt> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../program/cairo/thread_os/constants.cairo");
    let source = std::fs::read_to_string(path).expect("the program's source");
    source
        .lines()
        .filter_map(|line| line.strip_prefix("const ")?.strip_suffix(';')?.split_once(" = "))
        .filter_map(|(name, value)| {
            let value = match value.strip_prefix('\'') {
                Some(text) => Felt::from_bytes_be_slice(text.strip_suffix('\'')?.as_bytes()),
                None if value.starts_with("0x") => Felt::from_hex(value).ok()?,
                None => Felt::from_dec_str(value).ok()?,
            };
            Some((name.to_owned(), value))
        })
        .collect()
}

/// The prefix of a syscall's constants in Cairo.
fn cairo_name(syscall: &str) -> String {
    match syscall {
        "MetaTxV0" => return "META_TX".to_owned(),
        "SendMessageToL1" => return "SEND_MESSAGE".to_owned(),
        "Sha256ProcessBlock" => return "SHA256".to_owned(),
        _ => {}
    }
    let words = syscall.replace("GetPointFromX", "FromX").replace("GetXy", "Xy");
    let mut name = String::new();
    for letter in words.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[test]
fn syscalls_cost_what_they_cost_on_the_chain() {
    let constants = cairo_constants();
    let cairo = |name: &str| constants.get(name).unwrap_or_else(|| panic!("constants.cairo lacks {name}"));
    let costs = &VersionedConstants::latest_constants().os_constants.gas_costs;
    for syscall in SYSCALLS {
        let selector = SyscallSelector::try_from(Felt::from_bytes_be_slice(syscall.name.as_bytes()))
            .unwrap_or_else(|_| panic!("{} is no syscall", syscall.name));
        let cost = costs.syscalls.get_syscall_gas_cost(&selector).expect("a price");
        let per_felt = syscall.array.map_or(0, |array| array.gas_per_felt);
        assert_eq!(syscall.gas, cost.get_syscall_cost(0), "{}", syscall.name);
        assert_eq!(per_felt, cost.linear_syscall_cost(), "{}", syscall.name);
        let name = cairo_name(syscall.name);
        assert_eq!(Felt::from(syscall.gas), *cairo(&format!("{name}_GAS")));
        if syscall.array.is_some() {
            let array = if name == "SEND_MESSAGE" { "PAYLOAD" } else { "CALLDATA" };
            assert_eq!(Felt::from(per_felt), *cairo(&format!("{name}_{array}_GAS")));
        }
    }
    assert_eq!(KECCAK_ROUND_GAS, costs.syscalls.keccak_round.base_syscall_cost());
    assert_eq!(Felt::from(KECCAK_ROUND_GAS), *cairo("KECCAK_ROUND_GAS"));
    assert_eq!(SYSCALL_BASE_GAS, costs.base.syscall_base_gas_cost);
    assert_eq!(Felt::from(SYSCALL_BASE_GAS), *cairo("SYSCALL_BASE_GAS"));
}

#[test]
fn every_syscall_of_the_chain_is_served_but_one() {
    let selectors = [
        "CallContract",
        "Deploy",
        "EmitEvent",
        "GetBlockHash",
        "GetClassHashAt",
        "GetExecutionInfo",
        "Keccak",
        "LibraryCall",
        "MetaTxV0",
        "ReplaceClass",
        "Secp256k1Add",
        "Secp256k1GetPointFromX",
        "Secp256k1GetXy",
        "Secp256k1Mul",
        "Secp256k1New",
        "Secp256r1Add",
        "Secp256r1GetPointFromX",
        "Secp256r1GetXy",
        "Secp256r1Mul",
        "Secp256r1New",
        "SendMessageToL1",
        "Sha256ProcessBlock",
        "StorageRead",
        "StorageWrite",
    ];
    assert_eq!(SYSCALLS.map(|syscall| syscall.name), selectors, "all but Sha512ProcessBlock");
}

#[test]
fn limits_and_texts_are_those_of_the_chain() {
    let constants = cairo_constants();
    let chain = VersionedConstants::latest_constants();
    let os = &chain.os_constants;
    let text = |text: &str| Felt::from_bytes_be_slice(text.as_bytes());
    let expected = [
        ("EXECUTE_SELECTOR", os.execute_entry_point_selector.0),
        ("VALIDATE_SELECTOR", os.validate_entry_point_selector.0),
        ("CONSTRUCTOR_SELECTOR", os.constructor_entry_point_selector.0),
        ("VALID", text(&os.validated)),
        ("VALIDATE_NUMBER_ROUNDING", os.validate_rounding_consts.validate_block_number_rounding.into()),
        ("VALIDATE_TIMESTAMP_ROUNDING", os.validate_rounding_consts.validate_timestamp_rounding.into()),
        ("VALIDATE_MAX_GAS", os.validate_max_sierra_gas.0.into()),
        ("EXECUTE_MAX_GAS", os.execute_max_sierra_gas.0.into()),
        ("CALL_GAS_STEPS", chain.infinite_gas_for_vm_mode().into()),
        ("ENTRY_POINT_GAS", os.gas_costs.base.entry_point_initial_budget.into()),
        ("BLOCK_HASH_BUFFER", os.stored_block_hash_buffer.into()),
        ("BLOCK_HASH_CONTRACT", *os.os_contract_addresses.block_hash_contract_address().0.key()),
        ("MAX_EVENT_KEYS", chain.tx_event_limits.max_keys_length.into()),
        ("MAX_EVENT_DATA", chain.tx_event_limits.max_data_length.into()),
        ("MAX_EVENTS", chain.tx_event_limits.max_n_emitted_events.into()),
        ("MAX_DEPTH", (chain.max_recursion_depth - 1).into()),
        ("PEDERSEN_GAS", os.gas_costs.builtins.pedersen.into()),
        ("BITWISE_GAS", os.gas_costs.builtins.bitwise.into()),
        ("EC_OP_GAS", os.gas_costs.builtins.ecop.into()),
        ("POSEIDON_GAS", os.gas_costs.builtins.poseidon.into()),
        ("ADD_MOD_GAS", os.gas_costs.builtins.add_mod.into()),
        ("MUL_MOD_GAS", os.gas_costs.builtins.mul_mod.into()),
        ("BLAKE_GAS", os.gas_costs.builtins.blake.into()),
        ("OUT_OF_GAS", text(&os.error_out_of_gas)),
        ("ENTRY_POINT_FAILED", text(&os.error_entry_point_failed)),
        ("ENTRY_POINT_NOT_FOUND", text(&os.error_entry_point_not_found)),
        ("INVALID_ARGUMENT", text(&os.error_invalid_argument)),
        ("BLOCK_NUMBER_OUT_OF_RANGE", text(&os.error_block_number_out_of_range)),
    ];
    for (name, value) in expected {
        assert_eq!(constants.get(name), Some(&value), "{name}");
    }
}
