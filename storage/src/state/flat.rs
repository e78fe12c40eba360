//! The flat state after a block: the latest rows where they are old enough, the history elsewhere. `None` where no local
//! block set anything.

use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::StorageError;
use crate::db::Read;
use crate::db::keys::{Backwards, FELT_BYTES};
use crate::db::rows::{Contract, Latest};
use crate::db::table::Table;
use crate::db::tables::{CellHistory, Cells, ClassHashHistory, Contracts, NonceHistory};

/// The flat state after a block.
pub(crate) struct FlatState<'a, R> {
    pub(crate) now: &'a R,
    pub(crate) block: BlockNumber,
}

impl<R: Read> FlatState<'_, R> {
    /// A storage cell, and the block that set it.
    pub(crate) fn cell(
        &self,
        contract: ContractAddress,
        key: StorageKey,
    ) -> Result<Option<Latest<Felt>>, StorageError> {
        match self.now.get::<Cells>(&(contract, key))? {
            Some(cell) if cell.since > self.block => {
                let key = (contract, key, Backwards::up_to(self.block));
                self.now.last_change::<CellHistory>(&key, 2 * FELT_BYTES)
            }
            cell => Ok(cell),
        }
    }

    /// A contract's nonce.
    pub(crate) fn nonce(&self, contract: ContractAddress) -> Result<Option<Latest<Nonce>>, StorageError> {
        self.contract::<NonceHistory>(contract, |row| row.nonce)
    }

    /// A contract's class.
    pub(crate) fn class_hash(
        &self,
        contract: ContractAddress,
    ) -> Result<Option<Latest<ClassHash>>, StorageError> {
        self.contract::<ClassHashHistory>(contract, |row| row.class_hash)
    }

    fn contract<H: Table<Key = (ContractAddress, Backwards), Value: Default + PartialEq>>(
        &self,
        contract: ContractAddress,
        field: impl Fn(Contract) -> Latest<H::Value>,
    ) -> Result<Option<Latest<H::Value>>, StorageError> {
        let latest = match self.now.get::<Contracts>(&contract)?.map(field) {
            Some(latest) if latest.since > self.block => {
                self.now.last_change::<H>(&(contract, Backwards::up_to(self.block)), FELT_BYTES)?
            }
            latest => latest,
        };
        // Nothing sets a field to its default: a row that has it was written for another field.
        Ok(latest.filter(|latest| latest.value != H::Value::default()))
    }
}
