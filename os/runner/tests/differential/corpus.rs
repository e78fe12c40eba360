//! The classes that random transactions run: our own, and real ones.

use std::sync::LazyLock;

use starknet_types_core::felt::Felt;

use super::abi::{Abi, Function};
use crate::sub_block_support::classes::{self, Class};

pub struct CorpusClass {
    pub name: String,
    pub class: Class,
    pub abi: Abi,
    /// The entry points that its ABI describes, and whether they are often called.
    pub functions: Vec<Function>,
}

/// Our contracts in `contracts/metered`. Each is also taken with an older Sierra version written on it, so that the
/// same code counts its steps instead of gas.
const OURS: &[&str] = &["everything", "order_book", "amm", "game", "variants"];

/// Sierra 1.6, the last version whose classes count steps.
const STEPS: &str = "0x6";

/// Classes that other projects ship.
const SHIPPED: &[&str] = &[
    "oz_account_1.0.0",
    "argent_account_0.4.0",
    "argent_multisig_0.2.0",
    "strk_erc20",
    "eth_erc20",
    "udc_2",
    "blockifier_erc20",
    "cairo_account",
];

/// Classes that the Cairo compiler tests itself with. All are of Sierra 1.9 but those named like a file alone, which
/// are of Sierra 1.3 and 1.4.
const COMPILER: &[&str] = &[
    "circuit_contract__circuit_contract",
    "erc20",
    "erc20__erc_20",
    "hello_starknet__hello_starknet",
    "libfuncs_coverage__libfuncs_coverage",
    "max_entrypoint__max_entrypoint_contract",
    "minimal_contract",
    "mintable",
    "mintable__mintable_erc20_ownable",
    "multi_component__contract_with_4_components",
    "new_syntax_test_contract__counter_contract",
    "ownable_erc20",
    "ownable_erc20__ownable_erc20_contract",
    "proxy__proxy",
    "storage_accesses__storage_accesses",
    "test_contract",
    "test_contract__test_contract",
    "token_bridge",
    "token_bridge__token_bridge",
    "upgradable_counter",
    "upgradable_counter__counter_contract",
    "with_erc20__erc20_contract",
    "with_ownable",
    "with_ownable__ownable_balance",
];

/// Compiled once per process, the large classes beside each other.
pub fn corpus() -> &'static [CorpusClass] {
    static CORPUS: LazyLock<Vec<CorpusClass>> = LazyLock::new(|| {
        let mut wanted = vec![("probe".to_owned(), "contracts/probe.sierra.json".to_owned(), false)];
        for name in OURS {
            let path = format!("contracts/metered/{name}.sierra.json");
            wanted.push(((*name).to_owned(), path.clone(), false));
            wanted.push((format!("{name} in steps"), path, true));
        }
        let third_party = |folder: &str, name: &str| {
            (name.to_owned(), format!("target/third-party/contracts/{folder}{name}.sierra"), false)
        };
        wanted.extend(SHIPPED.iter().map(|name| third_party("", name)));
        wanted.extend(COMPILER.iter().map(|name| third_party("compiler/", name)));
        std::thread::scope(|scope| {
            let (front, back) = wanted.split_at(wanted.len() / 2);
            let front = scope.spawn(|| front.iter().map(load).collect::<Vec<_>>());
            let mut back: Vec<_> = back.iter().map(load).collect();
            let mut all = front.join().expect("compiles");
            all.append(&mut back);
            all
        })
    });
    &CORPUS
}

/// The class called `name`.
pub fn class(name: &str) -> &'static CorpusClass {
    corpus().iter().find(|class| class.name == name).expect("is in the corpus")
}

fn load((name, path, in_steps): &(String, String, bool)) -> CorpusClass {
    let mut sierra = classes::read(path);
    let abi = Abi::parse(&sierra["abi"]);
    if *in_steps {
        sierra["sierra_program"][1] = STEPS.into();
    }
    let class = classes::compile(sierra);
    let external: Vec<Felt> = class
        .hardened
        .casm()
        .expect("it has hardened code")
        .entry_points_by_type
        .external
        .iter()
        .map(|point| Felt::from(&point.selector))
        .collect();
    let functions = abi.functions.iter().filter(|it| external.contains(&it.selector)).cloned().collect();
    CorpusClass { name: name.clone(), class, abi, functions }
}
