//! The state after a given block.

use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::db::Read;
use crate::db::keys::{Backwards, FELT_BYTES};
use crate::db::rows::{Contract, Latest};
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
        Ok(self.cell(contract, key)?.map_or(Felt::ZERO, |cell| cell.value))
    }

    /// The block that last wrote a storage cell; `None` if none did.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn storage_changed_at(
        &self,
        contract: ContractAddress,
        key: StorageKey,
    ) -> Result<Option<BlockNumber>, StorageError> {
        Ok(self.cell(contract, key)?.map(|cell| cell.since))
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

    /// A storage cell and the block that set it; `None` if none did.
    fn cell(&self, contract: ContractAddress, key: StorageKey) -> Result<Option<Latest<Felt>>, StorageError> {
        let Some(block) = self.block else {
            return Ok(None);
        };
        match self.storage.db().get::<Cells>(&(contract, key))? {
            Some(cell) if cell.since > block => {
                let key = (contract, key, Backwards::up_to(block));
                self.storage.db().last_change::<CellHistory>(&key, 2 * FELT_BYTES)
            }
            cell => Ok(cell),
        }
    }

    /// One field of a contract; its default if none was set.
    fn contract<H: Table<Key = (ContractAddress, Backwards), Value: Default>>(
        &self,
        contract: ContractAddress,
        field: impl Fn(Contract) -> Latest<H::Value>,
    ) -> Result<H::Value, StorageError> {
        let Some(block) = self.block else {
            return Ok(H::Value::default());
        };
        let latest = match self.storage.db().get::<Contracts>(&contract)?.map(field) {
            Some(latest) if latest.since > block => {
                self.storage.db().last_change::<H>(&(contract, Backwards::up_to(block)), FELT_BYTES)?
            }
            latest => latest,
        };
        Ok(latest.map(|latest| latest.value).unwrap_or_default())
    }
}
