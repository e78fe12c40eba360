//! The database as the rest of the node sees it.

mod chain;
mod l1;
mod pool;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use moka::sync::Cache;
use parking_lot::Mutex;
use starknet_api::block::BlockNumber;
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;

use crate::db::tables::Classes;
use crate::db::{Db, Read};
use crate::state::{commit, prepare, proof};
use crate::{BlockCommit, ClassRecord, PreparedState, ProofRequest, StateView, StorageError, StorageProof};

/// Classes kept decoded.
const CACHED_CLASSES: u64 = 128;

/// An open database. Cheap to clone; all clones are the same database. Reads run beside each other and beside a
/// commit.
#[derive(Clone)]
pub struct Storage {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    /// Held while a block is checked against the tip and written.
    writer: Mutex<()>,
    /// Classes never change once stored.
    classes: Cache<ClassHash, Arc<ClassRecord>>,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").finish_non_exhaustive()
    }
}

impl Storage {
    /// Opens the database in the directory `path`, creating both if need be. A process can open a database once;
    /// clone the handle instead.
    ///
    /// # Errors
    /// If the directory holds another schema version or another program's database, is in use, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let inner =
            Inner { db: Db::open(path)?, writer: Mutex::new(()), classes: Cache::new(CACHED_CLASSES) };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.db
    }

    /// Whether this is the only handle left, so that dropping it closes the database.
    #[must_use]
    pub fn is_last_handle(&self) -> bool {
        Arc::strong_count(&self.inner) == 1
    }

    /// The state after a block, which must be committed: a view of a later number is of the latest state, and
    /// changes with it.
    #[must_use]
    pub fn state_at(&self, number: BlockNumber) -> StateView {
        StateView::new(self.clone(), Some(number))
    }

    /// The empty state, before block 0.
    #[must_use]
    pub fn state_before_genesis(&self) -> StateView {
        StateView::new(self.clone(), None)
    }

    /// A class, whenever it was declared.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class(&self, hash: ClassHash) -> Result<Option<Arc<ClassRecord>>, StorageError> {
        if let Some(class) = self.inner.classes.get(&hash) {
            return Ok(Some(class));
        }
        let class = self.db().get::<Classes>(&hash)?.map(Arc::new);
        if let Some(class) = &class {
            self.inner.classes.insert(hash, Arc::clone(class));
        }
        Ok(class)
    }

    /// Computes the tries of the latest state with `diff` applied. Writes nothing: the result goes into the
    /// [`BlockCommit`] of the same diff.
    ///
    /// # Errors
    /// If the database cannot be read, or the diff names a class hash that no trie can hold.
    pub fn prepare_state(&self, diff: &ThinStateDiff) -> Result<PreparedState, StorageError> {
        prepare::prepare(&self.db().snapshot(), diff)
    }

    /// Commits a block on top of the latest one, wholly and durably or not at all (see the crate's documentation).
    ///
    /// # Errors
    /// [`StorageError::Refused`] if the block does not fit on the tip or its parts do not fit each other;
    /// otherwise, if the database cannot be read or written.
    pub fn commit(&self, block: BlockCommit) -> Result<(), StorageError> {
        let _one_at_a_time = self.inner.writer.lock();
        commit::commit(self.db(), block)
    }

    /// Proves leaves of the latest state.
    ///
    /// # Errors
    /// If there is no block yet, a class hash is no trie key, or the database cannot be read.
    pub fn storage_proof(&self, request: &ProofRequest) -> Result<StorageProof, StorageError> {
        proof::prove(&self.db().snapshot(), request)
    }
}
