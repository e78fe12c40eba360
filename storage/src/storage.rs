//! The database as the rest of the node sees it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use moka::sync::Cache;
use parking_lot::Mutex;
use starknet_api::block::{BlockHash, BlockHeader, BlockNumber};
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;

use crate::db::rows::TransactionPlace;
use crate::db::tables::{
    BlockNumbers, Classes, Headers, Packages, StateDiffs, Tips, TransactionPlaces, Transactions,
};
use crate::db::{Db, Read};
use crate::state::{commit, prepare, proof};
use crate::{
    BlockCommit, BlockTransaction, ClassRecord, PreparedState, ProofRequest, StateView, StorageError,
    StorageProof,
};

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
        let Some(header) = self.header(number)? else {
            return Ok(None);
        };
        let all = (0..header.n_transactions).map(|index| {
            self.transaction_at(number, index)?.ok_or_else(|| missing_transaction(number, index))
        });
        all.collect::<Result<_, _>>().map(Some)
    }

    /// A transaction, its block and its index there.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn transaction(
        &self,
        hash: TransactionHash,
    ) -> Result<Option<(BlockNumber, usize, BlockTransaction)>, StorageError> {
        let Some(TransactionPlace { block, index }) = self.db().get::<TransactionPlaces>(&hash)? else {
            return Ok(None);
        };
        let index = index as usize;
        let transaction =
            self.transaction_at(block, index)?.ok_or_else(|| missing_transaction(block, index))?;
        Ok(Some((block, index, transaction)))
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

    /// The package of a thread transaction.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn package(&self, hash: TransactionHash) -> Result<Option<Vec<u8>>, StorageError> {
        self.db().get::<Packages>(&hash)
    }

    /// What a block changed.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn state_diff(&self, number: BlockNumber) -> Result<Option<ThinStateDiff>, StorageError> {
        self.db().get::<StateDiffs>(&number)
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

fn missing_transaction(block: BlockNumber, index: usize) -> StorageError {
    StorageError::Inconsistent { reason: format!("transaction {index} of block {block} is missing") }
}
