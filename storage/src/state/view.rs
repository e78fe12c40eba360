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
use crate::{BaseState, BaseStateError, ClassRecord, Storage, StorageError};

/// The state after one block, or before the first. Cheap to clone; stays the same whatever is committed later, and
/// says so when it is gone ([`StorageError::Pruned`], [`StorageError::Reverted`]).
#[derive(Debug, Clone)]
pub struct StateView {
    storage: Storage,
    /// The block; `None` before the first.
    block: Option<BlockNumber>,
    /// When the view was made.
    epoch: u64,
}

impl StateView {
    pub(crate) fn new(storage: Storage, block: Option<BlockNumber>) -> Self {
        let epoch = storage.epoch();
        Self { storage, block, epoch }
    }

    /// A storage cell; zero if it was never written.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, StorageError> {
        self.checked(match self.cell(contract, key)? {
            Some(cell) => cell.value,
            None => self.storage.base().ask(|base| base.storage(contract, key))?,
        })
    }

    /// The block that last wrote a storage cell; `None` if none did (blocks of the chain that was forked aside).
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn storage_changed_at(
        &self,
        contract: ContractAddress,
        key: StorageKey,
    ) -> Result<Option<BlockNumber>, StorageError> {
        self.checked(self.cell(contract, key)?.map(|cell| cell.since))
    }

    /// A contract's nonce; zero if there is no such contract.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn nonce(&self, contract: ContractAddress) -> Result<Nonce, StorageError> {
        self.contract::<NonceHistory>(contract, |row| row.nonce, |base| base.nonce(contract))
    }

    /// A contract's class; zero if there is no such contract.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, StorageError> {
        self.contract::<ClassHashHistory>(contract, |row| row.class_hash, |base| base.class_hash(contract))
    }

    /// A class; `None` if it was not declared by then.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class(&self, hash: ClassHash) -> Result<Option<Arc<ClassRecord>>, StorageError> {
        let class = self.storage.class(hash)?;
        let last = self.block.or(self.storage.fork().map(|fork| fork.number));
        self.checked(class.filter(|class| last.is_some_and(|last| class.declared_at <= last)))
    }

    /// What was read, unless it went away in the meantime.
    fn checked<T>(&self, read: T) -> Result<T, StorageError> {
        if let Some(block) = self.block {
            self.storage.epochs().check(block, self.epoch)?;
        }
        Ok(read)
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

    /// One field of a contract; what the base says if none was set.
    fn contract<H: Table<Key = (ContractAddress, Backwards), Value: Default + PartialEq>>(
        &self,
        contract: ContractAddress,
        field: impl Fn(Contract) -> Latest<H::Value>,
        below: impl FnOnce(&dyn BaseState) -> Result<H::Value, BaseStateError>,
    ) -> Result<H::Value, StorageError> {
        // Nothing sets a field to its default: a row that has it got it from another field.
        let value = self.local::<H>(contract, field)?.filter(|value| *value != H::Value::default());
        self.checked(match value {
            Some(value) => value,
            None => self.storage.base().ask(below)?,
        })
    }

    fn local<H: Table<Key = (ContractAddress, Backwards)>>(
        &self,
        contract: ContractAddress,
        field: impl Fn(Contract) -> Latest<H::Value>,
    ) -> Result<Option<H::Value>, StorageError> {
        let Some(block) = self.block else {
            return Ok(None);
        };
        let latest = match self.storage.db().get::<Contracts>(&contract)?.map(field) {
            Some(latest) if latest.since > block => {
                self.storage.db().last_change::<H>(&(contract, Backwards::up_to(block)), FELT_BYTES)?
            }
            latest => latest,
        };
        Ok(latest.map(|latest| latest.value))
    }
}
