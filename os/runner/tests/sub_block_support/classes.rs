//! Compiled classes, once.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use blockifier::execution::contract_class::{CompiledClassV1, RunnableCompiledClass};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use serde_json::Value;
use starknet_api::contract_class::SierraVersion;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::core::ClassHash;
use starknet_api::state::SierraContractClass;
use starknet_types_core::felt::Felt;
use zkthreads_execution::kept_classes::kept;
use zkthreads_sub_block::Hardened;
pub use zkthreads_sub_block::SubBlockClass as Class;

/// OpenZeppelin account 1.0.0.
pub fn account() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| third_party("oz_account_1.0.0.sierra"));
    CLASS.clone()
}

pub fn strk() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| third_party("strk_erc20.sierra"));
    CLASS.clone()
}

pub fn eth() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| third_party("eth_erc20.sierra"));
    CLASS.clone()
}

/// Our `contracts/probe.cairo`.
pub fn probe() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| load("contracts/probe.sierra.json"));
    CLASS.clone()
}

/// The Cairo compiler's own example account. Its Sierra 1.9 is metered in gas, and it asks for the execution info in
/// the newest layout.
pub fn cairo_account() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| third_party("cairo_account.sierra"));
    CLASS.clone()
}

/// The Cairo compiler's example of a circuit: `circuit_builtins` needs the modular builtins.
pub fn cairo_circuit() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| third_party("cairo_circuit.sierra"));
    CLASS.clone()
}

/// The Cairo compiler's test contract.
pub fn cairo_test() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| third_party("cairo_test.sierra"));
    CLASS.clone()
}

/// Argent's account 0.4.0.
pub fn argent() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| third_party("argent_account_0.4.0.sierra"));
    CLASS.clone()
}

/// Argent's multisig 0.2.0.
pub fn multisig() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| third_party("argent_multisig_0.2.0.sierra"));
    CLASS.clone()
}

/// The probe with `get_class_hash_at` where its source says `get_block_hash` (both take one felt and return one;
/// the compiler of `contracts/` does not know the former). `remember_block_hash` then remembers a class hash.
pub fn class_hash_probe() -> Class {
    static CLASS: LazyLock<Class> = LazyLock::new(|| {
        let probe = probe();
        let mut casm = CasmContractClass::clone(probe.hardened.casm().expect("it has hardened code"));
        let selector = |name: &str| Felt::from_bytes_be_slice(name.as_bytes()).to_biguint();
        let mut patched = 0;
        for cell in casm.bytecode.iter_mut().filter(|cell| cell.value == selector("GetBlockHash")) {
            cell.value = selector("GetClassHashAt");
            patched += 1;
        }
        assert_eq!(patched, 1, "one place asks for block hashes");
        let runnable = CompiledClassV1::try_from((casm.clone(), SierraVersion::new(1, 3, 0))).expect("runs");
        let hash = ClassHash(probe.hash.0 + Felt::ONE);
        let compiled_class_hash = casm.hash(&HashVersion::V2);
        let hardened = Hardened::Code { casm: Arc::new(casm), compiled_class_hash };
        let runnable = RunnableCompiledClass::V1(runnable);
        Class { hash, in_threads: runnable.clone(), runnable, hardened, ..probe }
    });
    CLASS.clone()
}

fn third_party(name: &str) -> Class {
    load(&format!("target/third-party/contracts/{name}"))
}

/// Compiles the Sierra class at `path`, relative to the workspace.
pub fn load(path: &str) -> Class {
    let compiled = kept(&text(path), || {
        let class = sierra(serde_json::from_str(&text(path)).expect("JSON"));
        zkthreads_execution::class::compile(class.clone())
            .map(|record| (class.calculate_class_hash(), record))
    });
    Class::of(compiled.expect("compiles")).expect("a Sierra class")
}

/// The Sierra class at `path`, relative to the workspace.
pub fn read(path: &str) -> Value {
    serde_json::from_str(&text(path)).expect("JSON")
}

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn compile(class: Value) -> Class {
    Class::compile(sierra(class)).expect("compiles")
}

fn sierra(mut sierra: Value) -> SierraContractClass {
    if !sierra["abi"].is_string() {
        sierra["abi"] = Value::String(sierra["abi"].to_string());
    }
    serde_json::from_value(sierra).expect("a Sierra class")
}
