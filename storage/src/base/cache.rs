//! What another chain's state answered, kept on disk. It is the state after one block, so it cannot change any more.

use std::path::Path;

use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use super::{BaseState, BaseStateError, ForkPoint};
use crate::db::table::Table;
use crate::db::tables::{BaseCells, BaseClassHashes, BaseClasses, BaseForks, BaseNonces, CACHE_TABLES};
use crate::db::{Db, Read};
use crate::{ClassRecord, StorageError};

/// A [`BaseState`] that is asked everything once. Zeros are kept as any other answer; that a class is absent is not, as
/// anybody can make up any number of hashes.
pub struct CachedBase<B> {
    db: Db,
    base: B,
}

impl<B: BaseState> CachedBase<B> {
    /// Opens, or creates, the cache of `base`, the state after block `fork`, in the directory `path`. A process can
    /// open a cache once.
    ///
    /// # Errors
    /// If the directory holds something else or the cache of another block, is in use, or cannot be read.
    pub fn open(path: &Path, fork: ForkPoint, base: B) -> Result<Self, StorageError> {
        let db = Db::open(path, CACHE_TABLES)?;
        match db.get::<BaseForks>(&())? {
            Some(found) if found == fork => {}
            Some(found) => return Err(StorageError::OtherFork { asked: Some(fork), found: Some(found) }),
            None => {
                let mut batch = db.batch();
                batch.put::<BaseForks>(&(), &fork)?;
                batch.commit()?;
            }
        }
        Ok(Self { db, base })
    }

    fn kept<T: Table>(&self, key: &T::Key) -> Result<Option<T::Value>, BaseStateError> {
        self.db.get::<T>(key).map_err(broken)
    }

    fn keep<T: Table>(&self, key: &T::Key, value: &T::Value) -> Result<(), BaseStateError> {
        let mut batch = self.db.batch();
        // If a crash loses it, it is asked for again.
        batch.put::<T>(key, value).and_then(|()| batch.write()).map_err(broken)
    }

    /// Keeps a class in another form than it was kept in.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep_class(&self, hash: ClassHash, class: &ClassRecord) -> Result<(), BaseStateError> {
        self.keep::<BaseClasses>(&hash, class)
    }

    fn get<T: Table>(
        &self,
        key: &T::Key,
        ask: impl FnOnce(&B) -> Result<T::Value, BaseStateError>,
    ) -> Result<T::Value, BaseStateError> {
        if let Some(value) = self.kept::<T>(key)? {
            return Ok(value);
        }
        let value = ask(&self.base)?;
        self.keep::<T>(key, &value)?;
        Ok(value)
    }
}

impl<B: BaseState> BaseState for CachedBase<B> {
    fn storage(&self, contract: ContractAddress, key: StorageKey) -> Result<Felt, BaseStateError> {
        self.get::<BaseCells>(&(contract, key), |base| base.storage(contract, key))
    }

    fn nonce(&self, contract: ContractAddress) -> Result<Nonce, BaseStateError> {
        self.get::<BaseNonces>(&contract, |base| base.nonce(contract))
    }

    fn class_hash(&self, contract: ContractAddress) -> Result<ClassHash, BaseStateError> {
        self.get::<BaseClassHashes>(&contract, |base| base.class_hash(contract))
    }

    fn class(&self, hash: ClassHash) -> Result<Option<ClassRecord>, BaseStateError> {
        if let Some(class) = self.kept::<BaseClasses>(&hash)? {
            return Ok(Some(class));
        }
        let class = self.base.class(hash)?;
        if let Some(class) = &class {
            self.keep::<BaseClasses>(&hash, class)?;
        }
        Ok(class)
    }
}

fn broken(error: StorageError) -> BaseStateError {
    BaseStateError::Cache { reason: error.to_string() }
}
