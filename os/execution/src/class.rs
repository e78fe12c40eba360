//! Classes: from Sierra to what runs.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::execution::contract_class::{RunnableCompiledClass, TrackedResource};
use cairo_lang_sierra_to_casm::compiler::CompilationError;
use cairo_lang_starknet_classes::allowed_libfuncs::{BUILTIN_AUDITED_LIBFUNCS_LIST, ListSelector};
use cairo_lang_starknet_classes::casm_contract_class::{CasmContractClass, StarknetSierraCompilationError};
use cairo_lang_starknet_classes::contract_class::{ContractClass, ContractEntryPoint, ContractEntryPoints};
use cairo_lang_utils::bigint::BigUintAsHex;
use starknet_api::block::BlockNumber;
use starknet_api::contract_class::SierraVersion;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::deprecated_contract_class::ContractClass as LegacyClass;
use starknet_api::state::{EntryPoint, SierraContractClass};
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use zkthreads_storage::{ClassDefinition, ClassRecord, Hardened};

use crate::error::AdmitError;
use crate::hardened::{HARDENING, Unhardenable, harden};

/// Longest Sierra program and longest CASM bytecode, felts (as on Starknet).
pub const MAX_PROGRAM_FELTS: usize = 81_920;

/// Largest class as JSON, bytes (as on Starknet).
pub const MAX_CLASS_BYTES: usize = 4_089_446;

/// The form of a class, which its hash covers: the only one so far.
const CONTRACT_CLASS_VERSION: &str = "0.1.0";

/// The Sierra versions that compile: 1.0 up to this minor version.
pub const MAX_SIERRA_MINOR: u64 = 9;

/// Stack of the thread that compiles, bytes: the compiler recurses along the program's structure.
const COMPILER_STACK: usize = 256 * 1024 * 1024;

/// Compiles a class and computes its compiled class hash. `declared_at` is block 0.
///
/// # Errors
/// If the Sierra is of an unknown version, too large, or does not compile.
pub fn compile(class: SierraContractClass) -> Result<ClassRecord, AdmitError> {
    let version = sierra_version(&class)?;
    check_size(&class)?;
    check_entry_points(&class)?;
    let (casm, hardened) = compile_apart(&class)?;
    let hardened = BTreeMap::from([(HARDENING, hardened)]);
    let sierra_version = version.to_string();
    Ok(ClassRecord {
        compiled_class_hash: casm.hash(&HashVersion::V2),
        definition: ClassDefinition::Sierra { sierra: class, casm, sierra_version, hardened },
        declared_at: BlockNumber::ZERO,
    })
}

/// What a class is to threads, of this program's way of hardening. If an older program stored it, it is compiled once more, so
/// this is nothing to do for a stranger. `None` of a Cairo 0 class.
///
/// # Errors
/// [`AdmitError::CompilerBusy`] if the system has no room for the compiler: no verdict on the class.
pub fn hardened(record: &ClassRecord) -> Result<Option<Hardened>, AdmitError> {
    let ClassDefinition::Sierra { sierra, .. } = &record.definition else { return Ok(None) };
    if let Some(known) = record.hardened(HARDENING) {
        return Ok(Some(known.clone()));
    }
    Ok(Some(match compile_apart(sierra) {
        Ok((_, hardened)) => hardened,
        Err(AdmitError::CompilerBusy) => return Err(AdmitError::CompilerBusy),
        Err(error) => Hardened::Refused { reason: error.to_string() },
    }))
}

/// Whether it is not known yet what a class is to threads: an older program stored it.
#[must_use]
pub fn is_pending(record: &ClassRecord) -> bool {
    matches!(record.definition, ClassDefinition::Sierra { .. }) && record.hardened(HARDENING).is_none()
}

/// The same class, with what it is to threads if an older program stored it without.
///
/// # Errors
/// As [`hardened`].
pub fn completed(mut record: ClassRecord) -> Result<ClassRecord, AdmitError> {
    if let Some(known) = hardened(&record)?
        && let ClassDefinition::Sierra { hardened, .. } = &mut record.definition
    {
        hardened.insert(HARDENING, known);
    }
    Ok(record)
}

/// A class of nothing.
pub(crate) fn empty() -> ClassRecord {
    let casm = CasmContractClass {
        prime: Default::default(),
        compiler_version: String::new(),
        bytecode: Vec::new(),
        bytecode_segment_lengths: None,
        hints: Vec::new(),
        pythonic_hints: None,
        entry_points_by_type: Default::default(),
    };
    let sierra_version = SierraVersion::LATEST.to_string();
    ClassRecord {
        compiled_class_hash: Default::default(),
        definition: ClassDefinition::Sierra {
            sierra: SierraContractClass::default(),
            casm,
            sierra_version,
            hardened: BTreeMap::new(),
        },
        declared_at: BlockNumber::ZERO,
    }
}

/// A Cairo 0 class, for a genesis state only: DECLARE v3 does not accept one.
#[must_use]
pub fn legacy(class: LegacyClass) -> ClassRecord {
    ClassRecord {
        definition: ClassDefinition::Legacy { class },
        compiled_class_hash: Default::default(),
        declared_at: BlockNumber::ZERO,
    }
}

/// Whether the current protocol meters the class's code in Sierra gas; in Cairo steps otherwise.
#[must_use]
pub fn is_gas_metered(class: &RunnableCompiledClass) -> bool {
    class.tracked_resource(least_metered_version(), None) == TrackedResource::SierraGas
}

/// The same of a class of this version of Sierra.
pub(crate) fn is_version_gas_metered(version: &SierraVersion) -> bool {
    least_metered_version() <= version
}

