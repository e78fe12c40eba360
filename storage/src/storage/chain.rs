//! Blocks, transactions and what is found by their hashes.

use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;

use super::Storage;
use crate::db::rows::TransactionPlace;
use crate::db::table::Table;
use crate::db::tables::{BlockNumbers, Headers, StateDiffs, Tips, Traces, TransactionPlaces, Transactions};
use crate::db::{Read, Snapshot};
use crate::{BlockTransaction, StorageError, TransactionTrace};

impl Storage {
    /// The last committed block; `None` before the first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn latest(&self) -> Result<Option<BlockNumber>, StorageError> {
        Ok(self.db().get::<Tips>(&())?.map(|tip| tip.number))
    }

    /// A block's header.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn header(&self, number: BlockNumber) -> Result<Option<BlockHeader>, StorageError> {
        Ok(self.db().get::<Headers>(&number)?.map(BlockHeader::from))
    }

    /// The number of the block with this hash.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn block_number(&self, hash: BlockHash) -> Result<Option<BlockNumber>, StorageError> {
        self.db().get::<BlockNumbers>(&hash)
    }

    /// A block's transactions in order; `None` if there is no such block.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn transactions(&self, number: BlockNumber) -> Result<Option<Vec<BlockTransaction>>, StorageError> {
        self.all_of::<Transactions>(number)
    }

    /// What a block's transactions did, in order; `None` if there is no such block.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn traces(&self, number: BlockNumber) -> Result<Option<Vec<TransactionTrace>>, StorageError> {
        self.all_of::<Traces>(number)
    }

    /// A transaction, its block and its index there.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn transaction(
        &self,
        hash: TransactionHash,
    ) -> Result<Option<(BlockNumber, usize, BlockTransaction)>, StorageError> {
        let now = self.db().snapshot();
        let Some(TransactionPlace { block, index }) = now.get::<TransactionPlaces>(&hash)? else {
            return Ok(None);
        };
        let transaction = of_block::<Transactions>(&now, block, index)?;
        Ok(Some((block, index as usize, transaction)))
    }

    /// The transaction at an index of a block.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn transaction_at(
        &self,
        number: BlockNumber,
        index: usize,
    ) -> Result<Option<BlockTransaction>, StorageError> {
        match u32::try_from(index) {
            Ok(index) => self.db().get::<Transactions>(&(number, index)),
            Err(_) => Ok(None),
        }
    }

    /// What the transaction at an index of a block did.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn trace(&self, number: BlockNumber, index: usize) -> Result<Option<TransactionTrace>, StorageError> {
        match u32::try_from(index) {
            Ok(index) => self.db().get::<Traces>(&(number, index)),
            Err(_) => Ok(None),
        }
    }

    /// What a block changed.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn state_diff(&self, number: BlockNumber) -> Result<Option<ThinStateDiff>, StorageError> {
        self.db().get::<StateDiffs>(&number)
    }

    /// A row for each of a block's transactions; `None` if there is no such block.
    fn all_of<T: Table<Key = (BlockNumber, u32)>>(
        &self,
        number: BlockNumber,
    ) -> Result<Option<Vec<T::Value>>, StorageError> {
        let now = self.db().snapshot();
        let header = now.get::<Headers>(&number)?.map(BlockHeader::from);
        header.map(|header| all_of_block::<T>(&now, number, &header)).transpose()
    }
}

/// A row for each of a block's transactions.
fn all_of_block<T: Table<Key = (BlockNumber, u32)>>(
    now: &Snapshot<'_>,
    number: BlockNumber,
    header: &BlockHeader,
) -> Result<Vec<T::Value>, StorageError> {
    (0..).take(header.n_transactions).map(|index| of_block::<T>(now, number, index)).collect()
}

/// A row of a transaction that a block has.
fn of_block<T: Table<Key = (BlockNumber, u32)>>(
    now: &Snapshot<'_>,
    block: BlockNumber,
    index: u32,
) -> Result<T::Value, StorageError> {
    now.get::<T>(&(block, index))?.ok_or_else(|| StorageError::Inconsistent {
        reason: format!("table `{}` lacks transaction {index} of block {block}", T::NAME),
    })
}
