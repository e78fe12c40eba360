//! The state that a sub-block is executed on, with what the sub-block has written on top.

use std::sync::Arc;

use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::cached_state::StateMaps;
use blockifier::state::state_api::{StateReader, StateResult};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{ChainState, ClassSource, Overlay};
use zkthreads_protocol::LogicalTime;

use crate::accesses::Cell;

/// A state on which sub-blocks are executed. A clone takes constant time and sees no later write.
pub trait SubBlockState: StateReader + ClassSource + Clone {
    /// Puts changes of storage, nonces and class hashes on top, which a sub-block made that is executed at `time`.
    fn write(&mut self, changes: &StateMaps, time: LogicalTime);

    /// Whether a cell was written later than what is executed at `base` could have seen.
    ///
    /// # Errors
    /// If the state cannot be read.
    fn is_newer(&self, base: LogicalTime, cell: &Cell) -> StateResult<bool>;

    /// Whether a class was declared after block `base`.
    ///
    /// # Errors
    /// If the state cannot be read.
    fn is_declared_after(&self, base: BlockNumber, class_hash: ClassHash) -> StateResult<bool>;

    /// The first failure to read since this was asked last. Blockifier takes it for a transaction's own failure.
    fn take_failure(&self) -> Option<String>;
}

impl SubBlockState for ChainState {
    fn write(&mut self, changes: &StateMaps, time: LogicalTime) {
        self.write_of_sub_block(changes, time);
    }

    fn is_newer(&self, base: LogicalTime, cell: &Cell) -> StateResult<bool> {
        Self::is_newer(self, base, cell.contract, cell.cell)
    }

    fn is_declared_after(&self, base: BlockNumber, class_hash: ClassHash) -> StateResult<bool> {
        Self::is_declared_after(self, base, class_hash)
    }

    fn take_failure(&self) -> Option<String> {
        self.all_read().err().map(|error| error.to_string())
    }
}

/// A state of any kind, with changes on top. Its failures to read are its own to tell; that it is the base block's, so that
/// nothing of it is newer, is the caller's business.
pub(crate) struct OnTop<'a, S> {
    below: &'a S,
    overlay: Overlay,
}

impl<'a, S> OnTop<'a, S> {
    pub(crate) fn new(below: &'a S) -> Self {
        Self { below, overlay: Overlay::default() }
    }
}

impl<S> Clone for OnTop<'_, S> {
    fn clone(&self) -> Self {
        Self { below: self.below, overlay: self.overlay.clone() }
    }
}

impl<S: StateReader + ClassSource> SubBlockState for OnTop<'_, S> {
    fn write(&mut self, changes: &StateMaps, _: LogicalTime) {
        self.overlay.write(changes);
    }

    fn is_newer(&self, _: LogicalTime, _: &Cell) -> StateResult<bool> {
        Ok(false)
    }

    fn is_declared_after(&self, _: BlockNumber, _: ClassHash) -> StateResult<bool> {
        Ok(false)
    }

    fn take_failure(&self) -> Option<String> {
        None
    }
}

impl<S: StateReader> StateReader for OnTop<'_, S> {
    fn get_storage_at(&self, contract: ContractAddress, key: StorageKey) -> StateResult<Felt> {
        match self.overlay.storage(contract, key) {
            Some(value) => Ok(value),
            None => self.below.get_storage_at(contract, key),
        }
    }

    fn get_nonce_at(&self, contract: ContractAddress) -> StateResult<Nonce> {
        match self.overlay.nonce(contract) {
            Some(nonce) => Ok(nonce),
            None => self.below.get_nonce_at(contract),
        }
    }

    fn get_class_hash_at(&self, contract: ContractAddress) -> StateResult<ClassHash> {
        match self.overlay.class_hash(contract) {
            Some(class_hash) => Ok(class_hash),
            None => self.below.get_class_hash_at(contract),
        }
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
        class: &RunnableCompiledClass,
    ) -> StateResult<CompiledClassHash> {
        self.below.get_compiled_class_hash_v2(class_hash, class)
    }
}

impl<S: ClassSource> ClassSource for OnTop<'_, S> {
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>> {
        self.below.casm(class_hash)
    }

    fn compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        self.below.compiled_class_hash(class_hash)
    }

    fn in_threads(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        self.below.in_threads(class_hash)
    }

    fn unhardened(&self, class_hash: ClassHash) -> StateResult<Option<String>> {
        self.below.unhardened(class_hash)
    }
}

/// A state whose classes are those that threads run.
pub(crate) struct InThreads<S>(pub(crate) S);

impl<S: StateReader + ClassSource> StateReader for InThreads<S> {
    fn get_storage_at(&self, contract: ContractAddress, key: StorageKey) -> StateResult<Felt> {
        self.0.get_storage_at(contract, key)
    }

    fn get_nonce_at(&self, contract: ContractAddress) -> StateResult<Nonce> {
        self.0.get_nonce_at(contract)
    }

    fn get_class_hash_at(&self, contract: ContractAddress) -> StateResult<ClassHash> {
        self.0.get_class_hash_at(contract)
    }

    fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        self.0.in_threads(class_hash)
    }

    fn get_compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
        self.0.get_compiled_class_hash(class_hash)
    }

    fn get_compiled_class_hash_v2(
        &self,
        class_hash: ClassHash,
        class: &RunnableCompiledClass,
    ) -> StateResult<CompiledClassHash> {
        self.0.get_compiled_class_hash_v2(class_hash, class)
    }
}
