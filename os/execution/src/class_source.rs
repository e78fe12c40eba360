//! Where code comes from that threads run.

use std::sync::Arc;

use blockifier::execution::contract_class::{CompiledClassV1, RunnableCompiledClass};
use blockifier::state::state_api::StateResult;
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_vm::types::errors::program_errors::ProgramError;
use starknet_api::contract_class::SierraVersion;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::core::{ClassHash, CompiledClassHash};
use zkthreads_storage::Hardened;

/// Where the compiled classes come from: the state reader's side that keeps what blockifier's form of a class lacks.
pub trait ClassSource {
    /// The hardened code of a class: it computes the same as what
    /// [`StateReader::get_compiled_class`](blockifier::state::state_api::StateReader::get_compiled_class) runs.
    ///
    /// # Errors
    /// `StateError::UndeclaredClassHash` if there is no such Sierra class, or it has no hardened code.
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>>;

    /// That code in the form that blockifier runs; the class itself if it has none. A thread's transactions run on it, so that
    /// the steps which it takes are those that a proof has to hold.
    ///
    /// # Errors
    /// `StateError::UndeclaredClassHash` if there is no such class.
    fn in_threads(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass>;

    /// The compiled class hash of that code (version 2).
    ///
    /// # Errors
    /// As [`Self::casm`].
    fn compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        Ok(self.casm(class_hash)?.hash(&HashVersion::V2))
    }

    /// Why a Sierra class has no hardened code, so that no thread may run or deploy it; `None` if it has.
    ///
    /// # Errors
    /// `StateError::UndeclaredClassHash` if there is no such class.
    fn unhardened(&self, class_hash: ClassHash) -> StateResult<Option<String>>;
}

/// A class in the form in which blockifier runs it for a thread.
///
/// # Errors
/// If blockifier refuses the code.
pub fn in_threads(
    hardened: &Hardened,
    sierra_version: SierraVersion,
    class: &RunnableCompiledClass,
) -> Result<RunnableCompiledClass, ProgramError> {
    Ok(match hardened.casm() {
        Some(casm) => CompiledClassV1::try_from((casm.as_ref().clone(), sierra_version))?.into(),
        None => class.clone(),
    })
}
