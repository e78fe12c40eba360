//! A state in which some cells have other values.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::state_api::{StateReader, StateResult};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::ClassSource;

/// A cell whose value the sub-block shall find, whatever the base block says: the effect of a transaction that will
/// come before it.
#[derive(Debug, Clone, Copy)]
pub struct Presumed {
    /// The contract.
    pub contract: Felt,
    /// The cell.
    pub key: Felt,
    /// Its value.
    pub value: Felt,
}

/// `below` with some cells replaced.
pub(crate) struct Overlay<S> {
    below: S,
    cells: HashMap<(ContractAddress, StorageKey), Felt>,
}

impl<S> Overlay<S> {
    pub(crate) fn new(below: S, cells: &[Presumed]) -> Result<Self> {
        let cells = cells
            .iter()
            .map(|cell| Ok(((cell.contract.try_into()?, cell.key.try_into()?), cell.value)))
            .collect::<Result<_>>()?;
        Ok(Self { below, cells })
    }

    /// The state below.
    pub(crate) fn below(&self) -> &S {
        &self.below
    }
}

impl<S: StateReader> StateReader for Overlay<S> {
    fn get_storage_at(&self, contract: ContractAddress, key: StorageKey) -> StateResult<Felt> {
        match self.cells.get(&(contract, key)) {
            Some(value) => Ok(*value),
            None => self.below.get_storage_at(contract, key),
        }
    }

    fn get_nonce_at(&self, contract: ContractAddress) -> StateResult<Nonce> {
        self.below.get_nonce_at(contract)
    }

    fn get_class_hash_at(&self, contract: ContractAddress) -> StateResult<ClassHash> {
        self.below.get_class_hash_at(contract)
    }

    fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        self.below.get_compiled_class(class_hash)
    }

    fn get_compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        self.below.get_compiled_class_hash(class_hash)
    }

    fn get_compiled_class_hash_v2(
        &self,
        class_hash: ClassHash,
        compiled_class: &RunnableCompiledClass,
    ) -> StateResult<CompiledClassHash> {
        self.below.get_compiled_class_hash_v2(class_hash, compiled_class)
    }
}

impl<S: ClassSource> ClassSource for Overlay<S> {
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>> {
        self.below.casm(class_hash)
    }

    fn in_threads(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        self.below.in_threads(class_hash)
    }

    fn unhardened(&self, class_hash: ClassHash) -> StateResult<Option<String>> {
        self.below.unhardened(class_hash)
    }
}
