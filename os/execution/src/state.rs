//! Blockifier's view of our storage.

use std::sync::Arc;

use blockifier::execution::contract_class::{CompiledClassV0, CompiledClassV1, RunnableCompiledClass};
use blockifier::state::errors::StateError;
use blockifier::state::state_api::{StateReader, StateResult};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use moka::sync::Cache;
use starknet_api::block::BlockNumber;
use starknet_api::contract_class::SierraVersion;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_storage::{ClassDefinition, ClassRecord, StateView, Storage, StorageError};

use crate::sub_block::ClassSource;

/// Classes kept ready to run. An account or token class takes a few megabytes.
const CACHED_CLASSES: u64 = 256;

/// A class, ready to run.
#[derive(Clone)]
struct ReadyClass {
    class: RunnableCompiledClass,
    compiled_class_hash: CompiledClassHash,
    declared_at: BlockNumber,
}

/// Classes ready to run, shared by all states of one executor.
#[derive(Clone)]
pub(crate) struct ClassCache(Cache<ClassHash, ReadyClass>);

impl ClassCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(CACHED_CLASSES))
    }
}

/// The state after one block, as blockifier and the sub-block builder read it.
#[derive(Clone)]
pub struct ChainState {
    view: StateView,
    at: BlockNumber,
    classes: ClassCache,
}

impl ChainState {
    pub(crate) fn new(storage: &Storage, at: BlockNumber, classes: ClassCache) -> Self {
        Self { view: storage.state_at(at), at, classes }
    }

    /// The class as stored, if it is declared by now.
    pub(crate) fn class_record(&self, class_hash: ClassHash) -> StateResult<Option<Arc<ClassRecord>>> {
        self.view.class(class_hash).map_err(read_error)
    }

    fn ready_class(&self, class_hash: ClassHash) -> StateResult<ReadyClass> {
        if let Some(ready) = self.classes.0.get(&class_hash) {
            return if ready.declared_at <= self.at {
                Ok(ready)
            } else {
                Err(StateError::UndeclaredClassHash(class_hash))
            };
        }
        let record = self.class_record(class_hash)?.ok_or(StateError::UndeclaredClassHash(class_hash))?;
        let ready = ReadyClass {
            class: runnable(&record)?,
            compiled_class_hash: record.compiled_class_hash,
            declared_at: record.declared_at,
        };
        self.classes.0.insert(class_hash, ready.clone());
        Ok(ready)
    }
}

/// The class in the form that blockifier runs.
fn runnable(record: &ClassRecord) -> StateResult<RunnableCompiledClass> {
    Ok(match &record.definition {
        ClassDefinition::Sierra { casm, sierra_version, .. } => {
            let version: SierraVersion = sierra_version.parse()?;
            CompiledClassV1::try_from((casm.clone(), version))?.into()
        }
        ClassDefinition::Legacy { class } => CompiledClassV0::try_from(class.clone())?.into(),
    })
}

fn read_error(error: StorageError) -> StateError {
    StateError::StateReadError(error.to_string())
}

impl StateReader for ChainState {
    fn get_storage_at(&self, contract: ContractAddress, key: StorageKey) -> StateResult<Felt> {
        self.view.storage(contract, key).map_err(read_error)
    }

    fn get_nonce_at(&self, contract: ContractAddress) -> StateResult<Nonce> {
        self.view.nonce(contract).map_err(read_error)
    }

    fn get_class_hash_at(&self, contract: ContractAddress) -> StateResult<ClassHash> {
        self.view.class_hash(contract).map_err(read_error)
    }

    fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        self.ready_class(class_hash).map(|ready| ready.class)
    }

    fn get_compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        match self.ready_class(class_hash) {
            Ok(ready) => Ok(ready.compiled_class_hash),
            Err(StateError::UndeclaredClassHash(_)) => Ok(CompiledClassHash::default()),
            Err(error) => Err(error),
        }
    }

    /// The class trie holds version 2 hashes only, so this is [`StateReader::get_compiled_class_hash`], and no class
    /// ever migrates. A class that the block itself declares is not in storage yet: its hash is computed.
    fn get_compiled_class_hash_v2(
        &self,
        class_hash: ClassHash,
        compiled_class: &RunnableCompiledClass,
    ) -> StateResult<CompiledClassHash> {
        match (self.ready_class(class_hash), compiled_class) {
            (Err(error), _) if !matches!(error, StateError::UndeclaredClassHash(_)) => Err(error),
            (_, RunnableCompiledClass::V0(_)) => Err(StateError::MissingCompiledClassHashV2(class_hash)),
            (Ok(ready), _) => Ok(ready.compiled_class_hash),
            (Err(_), RunnableCompiledClass::V1(class)) => Ok(class.hash(&HashVersion::V2)),
        }
    }
}

impl ClassSource for ChainState {
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>> {
        match self.class_record(class_hash)?.as_deref() {
            Some(ClassRecord { definition: ClassDefinition::Sierra { casm, .. }, .. }) => {
                Ok(Arc::new(casm.clone()))
            }
            _ => Err(StateError::UndeclaredClassHash(class_hash)),
        }
    }

    fn is_confined(&self, class_hash: ClassHash) -> StateResult<bool> {
        let record = self.class_record(class_hash)?.ok_or(StateError::UndeclaredClassHash(class_hash))?;
        Ok(record.is_confined())
    }
}
