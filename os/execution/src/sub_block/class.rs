//! A Sierra class in the forms a sub-block needs.

use std::sync::Arc;

use blockifier::execution::contract_class::{CompiledClassV1, RunnableCompiledClass};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::core::{ClassHash, CompiledClassHash};
use starknet_api::state::SierraContractClass;
use zkthreads_storage::ClassDefinition;

use crate::admit::AdmitError;
use crate::class::compile;

/// A compiled Sierra class. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SubBlockClass {
    /// The class's hash.
    pub hash: ClassHash,
    /// What blockifier runs.
    pub runnable: RunnableCompiledClass,
    /// What the thread OS loads and hashes.
    pub casm: Arc<CasmContractClass>,
    /// Its hash in the class trie (version 2).
    pub compiled_class_hash: CompiledClassHash,
    /// Whether nothing that a hint tells the code can lead it out of the class: only such classes run in threads.
    pub confined: bool,
}

impl SubBlockClass {
    /// Compiles `class`.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn compile(class: SierraContractClass) -> Result<Self, AdmitError> {
        let hash = class.calculate_class_hash();
        let version =
            class.get_sierra_version().map_err(|error| AdmitError::CompilationFailed(error.to_string()))?;
        let record = compile(class)?;
        let ClassDefinition::Sierra { casm, confined, .. } = record.definition else {
            return Err(AdmitError::CompilationFailed("not a Sierra class".to_owned()));
        };
        let runnable = CompiledClassV1::try_from((casm.clone(), version))
            .map_err(|error| AdmitError::CompilationFailed(error.to_string()))?;
        Ok(Self {
            hash,
            runnable: RunnableCompiledClass::V1(runnable),
            casm: Arc::new(casm),
            compiled_class_hash: record.compiled_class_hash,
            confined,
        })
    }
}
