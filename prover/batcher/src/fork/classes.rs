//! Classes of a chain, compiled once.

use std::collections::HashMap;
use std::sync::Arc;

use blockifier::execution::contract_class::{CompiledClassV0, RunnableCompiledClass};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use parking_lot::Mutex;
use starknet_api::core::{ClassHash, CompiledClassHash};
use starknet_api::state::SierraContractClass;
use zkthreads_execution::sub_block::SubBlockClass;

use super::remote::RemoteClass;

/// A class that runs.
#[derive(Clone)]
pub(super) struct ForkedClass {
    pub(super) runnable: RunnableCompiledClass,
    /// Absent of a Cairo 0 class.
    pub(super) casm: Option<Arc<CasmContractClass>>,
    pub(super) compiled_class_hash: CompiledClassHash,
    /// Whether threads may run it.
    pub(super) confined: bool,
}

/// Compiled classes by hash. A hash names one class for ever, so forks at different blocks share a cache.
#[derive(Clone, Default)]
pub struct ClassCache {
    classes: Arc<Mutex<HashMap<ClassHash, ForkedClass>>>,
}

impl ClassCache {
    pub(super) fn get(&self, class_hash: ClassHash) -> Option<ForkedClass> {
        self.classes.lock().get(&class_hash).cloned()
    }

    /// Compiles a class as a node gave it.
    pub(super) fn insert(&self, class_hash: ClassHash, class: RemoteClass) -> Result<ForkedClass, String> {
        let class = match class {
            RemoteClass::Sierra(class) => sierra(class)?,
            RemoteClass::Legacy(class) => ForkedClass {
                runnable: CompiledClassV0::try_from(*class).map_err(|error| error.to_string())?.into(),
                casm: None,
                compiled_class_hash: CompiledClassHash::default(),
                confined: false,
            },
        };
        self.classes.lock().insert(class_hash, class.clone());
        Ok(class)
    }
}

fn sierra(class: SierraContractClass) -> Result<ForkedClass, String> {
    let SubBlockClass { runnable, casm, compiled_class_hash, confined, .. } =
        SubBlockClass::compile(class).map_err(|error| error.to_string())?;
    Ok(ForkedClass { runnable, casm: Some(casm), compiled_class_hash, confined })
}
