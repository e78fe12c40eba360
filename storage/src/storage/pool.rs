//! The journal of the pool of pending transactions. It is no part of the chain: a block neither reads nor writes it.

use starknet_api::transaction::TransactionHash;

use super::Storage;
use crate::db::Read;
use crate::db::tables::{Pool, PoolPackages, PoolRejections};
use crate::{Dropped, PooledTransaction, RejectedTransaction, StorageError};

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

    /// Strikes out what the pool has dropped, and remembers why.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn pool_drop(&self, dropped: &Dropped) -> Result<(), StorageError> {
        let mut batch = self.db().batch();
        for hash in &dropped.gone {
            batch.delete::<Pool>(hash)?;
            batch.delete::<PoolPackages>(hash)?;
        }
        for rejected in &dropped.rejected {
            batch.put::<PoolRejections>(&rejected.number, rejected)?;
        }
        for number in &dropped.forgotten {
            batch.delete::<PoolRejections>(number)?;
        }
        batch.write()
    }

    /// Why transactions were dropped, in the order in which they were.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn pool_rejections(&self) -> Result<Vec<RejectedTransaction>, StorageError> {
        self.db().snapshot().values::<PoolRejections>(&[])
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
