//! What the database knows of L1.

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::L1TransactionHash;

use super::Storage;
use crate::StorageError;
use crate::db::Read;
use crate::db::table::Key;
use crate::db::tables::{L1Accepted, L1Messages};

impl Storage {
    /// The transactions that delivered an L1 transaction's messages, in order.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn l1_messages(
        &self,
        l1_transaction: L1TransactionHash,
    ) -> Result<Vec<TransactionHash>, StorageError> {
        self.db().snapshot().values::<L1Messages>(&l1_transaction.encode())
    }

    /// Notes that a block, and with it every earlier one, is accepted on L1. Later ones that were accepted stay so.
    ///
    /// # Errors
    /// If there is no such block, or the database cannot be written.
    pub fn accept_on_l1(&self, number: BlockNumber) -> Result<(), StorageError> {
        let _one_at_a_time = self.lock_writer();
        if self.latest()?.is_none_or(|latest| number > latest) {
            return Err(StorageError::NoSuchBlock { number });
        }
        if self.l1_accepted()?.is_none_or(|accepted| accepted < number) {
            let mut batch = self.db().batch();
            batch.put::<L1Accepted>(&(), &number)?;
            batch.commit()?;
        }
        Ok(())
    }

    /// The last block accepted on L1.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn l1_accepted(&self) -> Result<Option<BlockNumber>, StorageError> {
        self.db().get::<L1Accepted>(&())
    }
}
