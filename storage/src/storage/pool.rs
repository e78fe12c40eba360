//! The journal of the pool of pending transactions. It is no part of the chain: a block neither reads nor writes it.

use starknet_api::transaction::TransactionHash;

use super::Storage;
use crate::db::Read;
use crate::db::tables::{Pool, PoolPackages};
use crate::{PooledTransaction, StorageError};

impl Storage {
    /// Writes a pending transaction down, in place of an earlier one of the same hash. It survives the process, but
    /// not necessarily the machine: the log is not synced for it.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn pool_put(&self, transaction: &PooledTransaction) -> Result<(), StorageError> {
        let mut batch = self.db().batch();
        batch.put::<Pool>(&transaction.hash, transaction)?;
        batch.set::<PoolPackages>(&transaction.hash, transaction.package.as_ref())?;
        batch.write()
    }

    /// Strikes pending transactions out; those that are not there, too.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn pool_remove(&self, hashes: &[TransactionHash]) -> Result<(), StorageError> {
        let mut batch = self.db().batch();
        for hash in hashes {
            batch.delete::<Pool>(hash)?;
            batch.delete::<PoolPackages>(hash)?;
        }
        batch.write()
    }

    /// All pending transactions, in the order of their arrival.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn pool(&self) -> Result<Vec<PooledTransaction>, StorageError> {
        let now = self.db().snapshot();
        let mut pool = now.values::<Pool>(&[])?;
        for transaction in &mut pool {
            transaction.package = now.get::<PoolPackages>(&transaction.hash)?;
        }
        pool.sort_by_key(|transaction| transaction.arrival);
        Ok(pool)
    }
}
