//! A Sierra class in the forms a sub-block needs.

use blockifier::execution::contract_class::{CompiledClassV1, RunnableCompiledClass};
use starknet_api::contract_class::SierraVersion;
use starknet_api::core::{ClassHash, CompiledClassHash};
use starknet_api::state::SierraContractClass;
use zkthreads_execution::class::compile;
use zkthreads_execution::hardened::HARDENING;
use zkthreads_execution::kept_classes::Declared;
use zkthreads_execution::{AdmitError, in_threads};
use zkthreads_storage::{ClassDefinition, Hardened};

/// A compiled Sierra class. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SubBlockClass {
    /// The class's hash.
    pub hash: ClassHash,
    /// What blockifier runs.
    pub runnable: RunnableCompiledClass,
    /// Its hash in the class trie (version 2).
    pub compiled_class_hash: CompiledClassHash,
    /// What the thread OS loads and hashes instead, or why there is none.
    pub hardened: Hardened,
    /// That code in the form that blockifier runs; the class itself if there is none.
    pub in_threads: RunnableCompiledClass,
}

impl SubBlockClass {
    /// Compiles `class`.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn compile(class: SierraContractClass) -> Result<Self, AdmitError> {
        let hash = class.calculate_class_hash();
        Self::of((hash, compile(class)?))
    }

    /// A class that is compiled already.
    ///
    /// # Errors
    /// If it is of Cairo 0, or blockifier does not take it.
    pub fn of((hash, record): Declared) -> Result<Self, AdmitError> {
        let hardened = record.hardened(HARDENING).cloned();
        let (ClassDefinition::Sierra { casm, sierra_version, .. }, Some(hardened)) =
            (record.definition, hardened)
        else {
            return Err(AdmitError::CompilationFailed("not a Sierra class".to_owned()));
        };
        let failed = |error: &dyn std::fmt::Display| AdmitError::CompilationFailed(error.to_string());
        let version: SierraVersion = sierra_version.parse().map_err(|error| failed(&error))?;
        let runnable: RunnableCompiledClass =
            CompiledClassV1::try_from((casm, version.clone())).map_err(|error| failed(&error))?.into();
        let in_threads = in_threads(&hardened, version, &runnable).map_err(|error| failed(&error))?;
        let compiled_class_hash = record.compiled_class_hash;
        Ok(Self { hash, runnable, compiled_class_hash, hardened, in_threads })
    }
}
