use std::path::Path;

use num_bigint::BigUint;
use starknet_api::state::SierraContractClass;
use zkthreads_storage::ClassDefinition;

use super::*;
use crate::class::compile;

/// `[ap] = [fp + 3]; ap++`
const COPY: u64 = 0x480a_8003_7fff_8000;

/// Instructions, as flags, that lead where an operand says.
const INDIRECT: [(u64, &str); 9] = [
    (1 << 7, "jmp abs"),
    (1 << 7 | IMMEDIATE, "jmp abs, immediate"),
    (1 << 8, "jmp rel"),
    (1 << 8 | IMMEDIATE | 1 << 5, "jmp rel, operand plus immediate"),
    (1 << 8 | IMMEDIATE | 1 << 6, "jmp rel, operand times immediate"),
    (1 << 9, "jmp rel if"),
    (1 << 10, "ap +="),
    (1 << 12 | 1 << 7, "call abs"),
    (1 << 12 | 1 << 8, "call rel"),
];

fn code(words: &[u64]) -> Vec<BigUintAsHex> {
    words.iter().map(|word| BigUintAsHex { value: BigUint::from(*word) }).collect()
}

#[test]
fn jumps_to_operands_are_found_wherever_they_stand() {
    assert!(jumps_are_fixed(&[]));
    assert!(jumps_are_fixed(&code(&[COPY, RET])));
    for (flags, name) in INDIRECT {
        let jump = flags << OFFSET_BITS;
        assert!(!jumps_are_fixed(&code(&[jump, 0])), "{name}");
        assert!(!jumps_are_fixed(&code(&[COPY, COPY, jump, 0, RET])), "{name}");
    }
    // Nearly a `ret`: it returns elsewhere.
    assert!(!jumps_are_fixed(&code(&[RET ^ 1])));
}

#[test]
fn jumps_by_immediates_are_fixed_and_immediates_are_no_instructions() {
    let indirect = 1 << 8 << OFFSET_BITS;
    for direct in [1 << 8, 1 << 9, 1 << 10, 1 << 12 | 1 << 8, 1 << 14] {
        let direct: u64 = (direct | IMMEDIATE) << OFFSET_BITS;
        assert!(jumps_are_fixed(&code(&[direct, indirect, RET])));
        assert!(!jumps_are_fixed(&code(&[direct, 7, indirect])));
    }
}

#[test]
fn constants_too_large_for_an_instruction_are_passed_over() {
    let large = BigUintAsHex { value: BigUint::from(u64::MAX) << 3_u32 };
    let extended = BigUintAsHex { value: (BigUint::from(1_u32) << 64_u32) + BigUint::from(COPY) };
    assert!(jumps_are_fixed(&[large.clone(), extended.clone()]));
    let mut behind = vec![large, extended];
    behind.extend(code(&[1 << 8 << OFFSET_BITS]));
    assert!(!jumps_are_fixed(&behind));
}

fn read(path: &str, sierra_minor: Option<&str>) -> SierraContractClass {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let json = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut class: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    if !class["abi"].is_string() {
        class["abi"] = class["abi"].to_string().into();
    }
    if let Some(minor) = sierra_minor {
        class["sierra_program"][1] = minor.into();
    }
    serde_json::from_value(class).expect("a class")
}

fn is_class_confined(path: &str, sierra_minor: Option<&str>) -> bool {
    compile(read(path, sierra_minor)).expect("compiles").is_confined()
}

#[test]
fn accounts_tokens_and_our_contracts_are_confined() {
    let shipped =
        ["oz_account_1.0.0", "strk_erc20", "eth_erc20", "udc_2", "cairo_account", "blockifier_erc20"];
    for name in shipped {
        assert!(is_class_confined(&format!("target/third-party/contracts/{name}.sierra"), None), "{name}");
    }
    for name in ["probe", "bulk"] {
        assert!(is_class_confined(&format!("contracts/{name}.sierra.json"), None), "{name}");
    }
    for name in ["everything", "order_book", "amm", "game"] {
        let path = format!("contracts/metered/{name}.sierra.json");
        assert!(is_class_confined(&path, None), "{name}");
        assert!(is_class_confined(&path, Some("0x6")), "{name}, metered in steps");
    }
}

const COMPILER: &str = "target/third-party/contracts/compiler";

/// Among the Cairo compiler's own contracts, one has numbers in its dictionaries and computes jumps.
#[test]
fn the_compilers_contracts_are_told_apart() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(COMPILER);
    for entry in std::fs::read_dir(folder).expect("fetched") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let confined = is_class_confined(&format!("{COMPILER}/{name}"), None);
        assert_eq!(confined, !name.starts_with("libfuncs_coverage"), "{name}");
    }
}

#[test]
fn fixed_jumps_or_typed_values_suffice() {
    // The bridge has no dictionary, but events of many kinds: it computes jumps.
    for (name, fixed) in [("account__account", true), ("token_bridge__token_bridge", false)] {
        let record = compile(read(&format!("{COMPILER}/{name}.sierra"), None)).expect("compiles");
        let ClassDefinition::Sierra { casm, .. } = &record.definition else { panic!("a Sierra class") };
        assert_eq!(jumps_are_fixed(&casm.bytecode), fixed, "{name}");
        assert!(is_confined(Values::Typed, casm));
        assert_eq!(is_confined(Values::Late, casm), fixed, "{name}");
        assert!(!is_confined(Values::Impossible, casm));
    }
}
