//! Compiled classes, once per process.

use std::path::Path;
use std::sync::LazyLock;

use starknet_api::state::SierraContractClass;
pub use zkthreads_execution::sub_block::SubBlockClass as Class;

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
    Class::compile(sierra).expect("compiles")
}
