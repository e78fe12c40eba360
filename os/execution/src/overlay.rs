//! State on top of stored state: what a block that is still open has changed.

use std::sync::Arc;

use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::cached_state::StateMaps;
use rpds::HashTrieMapSync;
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{LogicalTime, StateCell, Statement};
use zkthreads_storage::{ClassRecord, ThreadTimes};

use crate::cells::writes;

/// Changes to a state. A clone shares everything with its original and takes constant time, so there may be one per
/// transaction.
#[derive(Clone, Default)]
pub struct Overlay {
    pub(crate) storage: HashTrieMapSync<(ContractAddress, StorageKey), Felt>,
    pub(crate) nonces: HashTrieMapSync<ContractAddress, Nonce>,
    pub(crate) class_hashes: HashTrieMapSync<ContractAddress, ClassHash>,
    pub(crate) classes: HashTrieMapSync<ClassHash, Declared>,
    /// When the cells were written that sub-blocks wrote last, as the sub-blocks saw it. Of these alone: to other writes the
    /// block's time applies.
    thread_times: HashTrieMapSync<(ContractAddress, StateCell), LogicalTime>,
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

    /// A storage cell, if it is changed.
    #[must_use]
    pub fn storage(&self, contract: ContractAddress, key: StorageKey) -> Option<Felt> {
        self.storage.get(&(contract, key)).copied()
    }

    /// A nonce, if it is changed.
    #[must_use]
    pub fn nonce(&self, contract: ContractAddress) -> Option<Nonce> {
        self.nonces.get(&contract).copied()
    }

    /// The class of a contract, if it is changed.
    #[must_use]
    pub fn class_hash(&self, contract: ContractAddress) -> Option<ClassHash> {
        self.class_hashes.get(&contract).copied()
    }

    /// Puts what a transaction wrote on top, but for classes that it declared.
    pub fn write(&mut self, changes: &StateMaps) {
        for (cell, value) in &changes.storage {
            self.storage.insert_mut(*cell, *value);
            self.is_the_blocks_own(cell.0, StateCell::Storage(cell.1));
        }
        for (contract, nonce) in &changes.nonces {
            self.nonces.insert_mut(*contract, *nonce);
            self.is_the_blocks_own(*contract, StateCell::Nonce);
        }
        for (contract, class_hash) in &changes.class_hashes {
            self.class_hashes.insert_mut(*contract, *class_hash);
            self.is_the_blocks_own(*contract, StateCell::ClassHash);
        }
    }

    /// These of what was written last were written by sub-blocks.
    pub(crate) fn were_written_at(&mut self, times: &ThreadTimes) {
        for (cell, time) in times {
            self.thread_times.insert_mut(*cell, *time);
        }
    }

    /// Puts what a sub-block wrote on top.
    pub(crate) fn settle(&mut self, statement: &Statement) {
        let time = statement.base_block.time();
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
            for (cell, _) in writes(contract) {
                self.thread_times.insert_mut((contract.address, cell), time);
            }
        }
    }

    /// What it holds of a cell, if it changes it.
    pub(crate) fn value(&self, contract: ContractAddress, cell: StateCell) -> Option<Felt> {
        match cell {
            StateCell::Storage(key) => self.storage.get(&(contract, key)).copied(),
            StateCell::Nonce => self.nonces.get(&contract).map(|nonce| nonce.0),
            StateCell::ClassHash => self.class_hashes.get(&contract).map(|class| class.0),
        }
    }

    /// When a cell that a sub-block wrote last was written, as the sub-block saw it.
    pub(crate) fn thread_time(&self, contract: ContractAddress, cell: StateCell) -> Option<LogicalTime> {
        self.thread_times.get(&(contract, cell)).copied()
    }

    /// All of them.
    pub(crate) fn thread_times(&self) -> impl Iterator<Item = ((ContractAddress, StateCell), LogicalTime)> {
        self.thread_times.iter().map(|(cell, time)| (*cell, *time))
    }

    fn is_the_blocks_own(&mut self, contract: ContractAddress, cell: StateCell) {
        if !self.thread_times.is_empty() {
            self.thread_times.remove_mut(&(contract, cell));
        }
    }

    /// Adds a class.
    pub(crate) fn declare(&mut self, class_hash: ClassHash, declared: Declared) {
        self.classes.insert_mut(class_hash, declared);
    }
}
