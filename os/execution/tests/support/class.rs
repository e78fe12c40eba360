//! Sierra classes from files, compiled once.

use std::path::Path;
use std::sync::LazyLock;

use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::state::SierraContractClass;
use starknet_types_core::felt::Felt;
use zkthreads_execution::GenesisState;
use zkthreads_execution::class::{compile, legacy};
use zkthreads_execution::kept_classes::kept;

use super::address;

pub use zkthreads_execution::kept_classes::Declared;

pub static ACCOUNT: LazyLock<Declared> = LazyLock::new(|| third_party("oz_account_1.0.0.sierra"));
pub static STRK: LazyLock<Declared> = LazyLock::new(|| third_party("strk_erc20.sierra"));
pub static ETH: LazyLock<Declared> = LazyLock::new(|| third_party("eth_erc20.sierra"));

/// OpenZeppelin's universal deployer.
pub static UDC: LazyLock<Declared> = LazyLock::new(|| third_party("udc_2.sierra"));

/// Our `contracts/bulk.cairo`.
pub static BULK: LazyLock<Declared> = LazyLock::new(|| declared("contracts/bulk.sierra.json"));

/// Our `contracts/greedy.cairo`, metered in steps.
static GREEDY: LazyLock<Declared> = LazyLock::new(|| declared("contracts/greedy.sierra.json"));

/// A contract that does one thing as often as it is asked to.
pub fn greedy() -> ContractAddress {
    address(0x9eed_u64)
}

/// Puts it there.
pub fn deploy_greedy(genesis: &mut GenesisState) {
    genesis.classes.push(GREEDY.clone());
    genesis.contracts.insert(greedy(), GREEDY.0);
}

const PROBE_PATH: &str = "contracts/probe.sierra.json";
const UNHARDENED_PATH: &str = "contracts/metered/too_wide.sierra.json";

fn third_party(name: &str) -> Declared {
    declared(&format!("target/third-party/contracts/{name}"))
}

/// The class at `path`, compiled.
fn declared(path: &str) -> Declared {
    let compiled = kept(&text(path), || {
        let class = load(path);
        compile(class.clone()).map(|record| (class.calculate_class_hash(), record))
    });
    compiled.expect("compiles")
}

/// [`probe`], compiled.
pub static PROBE: LazyLock<Declared> = LazyLock::new(|| declared(PROBE_PATH));

/// Our `contracts/metered/too_wide.cairo`, of which there is no hardened code: no thread may run it.
pub static UNHARDENED: LazyLock<Declared> = LazyLock::new(|| declared(UNHARDENED_PATH));

/// [`UNHARDENED`] as declared.
pub fn unhardened() -> SierraContractClass {
    load(UNHARDENED_PATH)
}

/// A Cairo 0 class.
pub static LEGACY: LazyLock<Declared> = LazyLock::new(|| {
    let class =
        serde_json::from_value(json("target/third-party/contracts/udc_legacy.json")).expect("a class");
    (ClassHash(Felt::from(0x1e6ac_u64)), legacy(class))
});

/// Our `contracts/legacy/ledger.cairo`, of Cairo 0.
pub static LEDGER: LazyLock<Declared> = LazyLock::new(|| {
    let class = serde_json::from_value(json("contracts/legacy/ledger.json")).expect("a class");
    (ClassHash(Felt::from(0x1ed6e4_u64)), legacy(class))
});

/// Our `contracts/metered/bridge.cairo`, which takes messages from L1.
pub static BRIDGE: LazyLock<Declared> = LazyLock::new(|| declared("contracts/metered/bridge.sierra.json"));

/// Our `contracts/probe.cairo`, which no chain declares unasked.
pub fn probe() -> SierraContractClass {
    load(PROBE_PATH)
}

/// The Sierra class at `path`, relative to the workspace.
pub fn load(path: &str) -> SierraContractClass {
    let mut value = json(path);
    if !value["abi"].is_string() {
        value["abi"] = serde_json::Value::String(value["abi"].to_string());
    }
    serde_json::from_value(value).expect("a Sierra class")
}

fn json(path: &str) -> serde_json::Value {
    serde_json::from_str(&text(path)).expect("JSON")
}

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
