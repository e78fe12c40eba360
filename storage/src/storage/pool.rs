//! The journal of the pool of pending transactions. It is no part of the chain: a block neither reads nor writes it, but for
//! the packages, which both name.

use std::collections::BTreeSet;

use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::Transaction;

use super::Storage;
use crate::db::keys::Holder;
use crate::db::tables::{Pool, PoolRejections, PooledPackages};
use crate::db::{Batch, Read};
use crate::{Dropped, PooledTransaction, RejectedTransaction, StorageError, packages};

impl Storage {
    /// Writes a pending transaction down, in place of an earlier one of the same hash. It survives the process, but
    /// not necessarily the machine: the log is not synced for it.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn pool_put(&self, transaction: &PooledTransaction) -> Result<(), StorageError> {
        let mut batch = self.db().batch();
        batch.put::<Pool>(&transaction.hash, transaction)?;
        let (Some(package), Transaction::Thread { facts, .. }) =
            (&transaction.package, &transaction.transaction)
        else {
            return batch.write();
        };
        let (hash, digest) = (transaction.hash, facts.package_digest);
        let _until_written = self.lock_packages();
        packages::put(&mut batch, self.db(), digest, package)?;
        packages::hold(&mut batch, digest, Holder::Pool(hash))?;
        batch.put::<PooledPackages>(&hash, &digest)?;
        batch.write()
    }

    /// Strikes pending transactions out; those that are not there, too.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn pool_remove(&self, hashes: &[TransactionHash]) -> Result<(), StorageError> {
        self.strike_out(self.db().batch(), hashes)
    }

    /// Strikes out what the pool has dropped, and remembers why.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn pool_drop(&self, dropped: &Dropped) -> Result<(), StorageError> {
        let mut batch = self.db().batch();
        for rejected in &dropped.rejected {
            batch.put::<PoolRejections>(&rejected.number, rejected)?;
        }
        for number in &dropped.forgotten {
            batch.delete::<PoolRejections>(number)?;
        }
        self.strike_out(batch, &dropped.gone)
    }

    /// Strikes these out with a batch, which is written.
    fn strike_out(&self, mut batch: Batch<'_>, hashes: &[TransactionHash]) -> Result<(), StorageError> {
        let mut packages = BTreeSet::new();
        for hash in hashes {
            batch.delete::<Pool>(hash)?;
            if let Some(digest) = self.db().get::<PooledPackages>(hash)? {
                batch.delete::<PooledPackages>(hash)?;
                packages.insert((digest, Holder::Pool(*hash)));
            }
        }
        if packages.is_empty() {
            return batch.write();
        }
        let _until_written = self.lock_packages();
        packages::release(&mut batch, self.db(), &packages)?;
        batch.write()
    }

    /// Why transactions were dropped, in the order in which they were.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn pool_rejections(&self) -> Result<Vec<RejectedTransaction>, StorageError> {
        self.db().snapshot().values::<PoolRejections>(&[])
    }

    /// All pending transactions, in the order of their arrival. One whose package cannot be read comes without.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn pool(&self) -> Result<Vec<PooledTransaction>, StorageError> {
        let now = self.db().snapshot();
        let mut pool = now.values::<Pool>(&[])?;
        for transaction in &mut pool {
            if let Some(digest) = now.get::<PooledPackages>(&transaction.hash)? {
                let package = packages::readable(packages::whole(&now, digest))?;
                transaction.package = package.map(Into::into);
            }
        }
        pool.sort_by_key(|transaction| transaction.arrival);
        Ok(pool)
    }
}
