//! State on top of stored state: what a block that is still open has changed.

use std::sync::Arc;

use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::cached_state::StateMaps;
use rpds::HashTrieMapSync;
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::Statement;
use zkthreads_storage::ClassRecord;

/// Changes to a state. A clone shares everything with its original and takes constant time, so there may be one per
/// transaction.
#[derive(Clone, Default)]
pub(crate) struct Overlay {
    pub(crate) storage: HashTrieMapSync<(ContractAddress, StorageKey), Felt>,
    pub(crate) nonces: HashTrieMapSync<ContractAddress, Nonce>,
    pub(crate) class_hashes: HashTrieMapSync<ContractAddress, ClassHash>,
    pub(crate) classes: HashTrieMapSync<ClassHash, Declared>,
}

/// A class that storage does not hold yet.
#[derive(Clone)]
pub(crate) struct Declared {
    pub(crate) record: Arc<ClassRecord>,
    pub(crate) runnable: RunnableCompiledClass,
}

impl Overlay {
    /// How many entries of the state it changes.
    pub(crate) fn entries(&self) -> usize {
        [self.storage.size(), self.nonces.size(), self.class_hashes.size(), self.classes.size()]
            .into_iter()
            .fold(0, usize::saturating_add)
    }

    /// Puts what a transaction wrote on top. Classes come by [`Overlay::declare`].
    pub(crate) fn write(&mut self, changes: &StateMaps) {
        for (cell, value) in &changes.storage {
            self.storage.insert_mut(*cell, *value);
        }
        for (contract, nonce) in &changes.nonces {
            self.nonces.insert_mut(*contract, *nonce);
        }
        for (contract, class_hash) in &changes.class_hashes {
            self.class_hashes.insert_mut(*contract, *class_hash);
        }
    }

    /// Puts what a sub-block wrote on top.
    pub(crate) fn settle(&mut self, statement: &Statement) {
        for contract in &statement.contracts {
            if contract.changes_class() {
                self.class_hashes.insert_mut(contract.address, contract.class_hash_after);
            }
            if contract.consumes_nonces() {
                self.nonces.insert_mut(contract.address, contract.nonce_after);
            }
            for cell in contract.storage.iter().filter(|cell| cell.is_write()) {
                self.storage.insert_mut((contract.address, cell.key), cell.after);
            }
        }
    }

    /// Adds a class.
    pub(crate) fn declare(&mut self, class_hash: ClassHash, declared: Declared) {
        self.classes.insert_mut(class_hash, declared);
    }
}
