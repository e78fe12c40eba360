//! `load_classes` of `cairo/thread_os/classes.cairo`: the compiled class hash that the class trie holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::core::ClassHash;
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::{ExecutableClass, OsInput};

use super::{Call, Returned, empty_input};
use crate::fault_injector::{FaultInjector, Lie};
use crate::hints::{OsHints, Rehearsal, UsedCode};

const CLASS_HASH: Felt = Felt::from_hex_unchecked("0x1234567");
/// Most felts that a class has.
const MAX_FELTS: usize = 1 << 20;

/// Cells of the Cairo structure `Class`.
const CLASS_CELLS: usize = 9;
/// Those that the statement carries: class hash, compiled class hash, whether it is metered in gas.
const STATED: usize = 3;
const GAS_METERED: usize = 2;
const EXTERNAL: usize = 5;
const CONSTRUCTORS: usize = 7;
const BYTECODE: usize = 8;
/// Cells of the Cairo structure `EntryPoint`.
const ENTRY_POINT_CELLS: usize = 4;

/// Compiles a class of `target/third-party/contracts`.
fn compile(name: &str) -> CasmContractClass {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/third-party/contracts");
    let path = folder.join(format!("{name}.sierra"));
    let json = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut value: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    value["abi"] = serde_json::Value::Null;
    let class: ContractClass = serde_json::from_value(value).expect("a Sierra class");
    let program = class.extract_sierra_program(false).expect("it has a program");
    CasmContractClass::from_contract_class(class, program, false, MAX_FELTS).expect("it compiles")
}

fn input(casm: CasmContractClass, gas_metered: bool) -> OsInput {
    let class = ExecutableClass { casm: Arc::new(casm), gas_metered, ran: None };
    OsInput { classes: BTreeMap::from([(ClassHash(CLASS_HASH), class)]), ..empty_input() }
}

/// The one class of the input, loaded.
struct Loaded {
    returned: Returned,
    class: Relocatable,
    costs: MaybeRelocatable,
}

fn load(input: &OsInput, used: Option<&UsedCode>, lies: &[Lie]) -> Result<Loaded, String> {
    let mut call = Call::new();
    let class = call.allocate::<Felt>(&[]);
    let costs = call.allocate::<Felt>(&[]);
    let rehearsal = used.map(|used| Rehearsal { used_code: used.clone(), ..Rehearsal::default() });
    let mut hints = OsHints::new(input, rehearsal.as_ref());
    hints.faults = Box::new(FaultInjector::telling(lies));
    let returned = call
        .with_builtin(BuiltinName::range_check)
        .with(class)
        .with(Felt::ONE)
        .with(costs)
        .run_with("classes.load_classes", &mut hints)?;
    Ok(Loaded { returned, class, costs: costs.into() })
}

impl Loaded {
    fn cells(&self) -> Vec<MaybeRelocatable> {
        self.returned.cells(&self.class.into(), CLASS_CELLS)
    }

    /// What the statement says of the class.
    fn stated(&self) -> [Felt; STATED] {
        let cells = self.cells();
        std::array::from_fn(|cell| cells[cell].get_int().expect("a number"))
    }

    /// Whether code and entry points are those of `casm`, but for code that is not loaded.
    fn is(&self, casm: &CasmContractClass) -> bool {
        let memory = &self.returned.runner.vm;
        let cells = self.cells();
        let bytecode = cells[BYTECODE].get_relocatable().expect("a pointer");
        let code = casm.bytecode.iter().enumerate().all(|(offset, felt)| {
            let cell = memory.get_maybe(&(bytecode + offset).unwrap());
            let truth = MaybeRelocatable::from(Felt::from(&felt.value));
            cell.is_none_or(|cell| cell == truth || cell == MaybeRelocatable::from(-Felt::ONE))
        });
        let points = &casm.entry_points_by_type;
        let lists = [(EXTERNAL, &points.external), (CONSTRUCTORS, &points.constructor)];
        let costs = memory.get_maybe(&(bytecode + (casm.bytecode.len() + 1)).unwrap());
        code && costs.as_ref() == Some(&self.costs)
            && lists.into_iter().all(|(cell, entry_points)| {
                let found = self.returned.cells(&cells[cell], entry_points.len() * ENTRY_POINT_CELLS);
                cells[cell - 1] == MaybeRelocatable::from(entry_points.len())
                    && found.chunks(ENTRY_POINT_CELLS).zip(entry_points).all(|(found, truth)| {
                        let builtins = truth.builtins.iter();
                        let builtins = builtins.map(|name| Felt::from_bytes_be_slice(name.as_bytes()).into());
                        found[0] == MaybeRelocatable::from(Felt::from(&truth.selector))
                            && found[1] == MaybeRelocatable::from(truth.offset)
                            && found[2] == MaybeRelocatable::from(truth.builtins.len())
                            && self.returned.cells(&found[3], truth.builtins.len())
                                == builtins.collect::<Vec<MaybeRelocatable>>()
                    })
            })
    }
}

