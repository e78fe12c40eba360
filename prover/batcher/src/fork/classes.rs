//! Classes of a chain, compiled once.

use std::collections::HashMap;
use std::sync::Arc;

use blockifier::execution::contract_class::{CompiledClassV0, RunnableCompiledClass};
use parking_lot::Mutex;
use starknet_api::core::{ClassHash, CompiledClassHash};
use starknet_api::state::SierraContractClass;
use zkthreads_execution::sub_block::SubBlockClass;
use zkthreads_storage::Hardened;

use super::remote::RemoteClass;

/// A class that runs.
#[derive(Clone)]
pub(super) struct ForkedClass {
    pub(super) runnable: RunnableCompiledClass,
    pub(super) compiled_class_hash: CompiledClassHash,
    /// What threads run of it; absent of a Cairo 0 class.
    pub(super) hardened: Option<Hardened>,
    /// The same as blockifier runs it; the class itself if there is none.
    pub(super) in_threads: RunnableCompiledClass,
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
            RemoteClass::Legacy(class) => {
                let runnable: RunnableCompiledClass =
                    CompiledClassV0::try_from(*class).map_err(|error| error.to_string())?.into();
                let compiled_class_hash = CompiledClassHash::default();
                ForkedClass { in_threads: runnable.clone(), runnable, compiled_class_hash, hardened: None }
            }
        };
        self.classes.lock().insert(class_hash, class.clone());
        Ok(class)
    }
}

fn sierra(class: SierraContractClass) -> Result<ForkedClass, String> {
    let SubBlockClass { runnable, compiled_class_hash, hardened, in_threads, .. } =
        SubBlockClass::compile(class).map_err(|error| error.to_string())?;
    Ok(ForkedClass { runnable, compiled_class_hash, hardened: Some(hardened), in_threads })
}
