use std::path::{Path, PathBuf};

use starknet_api::state::SierraContractClass;
use zkthreads_storage::{ClassDefinition, ClassRecord, Hardened};

use super::*;
use crate::class::compile;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path, sierra_minor: Option<&str>) -> SierraContractClass {
    let json = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut class: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    if !class["abi"].is_string() {
        class["abi"] = class["abi"].to_string().into();
    }
    if let Some(minor) = sierra_minor {
        class["sierra_program"][1] = minor.into();
    }
    serde_json::from_value(class).expect("a class")
}

/// The Sierra classes in these folders of the workspace.
fn classes(folders: &[&str]) -> Vec<PathBuf> {
    let mut classes = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(workspace().join(folder)).expect("it is there") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if name.ends_with(".sierra") || name.ends_with(".sierra.json") {
                classes.push(path);
            }
        }
    }
    classes.sort();
    classes
}

fn standard(record: &ClassRecord) -> &CasmContractClass {
    match &record.definition {
        ClassDefinition::Sierra { casm, .. } => casm,
        ClassDefinition::Legacy { .. } => panic!("a Sierra class"),
    }
}

/// Words of code that jump, call or advance `ap` by what a value says.
fn computed_jumps(casm: &CasmContractClass) -> usize {
    let low = |word: &BigUintAsHex| word.value.iter_u64_digits().next().unwrap_or_default();
    let mut words = casm.bytecode.iter();
    let mut computed = 0;
    while let Some(word) = words.next() {
        let flags = low(word) >> 48;
        if word.value.bits() > 63 {
            continue;
        }
        let moves = flags & 0b111_1000_0000 != 0 && low(word) != 0x208b_7fff_7fff_7ffe;
        computed += usize::from(moves && flags & 0b100 == 0 && flags & 0b1_0000_0000 != 0);
        if flags & 0b100 != 0 {
            words.next();
        }
    }
    computed
}

/// The page with the table of classes, between these marks.
const PAGE: &str = "docs/classes.md";
const BEGIN: &str = "<!-- made by a test: classes -->\n";
const END: &str = "<!-- end -->\n";

/// Every class that we can lay hands on: those of starknet-devnet (accounts of OpenZeppelin and Argent, a multisig, tokens, the
/// universal deployer), those that the Cairo compiler and blockifier test themselves with, and our own.
#[test]
fn every_class_has_hardened_code_that_is_little_longer() {
    let folders = [
        "target/third-party/contracts",
        "target/third-party/contracts/compiler",
        "contracts",
        "contracts/metered",
    ];
    let classes = classes(&folders);
    assert!(classes.len() > 45, "{}", classes.len());
    let mut table = "| class | Sierra | felts | hardened | jumps that were computed | in a thread |\n\
                     |---|---|--:|--:|--:|---|\n"
        .to_owned();
    let (mut before, mut after, mut jumps) = (0, 0, 0);
    for path in &classes {
        let name = path.strip_prefix(workspace()).expect("it is in the workspace").display().to_string();
        let name = name.trim_start_matches("target/third-party/contracts/");
        let name = name.trim_end_matches(".json").trim_end_matches(".sierra");
        let record = compile(read(path, None)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let standard = standard(&record);
        let ClassDefinition::Sierra { sierra_version, .. } = &record.definition else {
            panic!("a Sierra class")
        };
        let short = standard.bytecode.len();
        let hardened = record.hardened(HARDENING).expect("it is known");
        // Constants may look like a jump, in both.
        let (computed, long, runs) = match hardened {
            Hardened::Code { casm, .. } => {
                (computed_jumps(standard) - computed_jumps(casm), casm.bytecode.len().to_string(), "yes")
            }
            Hardened::Refused { reason } => (computed_jumps(standard), String::new(), reason.as_str()),
        };
        table.push_str(&format!("| {name} | {sierra_version} | {short} | {long} | {computed} | {runs} |\n"));
        let Hardened::Code { casm, .. } = hardened else {
            assert!(
                name.ends_with("too_wide") && runs.contains(" matches 65 variants, more than 64"),
                "{name}: {runs}"
            );
            continue;
        };
        let long = casm.bytecode.len();
        let most = if name.ends_with("variants") { 150 } else { 110 };
        assert!(short <= long && long * 100 <= short * most, "{name}: {short} felts became {long}");
        if standard.bytecode_segment_lengths.is_some() {
            let parts = |casm: &CasmContractClass| match &casm.bytecode_segment_lengths {
                Some(NestedIntList::Node(parts)) => parts.len(),
                _ => panic!("{name} is cut into parts"),
            };
            // A function that nothing can get to has no code otherwise.
            assert!(parts(standard) <= parts(casm), "{name}");
        }
        let points = |casm: &CasmContractClass| -> Vec<_> {
            let points = &casm.entry_points_by_type;
            let each = [&points.external, &points.l1_handler, &points.constructor].into_iter().flatten();
            each.map(|point| (point.selector.clone(), point.builtins.clone())).collect()
        };
        assert_eq!(points(standard), points(casm), "{name}");
        (before, after, jumps) = (before + short, after + long, jumps + computed);
    }
    table.push_str(&format!("| **all that run** | | {before} | {after} | {jumps} | |\n"));
    assert!(jumps > 100, "{jumps}");
    is_in_the_page(&table);
}

fn is_in_the_page(table: &str) {
    let path = workspace().join(PAGE);
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (head, rest) = page.split_once(BEGIN).expect("its table begins");
    let (found, tail) = rest.split_once(END).expect("its table ends");
    if std::env::var_os("ZKTHREADS_REGENERATE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{table}{END}{tail}")).expect("the page can be written");
    } else {
        assert!(
            found == table,
            "{PAGE} is not up to date: run this test with ZKTHREADS_REGENERATE=1\n{table}"
        );
    }
}

