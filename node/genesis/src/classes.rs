//! The contract classes of the genesis block, embedded in the binary and checked against their known hashes.

use serde::Deserialize;
use starknet_api::core::ClassHash;
use starknet_api::core::EntryPointSelector;
use starknet_api::deprecated_contract_class::ContractClass as LegacyClass;
use starknet_api::rpc_transaction::EntryPointByType;
use starknet_api::state::{EntryPoint, FunctionIndex, SierraContractClass};
use starknet_rust::core::types::contract::{AbiEntry, SierraClass, SierraClassDebugInfo};
use starknet_rust::core::types::{EntryPointsByType, FlattenedSierraClass, SierraEntryPoint};
use starknet_types_core::felt::Felt;
use zkthreads_execution::AdmitError;
use zkthreads_execution::class::compile;
use zkthreads_execution::kept_classes::{Declared, kept};
use zkthreads_storage::{ClassDefinition, ClassRecord};

use crate::constants::{
    ACCOUNT_CLASS_HASH, ARGENT_CLASS_HASH, ARGENT_MULTISIG_CLASS_HASH, ETH_CLASS_HASH,
    LEGACY_ACCOUNT_CLASS_HASH, LEGACY_UDC_CLASS_HASH, STRK_CLASS_HASH, UDC_CLASS_HASH,
};

macro_rules! artifact {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/third-party/contracts/", $file))
    };
}

/// A class's name, hash and artifact.
type Sierra = (&'static str, Felt, &'static str);

const STANDARD: [Sierra; 4] = [
    ("OpenZeppelin account 1.0.0", ACCOUNT_CLASS_HASH, artifact!("oz_account_1.0.0.sierra")),
    ("STRK token", STRK_CLASS_HASH, artifact!("strk_erc20.sierra")),
    ("ETH token", ETH_CLASS_HASH, artifact!("eth_erc20.sierra")),
    ("universal deployer 2", UDC_CLASS_HASH, artifact!("udc_2.sierra")),
];
const ARGENT: [Sierra; 2] = [
    ("Argent account 0.4.0", ARGENT_CLASS_HASH, artifact!("argent_account_0.4.0.sierra")),
    ("Argent multisig 0.2.0", ARGENT_MULTISIG_CLASS_HASH, artifact!("argent_multisig_0.2.0.sierra")),
];
const LEGACY_UDC: &str = artifact!("udc_legacy.json");
const LEGACY_ACCOUNT: &str = artifact!("oz_account_0.5.1.json");

/// Why an embedded class cannot be used: the binary was built from other artifacts than it should have been.
#[derive(Debug, thiserror::Error)]
pub enum ClassError {
    /// The artifact does not parse.
    #[error("the artifact of {name} does not parse: {reason}")]
    Parse {
        /// Which class.
        name: &'static str,
        /// The parser's complaint.
        reason: String,
    },
    /// It has another hash than the class everyone knows.
    #[error("the class hash of {name} is {computed:#x} instead of {expected:#x}")]
    Hash {
        /// Which class.
        name: &'static str,
        /// As it should be.
        expected: Felt,
        /// As it is.
        computed: Felt,
    },
    /// It does not compile.
    #[error("{name} does not compile: {source}")]
    Compile {
        /// Which class.
        name: &'static str,
        /// The compiler's complaint.
        source: AdmitError,
    },
}

/// The classes of every genesis block, compiled: once by each build of the program, if it can keep them.
///
/// # Errors
/// If an embedded artifact is not what it should be.
pub fn standard() -> Result<Vec<Declared>, ClassError> {
    let mut classes = compiled(&STANDARD)?;
    classes.push((ClassHash(LEGACY_UDC_CLASS_HASH), legacy_class("universal deployer 1", LEGACY_UDC)?));
    Ok(classes)
}

/// Argent's accounts, compiled.
///
/// # Errors
/// As [`standard`].
pub fn argent() -> Result<Vec<Declared>, ClassError> {
    compiled(&ARGENT)
}

