//! The state below, lent to blockifier, so that it can still be asked for what blockifier does not pass on.

use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::state_api::{StateReader, StateResult};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

/// Reads what the borrowed state reads.
pub(super) struct Lent<'a, S>(pub(super) &'a S);

impl<S: StateReader> StateReader for Lent<'_, S> {
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
        self.0.get_compiled_class(class_hash)
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
