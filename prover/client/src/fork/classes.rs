//! Classes of a chain, compiled once.

use blockifier::execution::contract_class::{CompiledClassV0, RunnableCompiledClass};
use moka::sync::Cache;
use starknet_api::core::{ClassHash, CompiledClassHash};
use starknet_api::state::SierraContractClass;
use zkthreads_storage::Hardened;
use zkthreads_sub_block::SubBlockClass;

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

impl ForkedClass {
    /// Length of its bytecode, hardened too, which is held in two forms; of an empty class 1, so that those are bounded as well.
    fn felts(&self) -> u32 {
        let standard = match &self.runnable {
            RunnableCompiledClass::V0(class) => class.bytecode_length(),
            RunnableCompiledClass::V1(class) => class.bytecode_length(),
        };
        let hardened = self.hardened.as_ref().and_then(Hardened::casm).map_or(0, |casm| casm.bytecode.len());
        u32::try_from(standard + 2 * hardened).unwrap_or(u32::MAX).max(1)
    }
}

/// Felts of bytecode of the classes that are kept, up to some 600 MB.
const CACHED_FELTS: u64 = 1 << 22;

/// Compiled classes by hash. A hash names one class for ever, so forks at different blocks share a cache. Of very many, those that
/// are seldom used are compiled again.
#[derive(Clone)]
pub struct ClassCache(Cache<ClassHash, ForkedClass>);

impl Default for ClassCache {
    fn default() -> Self {
        Self(
            Cache::builder()
                .weigher(|_, class: &ForkedClass| class.felts())
                .max_capacity(CACHED_FELTS)
                .build(),
        )
    }
}

impl ClassCache {
    pub(super) fn get(&self, class_hash: ClassHash) -> Option<ForkedClass> {
        self.0.get(&class_hash)
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
        self.0.insert(class_hash, class.clone());
        Ok(class)
    }
}

fn sierra(class: SierraContractClass) -> Result<ForkedClass, String> {
    let SubBlockClass { runnable, compiled_class_hash, hardened, in_threads, .. } =
        SubBlockClass::compile(class).map_err(|error| error.to_string())?;
    Ok(ForkedClass { runnable, compiled_class_hash, hardened: Some(hardened), in_threads })
}
