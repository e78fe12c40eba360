//! A state in maps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::errors::StateError;
use blockifier::state::state_api::{StateReader, StateResult};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use starknet_api::abi::abi_utils::{get_fee_token_var_address, get_storage_var_address};
use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::ClassSource;
use zkthreads_protocol::Statement;

use super::classes::Class;

#[derive(Clone, Default)]
pub struct MemoryState {
    pub class_hashes: BTreeMap<ContractAddress, ClassHash>,
    pub nonces: BTreeMap<ContractAddress, Nonce>,
    pub storage: BTreeMap<(ContractAddress, StorageKey), Felt>,
    pub classes: HashMap<ClassHash, Class>,
}

impl MemoryState {
    /// Declares `class` if need be and puts it at `address`, without running its constructor.
    pub fn deploy(&mut self, address: ContractAddress, class: Class) {
        self.class_hashes.insert(address, class.hash);
        self.classes.insert(class.hash, class);
    }

    pub fn set_variable(&mut self, address: ContractAddress, name: &str, args: &[Felt], value: Felt) {
        self.storage.insert((address, get_storage_var_address(name, args)), value);
    }

    pub fn set_balance(&mut self, token: ContractAddress, owner: ContractAddress, balance: u128) {
        self.storage.insert((token, get_fee_token_var_address(owner)), balance.into());
    }

    pub fn balance(&self, token: ContractAddress, owner: ContractAddress) -> Felt {
        self.get_storage_at(token, get_fee_token_var_address(owner)).expect("never fails")
    }

    /// Writes what a statement says was written.
    pub fn apply(&mut self, statement: &Statement) {
        for contract in &statement.contracts {
            if contract.changes_class() {
                self.class_hashes.insert(contract.address, contract.class_hash_after);
            }
            if contract.consumes_nonces() {
                self.nonces.insert(contract.address, contract.nonce_after);
            }
            for cell in contract.storage.iter().filter(|cell| cell.is_write()) {
                self.storage.insert((contract.address, cell.key), cell.after);
            }
        }
    }

    fn class(&self, class_hash: ClassHash) -> StateResult<&Class> {
        self.classes.get(&class_hash).ok_or(StateError::UndeclaredClassHash(class_hash))
    }
}

impl StateReader for MemoryState {
    fn get_storage_at(&self, address: ContractAddress, key: StorageKey) -> StateResult<Felt> {
        Ok(self.storage.get(&(address, key)).copied().unwrap_or_default())
    }

    fn get_nonce_at(&self, address: ContractAddress) -> StateResult<Nonce> {
        Ok(self.nonces.get(&address).copied().unwrap_or_default())
    }

    fn get_class_hash_at(&self, address: ContractAddress) -> StateResult<ClassHash> {
        Ok(self.class_hashes.get(&address).copied().unwrap_or_default())
    }

    fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        Ok(self.class(class_hash)?.runnable.clone())
    }

    fn get_compiled_class_hash(&self, _: ClassHash) -> StateResult<CompiledClassHash> {
        Ok(CompiledClassHash::default())
    }
}

impl ClassSource for MemoryState {
    fn casm(&self, class_hash: ClassHash) -> StateResult<Arc<CasmContractClass>> {
        let casm = self.class(class_hash)?.hardened.casm();
        casm.cloned().ok_or(StateError::UndeclaredClassHash(class_hash))
    }

    fn in_threads(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
        Ok(self.class(class_hash)?.in_threads.clone())
    }

    fn unhardened(&self, class_hash: ClassHash) -> StateResult<Option<String>> {
        self.class(class_hash).map(|class| class.hardened.refusal().map(str::to_owned))
    }
}
