//! The state after a given block.

use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::db::Read;
use crate::db::keys::{Backwards, FELT_BYTES};
use crate::db::rows::Latest;
use crate::db::table::Table;
use crate::db::tables::{CellHistory, Cells, ClassHashHistory, Contracts, NonceHistory};
use crate::{ClassRecord, Storage, StorageError};

/// The state after one block, or before block 0. Cheap to clone; stays the same whatever is committed later.
#[derive(Debug, Clone)]
pub struct StateView {
    storage: Storage,
    /// The block; `None` before block 0.
    block: Option<BlockNumber>,
}

impl StateView {
    pub(crate) fn new(storage: Storage, block: Option<BlockNumber>) -> Self {
        Self { storage, block }
    }

    /// A storage cell; zero if it was never written.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, StorageError> {
        let Some(block) = self.block else {
            return Ok(Felt::ZERO);
        };
        match self.storage.db().get::<Cells>(&(contract, key))? {
            None => Ok(Felt::ZERO),
            Some(cell) if cell.since <= block => Ok(cell.value),
            Some(_) => self.past::<CellHistory>((contract, key, Backwards::up_to(block)), 2 * FELT_BYTES),
        }
    }

    /// The block that last changed a storage cell; `None` if none did.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn storage_changed_at(
        &self,
        contract: ContractAddress,
        key: StorageKey,
    ) -> Result<Option<BlockNumber>, StorageError> {
        let Some(block) = self.block else {
            return Ok(None);
        };
        match self.storage.db().get::<Cells>(&(contract, key))? {
            Some(cell) if cell.since > block => {
                let from = (contract, key, Backwards::up_to(block));
                let change = self.storage.db().first_entry_from::<CellHistory>(&from, 2 * FELT_BYTES)?;
                Ok(change.and_then(|(key, _)| Backwards::read_last(&key)))
            }
            cell => Ok(cell.map(|cell| cell.since)),
        }
    }

    /// A contract's nonce; zero if there is no such contract.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn nonce(&self, contract: ContractAddress) -> Result<Nonce, StorageError> {
        self.contract::<NonceHistory>(contract, |row| row.nonce)
    }

    /// A contract's class; zero if there is no such contract.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, StorageError> {
        self.contract::<ClassHashHistory>(contract, |row| row.class_hash)
    }

    /// A class; `None` if it was not declared by then.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class(&self, hash: ClassHash) -> Result<Option<Arc<ClassRecord>>, StorageError> {
        let class = self.storage.class(hash)?;
        Ok(class.filter(|class| self.block.is_some_and(|block| class.declared_at <= block)))
    }

    /// One field of a contract, with its history.
    fn contract<H: Table<Key = (ContractAddress, Backwards), Value: Default>>(
        &self,
        contract: ContractAddress,
        field: impl Fn(crate::db::rows::Contract) -> Latest<H::Value>,
    ) -> Result<H::Value, StorageError> {
        let Some(block) = self.block else {
            return Ok(H::Value::default());
        };
        match self.storage.db().get::<Contracts>(&contract)?.map(field) {
            None => Ok(H::Value::default()),
            Some(latest) if latest.since <= block => Ok(latest.value),
            Some(_) => self.past::<H>((contract, Backwards::up_to(block)), FELT_BYTES),
        }
    }

    fn past<H: Table<Value: Default>>(&self, key: H::Key, prefix: usize) -> Result<H::Value, StorageError> {
        Ok(self.storage.db().first_from::<H>(&key, prefix)?.unwrap_or_default())
    }
}
