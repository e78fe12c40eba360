//! The state after a given block.

use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::StateCell;

use super::flat::FlatState;
use crate::db::Db;
use crate::db::Read;
use crate::db::rows::Latest;
use crate::db::tables::{Classes, ThreadTimes};
use crate::{BaseState, BaseStateError, CellWrite, ClassRecord, Storage, StorageError};

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

impl Storage {
    /// The state after a block. If there is no such block, its state is not kept any more, or it is reverted after the
    /// view was made, the view's answers say so.
    #[must_use]
    pub fn state_at(&self, number: BlockNumber) -> StateView {
        StateView::new(self.clone(), Some(number))
    }

    /// The state before the first block: empty, or what was forked.
    #[must_use]
    pub fn state_before_genesis(&self) -> StateView {
        StateView::new(self.clone(), None)
    }
}

impl StateView {
    pub(crate) fn new(storage: Storage, block: Option<BlockNumber>) -> Self {
        let epoch = storage.epoch();
        Self { storage, block, epoch }
    }

    /// Whether what was never written here is another chain's ([`Storage::fork`]).
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.storage.fork().is_some()
    }

    /// A storage cell; zero if it was never written.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, StorageError> {
        let cell = self.local(|state| state.cell(contract, key))?;
        self.or_base(cell, |base| base.storage(contract, key))
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
        self.checked(self.local(|state| state.cell(contract, key))?.map(|cell| cell.since))
    }

    /// The last write to a cell, if it is later than block `base`. What the chain that was forked wrote is older than any
    /// block of this one.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn written_after(
        &self,
        base: BlockNumber,
        contract: ContractAddress,
        cell: StateCell,
    ) -> Result<Option<CellWrite>, StorageError> {
        let since = match cell {
            StateCell::Storage(key) => self.local(|state| state.cell(contract, key))?.map(|cell| cell.since),
            StateCell::Nonce => self.local(|state| state.nonce(contract))?.map(|nonce| nonce.since),
            StateCell::ClassHash => self.local(|state| state.class_hash(contract))?.map(|class| class.since),
        };
        let write = since.filter(|block| *block > base).map(|block| {
            let sub_block = self.storage.db().get::<ThreadTimes>(&(block, contract, cell))?;
            Ok::<_, StorageError>(CellWrite { block, sub_block })
        });
        self.checked(write.transpose()?)
    }

    /// A contract's nonce; zero if there is no such contract.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn nonce(&self, contract: ContractAddress) -> Result<Nonce, StorageError> {
        let nonce = self.local(|state| state.nonce(contract))?;
        self.or_base(nonce, |base| base.nonce(contract))
    }

    /// A contract's class; zero if there is no such contract.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, StorageError> {
        let class_hash = self.local(|state| state.class_hash(contract))?;
        self.or_base(class_hash, |base| base.class_hash(contract))
    }

    /// A class; `None` if it was not declared by then.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class(&self, hash: ClassHash) -> Result<Option<Arc<ClassRecord>>, StorageError> {
        self.check_there()?;
        let class = self.storage.class(hash)?;
        let last = self.block.or(self.storage.fork().map(|fork| fork.number));
        self.checked(class.filter(|class| last.is_some_and(|last| class.declared_at <= last)))
    }

    /// Whether a class is stored here, be it declared by a later block. Reads nothing of the class; the base is not asked.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn is_declared(&self, hash: ClassHash) -> Result<bool, StorageError> {
        self.check_there()?;
        self.checked(self.storage.db().has::<Classes>(&hash)?)
    }

    fn check_there(&self) -> Result<(), StorageError> {
        self.block.map_or(Ok(()), |block| self.storage.check_there(block))
    }

    /// What was read, unless it went away in the meantime.
    fn checked<T>(&self, read: T) -> Result<T, StorageError> {
        if let Some(block) = self.block {
            // In this order: a block that took the place of a removed one comes after the removal was noted.
            self.storage.check_there(block)?;
            self.storage.epochs().check(block, self.epoch)?;
        }
        Ok(read)
    }

    /// What local blocks set.
    fn local<T>(
        &self,
        read: impl FnOnce(FlatState<'_, Db>) -> Result<Option<T>, StorageError>,
    ) -> Result<Option<T>, StorageError> {
        self.check_there()?;
        self.block.map_or(Ok(None), |block| read(FlatState { now: self.storage.db(), block }))
    }

    fn or_base<T: Default>(
        &self,
        local: Option<Latest<T>>,
        question: impl FnOnce(&dyn BaseState) -> Result<T, BaseStateError>,
    ) -> Result<T, StorageError> {
        self.checked(match local {
            Some(latest) => latest.value,
            None => self.storage.base().ask(question)?,
        })
    }
}