/// The account of Cairo 0.
///
/// # Errors
/// As [`standard`].
pub fn legacy_account() -> Result<Declared, ClassError> {
    Ok((ClassHash(LEGACY_ACCOUNT_CLASS_HASH), legacy_class("OpenZeppelin account 0.5.1", LEGACY_ACCOUNT)?))
}

/// In parallel: an account alone takes a second.
fn compiled(classes: &[Sierra]) -> Result<Vec<Declared>, ClassError> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = classes
            .iter()
            .map(|(name, hash, json)| scope.spawn(move || sierra_class(name, *hash, json)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn sierra_class(name: &'static str, expected: Felt, json: &str) -> Result<Declared, ClassError> {
    let (hash, record) = kept(json, || {
        let class = flatten(json).map_err(|reason| ClassError::Parse { name, reason })?;
        let class = sierra(&class);
        let hash = class.calculate_class_hash();
        let record = compile(class).map_err(|source| ClassError::Compile { name, source })?;
        Ok((hash, record))
    })?;
    if hash.0 != expected {
        return Err(ClassError::Hash { name, expected, computed: hash.0 });
    }
    Ok((hash, record))
}

/// A compiler's artifact, less the debug information that some lack.
#[derive(Deserialize)]
struct Artifact {
    sierra_program: Vec<Felt>,
    contract_class_version: String,
    entry_points_by_type: EntryPointsByType,
    abi: Vec<AbiEntry>,
}

/// An artifact as a DECLARE carries it. The ABI's text, and with it the class hash, follows the spacing of Python's
/// JSON writer, as all Starknet tools do.
pub fn flatten(json: &str) -> Result<FlattenedSierraClass, String> {
    let Artifact { sierra_program, contract_class_version, entry_points_by_type, abi } =
        serde_json::from_str(json).map_err(|error| error.to_string())?;
    let debug_info =
        SierraClassDebugInfo { type_names: vec![], libfunc_names: vec![], user_func_names: vec![] };
    let class = SierraClass {
        sierra_program,
        sierra_program_debug_info: debug_info,
        contract_class_version,
        entry_points_by_type,
        abi,
    };
    class.flatten().map_err(|error| error.to_string())
}

/// The same class as the node has it.
pub fn sierra(class: &FlattenedSierraClass) -> SierraContractClass {
    let EntryPointsByType { constructor, external, l1_handler } = &class.entry_points_by_type;
    SierraContractClass {
        sierra_program: class.sierra_program.clone(),
        contract_class_version: class.contract_class_version.clone(),
        entry_points_by_type: EntryPointByType {
            constructor: entry_points(constructor),
            external: entry_points(external),
            l1handler: entry_points(l1_handler),
        },
        abi: class.abi.clone(),
    }
}

fn entry_points(entry_points: &[SierraEntryPoint]) -> Vec<EntryPoint> {
    let convert = |point: &SierraEntryPoint| EntryPoint {
        function_idx: FunctionIndex(point.function_idx as usize),
        selector: EntryPointSelector(point.selector),
    };
    entry_points.iter().map(convert).collect()
}

/// Cairo 0 classes are not in the class trie and have no compiled class hash.
fn legacy_class(name: &'static str, json: &str) -> Result<ClassRecord, ClassError> {
    let class: LegacyClass =
        serde_json::from_str(json).map_err(|error| ClassError::Parse { name, reason: error.to_string() })?;
    Ok(ClassRecord {
        definition: ClassDefinition::Legacy { class },
        compiled_class_hash: Default::default(),
        declared_at: Default::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_artifacts_have_the_hashes_everyone_knows() {
        for (name, expected, json) in STANDARD.into_iter().chain(ARGENT) {
            let class = flatten(json).unwrap_or_else(|reason| panic!("{name}: {reason}"));
            assert_eq!(sierra(&class).calculate_class_hash().0, expected, "{name}");
        }
        legacy_class("udc", LEGACY_UDC).unwrap();
        legacy_class("account", LEGACY_ACCOUNT).unwrap();
    }
}