fn least_metered_version() -> &'static SierraVersion {
    &VersionedConstants::latest_constants().min_sierra_version_for_sierra_gas
}

fn sierra_version(class: &SierraContractClass) -> Result<SierraVersion, AdmitError> {
    let version =
        class.get_sierra_version().map_err(|error| AdmitError::CompilationFailed(error.to_string()))?;
    if version.major == 1 && version.minor <= MAX_SIERRA_MINOR {
        return Ok(version);
    }
    Err(AdmitError::UnsupportedClassVersion(format!(
        "Sierra {version}, at most 1.{MAX_SIERRA_MINOR} is supported"
    )))
}

/// Refuses a class in another form than the only one that there is.
///
/// # Errors
/// [`AdmitError::UnsupportedClassVersion`]
pub fn check_version(class: &SierraContractClass) -> Result<(), AdmitError> {
    if class.contract_class_version != CONTRACT_CLASS_VERSION {
        let message = format!("contract_class_version is to be {CONTRACT_CLASS_VERSION:?}");
        return Err(AdmitError::UnsupportedClassVersion(message));
    }
    Ok(())
}

/// Refuses what is larger than any class, before anything else is done with it.
pub(crate) fn check_size(class: &SierraContractClass) -> Result<(), AdmitError> {
    let felts = class.sierra_program.len();
    if felts > MAX_PROGRAM_FELTS {
        let message = format!("the Sierra program has {felts} felts, more than {MAX_PROGRAM_FELTS}");
        return Err(AdmitError::ClassTooLarge(message));
    }
    let json = serde_json::to_vec(class).map_err(|error| AdmitError::Malformed(error.to_string()))?;
    if json.len() > MAX_CLASS_BYTES {
        let message = format!("the class has {} bytes, more than {MAX_CLASS_BYTES}", json.len());
        return Err(AdmitError::ClassTooLarge(message));
    }
    Ok(())
}

fn check_entry_points(class: &SierraContractClass) -> Result<(), AdmitError> {
    let points = &class.entry_points_by_type;
    for list in [&points.constructor, &points.external, &points.l1handler] {
        if !list.is_sorted_by(|left, right| left.selector < right.selector) {
            return Err(AdmitError::CompilationFailed(
                "entry points must be unique and sorted by selector".into(),
            ));
        }
    }
    Ok(())
}

/// Compiles on a thread of its own: the compiler may recurse deeply, and a panic in it stays there.
fn compile_apart(class: &SierraContractClass) -> Result<(CasmContractClass, Hardened), AdmitError> {
    let failed = |reason: &dyn std::fmt::Display| AdmitError::CompilationFailed(reason.to_string());
    std::thread::scope(|scope| {
        let compiler = std::thread::Builder::new()
            .name("sierra-compiler".into())
            .stack_size(COMPILER_STACK)
            .spawn_scoped(scope, || to_casm(class))
            .map_err(|_| AdmitError::CompilerBusy)?;
        compiler.join().unwrap_or_else(|_| Err(failed(&"the compiler panicked")))
    })
}

fn to_casm(class: &SierraContractClass) -> Result<(CasmContractClass, Hardened), AdmitError> {
    let points = &class.entry_points_by_type;
    let class = ContractClass {
        sierra_program: class
            .sierra_program
            .iter()
            .map(|felt| BigUintAsHex::from(felt.to_biguint()))
            .collect(),
        sierra_program_debug_info: None,
        contract_class_version: class.contract_class_version.clone(),
        entry_points_by_type: ContractEntryPoints {
            external: entry_points(&points.external),
            l1_handler: entry_points(&points.l1handler),
            constructor: entry_points(&points.constructor),
        },
        abi: None,
    };
    let failed = |error: &dyn std::fmt::Display| AdmitError::CompilationFailed(error.to_string());
    let program = class.extract_sierra_program(false).map_err(|error| failed(&error))?;
    program
        .validate_version_compatible(ListSelector::ListName(BUILTIN_AUDITED_LIBFUNCS_LIST.to_owned()))
        .map_err(|error| failed(&error))?;
    let (points, version) = (class.entry_points_by_type.clone(), program.sierra_version);
    let to_harden = program.program.clone();
    let casm = CasmContractClass::from_contract_class(class, program, false, MAX_PROGRAM_FELTS);
    let casm = casm.map_err(|error| match error {
        StarknetSierraCompilationError::UnsupportedSierraVersion { .. } => {
            AdmitError::UnsupportedClassVersion(error.to_string())
        }
        StarknetSierraCompilationError::CompilationError(cause)
            if matches!(*cause, CompilationError::CodeSizeLimitExceeded) =>
        {
            AdmitError::ClassTooLarge(cause.to_string())
        }
        error => failed(&error),
    })?;
    let hardened = try_to(|| harden(&to_harden, version, &points, &casm));
    Ok((casm, hardened))
}

/// What the class is to threads. The compiler may panic on a class that nobody compiled like this before: that is a refusal.
fn try_to(harden: impl FnOnce() -> Result<CasmContractClass, Unhardenable>) -> Hardened {
    let code = catch_unwind(AssertUnwindSafe(|| harden().map_err(|error| error.to_string())));
    match code.unwrap_or_else(|_| Err("the compiler panicked".to_owned())) {
        Ok(casm) => Hardened::Code { compiled_class_hash: casm.hash(&HashVersion::V2), casm: Arc::new(casm) },
        Err(reason) => Hardened::Refused { reason },
    }
}

fn entry_points(points: &[EntryPoint]) -> Vec<ContractEntryPoint> {
    let convert = |point: &EntryPoint| ContractEntryPoint {
        selector: point.selector.0.to_biguint(),
        function_idx: point.function_idx.0,
    };
    points.iter().map(convert).collect()
}
