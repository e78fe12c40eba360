//! Compiled classes, once per process.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use blockifier::execution::contract_class::{CompiledClassV1, RunnableCompiledClass};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::contract_class::SierraVersion;
use starknet_api::core::ClassHash;
use starknet_api::state::SierraContractClass;
use zkthreads_execution::class::compile;
use zkthreads_storage::ClassDefinition;

/// A Sierra class in all its forms.
#[derive(Clone)]
pub struct Class {
    pub hash: ClassHash,
    pub casm: Arc<CasmContractClass>,
    pub runnable: RunnableCompiledClass,
}

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

fn third_party(name: &str) -> Class {
    load(&format!("target/third-party/contracts/{name}"))
}

/// Compiles the Sierra class at `path`, relative to the workspace.
pub fn load(path: &str) -> Class {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let json = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut value: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    if !value["abi"].is_string() {
        value["abi"] = serde_json::Value::String(value["abi"].to_string());
    }
    let sierra: SierraContractClass = serde_json::from_value(value).expect("a Sierra class");
    let hash = sierra.calculate_class_hash();
    let ClassDefinition::Sierra { casm, sierra_version, .. } = compile(sierra).expect("compiles").definition
    else {
        unreachable!("compile makes Sierra classes")
    };
    let version: SierraVersion = sierra_version.parse().expect("a version");
    let runnable = CompiledClassV1::try_from((casm.clone(), version)).expect("runs");
    Class { hash, casm: Arc::new(casm), runnable: RunnableCompiledClass::V1(runnable) }
}