fn compiled_class_hash(casm: &CasmContractClass) -> Felt {
    casm.hash(&HashVersion::V2).0
}

/// The code that starts at these offsets.
fn used(offsets: impl IntoIterator<Item = usize>) -> UsedCode {
    BTreeMap::from([(ClassHash(CLASS_HASH), offsets.into_iter().collect())])
}

/// Where the class's entry points are, external and constructors.
fn entries(casm: &CasmContractClass) -> Vec<usize> {
    let points = &casm.entry_points_by_type;
    points.external.iter().chain(&points.constructor).map(|entry_point| entry_point.offset).collect()
}

#[test]
fn hashes_are_those_of_the_class_trie() {
    let names = [
        "oz_account_1.0.0",
        "strk_erc20",
        "udc_2",
        "blockifier_erc20",
        "compiler/account__account",
        "compiler/circuit_contract__circuit_contract",
        "compiler/erc20__erc_20",
        "compiler/hello_starknet__hello_starknet",
        "compiler/libfuncs_coverage__libfuncs_coverage",
        "compiler/max_entrypoint__max_entrypoint_contract",
        "compiler/minimal_contract__minimal_contract",
        "compiler/mintable__mintable_erc20_ownable",
        "compiler/multi_component__contract_with_4_components",
        "compiler/new_syntax_test_contract__counter_contract",
        "compiler/test_contract__test_contract",
        "compiler/token_bridge__token_bridge",
        "compiler/upgradable_counter__counter_contract",
    ];
    println!("{:<40} felts   whole: steps   Blake   range checks   first function: steps   Blake", "class");
    for name in names {
        let casm = compile(name);
        let truth = [CLASS_HASH, compiled_class_hash(&casm), Felt::ONE];
        let n_felts = casm.bytecode.len();
        let first = entries(&casm).first().copied();
        let input = input(casm, true);
        let whole = load(&input, None, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let part = load(&input, Some(&used(first)), &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        for loaded in [&whole, &part] {
            assert_eq!(loaded.stated(), truth, "{name}");
            assert!(loaded.is(&input.classes[&ClassHash(CLASS_HASH)].casm), "{name}");
        }
        println!(
            "{name:<40} {n_felts:>5} {:>14} {:>7} {:>14} {:>23} {:>7}",
            whole.returned.steps,
            whole.blake_uses(),
            whole.range_checks(),
            part.returned.steps,
            part.blake_uses(),
        );
    }
}

impl Loaded {
    fn blake_uses(&self) -> u32 {
        self.returned.runner.get_extended_execution_resources().values().sum()
    }

    fn range_checks(&self) -> usize {
        let builtins = self.returned.runner.vm.get_builtin_runners();
        let range_check = builtins.iter().find(|builtin| builtin.name() == BuiltinName::range_check);
        let used = range_check
            .and_then(|builtin| self.returned.runner.vm.segments.get_segment_used_size(builtin.base()));
        used.unwrap_or_default()
    }
}

/// A class without a segmentation is hashed as one stretch.
#[test]
fn a_class_without_segments() {
    let mut casm = compile("compiler/hello_starknet__hello_starknet");
    casm.bytecode_segment_lengths = None;
    let truth = compiled_class_hash(&casm);
    let input = input(casm, false);
    assert_eq!(load(&input, None, &[]).map(|loaded| loaded.stated()), Ok([CLASS_HASH, truth, Felt::ZERO]));
}

/// Parts in parts, some of them skipped as a whole.
#[test]
fn nested_segments() {
    use cairo_lang_starknet_classes::NestedIntList::{Leaf, Node};
    let mut casm = compile("compiler/hello_starknet__hello_starknet");
    let n_felts = casm.bytecode.len();
    let inner = Node(vec![Leaf(50), Node(vec![Leaf(1), Leaf(30)]), Leaf(20)]);
    casm.bytecode_segment_lengths = Some(Node(vec![Leaf(100), inner, Leaf(n_felts - 201)]));
    let truth = compiled_class_hash(&casm);
    let input = input(casm, false);
    let casm = &input.classes[&ClassHash(CLASS_HASH)].casm;
    for offsets in [vec![0], vec![0, 150], vec![180, 300], vec![]] {
        let loaded = load(&input, Some(&used(offsets.clone())), &[]);
        let loaded = loaded.unwrap_or_else(|error| panic!("{offsets:?}: {error}"));
        assert_eq!(loaded.stated()[1], truth, "{offsets:?}");
        assert!(loaded.is(casm), "{offsets:?}");
    }
}

/// What a prover says of a class wrongly makes the run fail, or is what the statement says, or changes nothing that
/// could run.
#[test]
fn lies_are_refused_or_stated() {
    let casm = compile("compiler/hello_starknet__hello_starknet");
    let used = used(entries(&casm).into_iter().skip(1));
    let input = input(casm, true);
    let casm = &input.classes[&ClassHash(CLASS_HASH)].casm;
    let truth = load(&input, Some(&used), &[]).expect("it is honest").stated();
    let bends: [fn(Felt) -> Felt; 4] = [
        |cell| cell + Felt::ONE,
        |cell| cell - Felt::ONE,
        |cell| Felt::ONE - cell,
        |cell| cell + Felt::TWO.pow(63_u32),
    ];
    // The hint, how often it runs at most, and how many cells it writes at most.
    let hints = [
        ("load_class", 1, 500),
        ("bytecode_node", 20, 1),
        ("bytecode_part", 20, 3),
        ("find_builtin_list", 10, 1),
        ("felt_words", 20, 70),
        ("large_words", 10, 8),
        ("felt_shape", 80, 3),
        ("blake_blocks", 30, 1),
    ];
    for (hint, n_executions, n_cells) in hints {
        let (mut refused, mut stated) = (0, 0);
        for execution in 0..n_executions {
            for cell in 0..n_cells {
                for bend in bends {
                    match load(&input, Some(&used), &[Lie { hint, execution, cell, bend }]) {
                        Err(_) => refused += 1,
                        Ok(loaded) if loaded.stated() != truth => stated += 1,
                        Ok(loaded) => assert!(loaded.is(casm), "{hint} {execution}, cell {cell}"),
                    }
                }
            }
        }
        println!("{hint}: {refused} lies refused, {stated} stated");
        assert!(refused + stated > 0, "{hint} tells no lies");
    }
}

/// One class hash with two readings of how it is metered would let a prover choose what gas it takes.
#[test]
fn metered_or_not() {
    let input = input(compile("compiler/minimal_contract__minimal_contract"), false);
    let mut refused = 0;
    for cell in 0..200 {
        let two = Lie { hint: "load_class", execution: 0, cell, bend: |_| Felt::TWO };
        match load(&input, None, &[two]) {
            Err(_) => refused += 1,
            Ok(loaded) => assert!([Felt::ZERO, Felt::ONE].contains(&loaded.stated()[GAS_METERED])),
        }
    }
    assert!(refused > 0);
}

#[test]
fn accounts_that_see_transactions_otherwise() {
    let constants = &VersionedConstants::latest_constants().os_constants;
    let shown = |class_hash: Felt| {
        Call::new().with(class_hash).run("compatibility.shown_to").map(|shown| shown.felt())
    };
    for class_hash in &constants.v1_bound_accounts_cairo1 {
        assert_eq!(shown(class_hash.0), Ok(Felt::ONE), "{class_hash:?}");
        assert_eq!(shown(class_hash.0 + Felt::ONE), Ok(Felt::ZERO));
    }
    for class_hash in &constants.data_gas_accounts {
        assert_eq!(shown(class_hash.0), Ok(Felt::TWO), "{class_hash:?}");
    }
    let file = include_str!("../../../program/cairo/thread_os/compatibility.cairo");
    let listed = constants.v1_bound_accounts_cairo1.len() + constants.data_gas_accounts.len();
    assert_eq!(file.matches("class_hash == ").count(), listed, "no other class is special");
}