/// The versions of Sierra from before segments, and before costs were found without solving equations.
#[test]
fn old_versions_of_sierra_are_hardened_and_cut_into_parts_all_the_same() {
    for name in ["everything", "order_book", "amm", "game"] {
        let path = workspace().join(format!("contracts/metered/{name}.sierra.json"));
        for minor in ["0x6", "0x4", "0x3"] {
            // What newer Sierra alone can say does not compile.
            let Ok(record) = compile(read(&path, Some(minor))) else { continue };
            let casm = record
                .hardened(HARDENING)
                .and_then(Hardened::casm)
                .unwrap_or_else(|| panic!("{name} {minor}"));
            assert!(
                matches!(&casm.bytecode_segment_lengths, Some(NestedIntList::Node(parts)) if parts.len() > 1)
            );
        }
    }
}

/// The same class has the same hardened code wherever it is compiled: nodes and batchers must agree on it. If this fails after a
/// change of the compiler or of how we harden, that is a new [`HARDENING`].
#[test]
fn hardened_code_is_the_one_that_this_number_stands_for() {
    let hashes = [
        (
            "target/third-party/contracts/oz_account_1.0.0.sierra",
            "0x259324d2a5f056f13338a0cd86c51e6a3c50766661dfcb1991db7269853d1d6",
        ),
        (
            "target/third-party/contracts/argent_account_0.4.0.sierra",
            "0x56d64881ab5aadae6fb49b166e68714a59068dedeb56e1e4158020ab18ca404",
        ),
        (
            "target/third-party/contracts/strk_erc20.sierra",
            "0x7fa03c2c125beb93ff8969a29afce714d025c26d8cd5550530f4f3d10c18f2e",
        ),
        (
            "contracts/metered/everything.sierra.json",
            "0x473dbed3d5713e8ed9636cfee4ae98aea7851492563266ed7594df951effd02",
        ),
    ];
    for (path, expected) in hashes {
        let record = compile(read(&workspace().join(path), None)).expect("compiles");
        let hash =
            record.hardened(HARDENING).and_then(Hardened::compiled_class_hash).expect("it has hardened code");
        assert_eq!(format!("{:#x}", hash.0), expected, "{path}");
    }
}
