//! What a thread must not forget: the transactions that it acknowledged, the sub-blocks that they are in, and proofs.
//!
//! The journal is a database of its own, beside the chain that the thread follows. Each [`JournalBatch`] is written to
//! the log as one record and synced before [`ThreadJournal::write`] returns, so what was acknowledged after that survives
//! a crash of the machine, and no crash leaves a part of a batch.
//!
//! # When the disk is full
//!
//! RocksDB refuses all writes after one that failed, even if there is space again, and whether the failed one is in its
//! log nobody knows. So the journal remembers what to write to take it back, keeps answering reads, and at the next
//! write opens its database anew, takes the failed write back and goes on.

mod batch;
mod model;
mod overlay;
mod read;
mod recovery;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use parking_lot::{MappedRwLockReadGuard, Mutex, RwLock, RwLockReadGuard};

pub use batch::JournalBatch;
pub use model::{
    JournalContents, JournalOwner, JournalPlace, JournalStage, JournalSubBlock, JournalTransaction,
};

use crate::StorageError;
use crate::db::tables::{JOURNAL_TABLES, JournalOwners};
use crate::db::{Db, Read as _};
use recovery::Undo;

/// A thread's journal. Shared between threads, it is written by one at a time.
pub struct ThreadJournal {
    path: PathBuf,
    /// The database, or why it is closed.
    db: RwLock<Result<Db, String>>,
    /// Held while a batch is written. Holds what takes back the last one, if that failed.
    writer: Mutex<Option<Undo>>,
}

impl fmt::Debug for ThreadJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadJournal").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ThreadJournal {
    /// Opens the journal in the directory `path`, or begins one of `owner`. A process can open a journal once.
    ///
    /// # Errors
    /// [`StorageError::OtherOwner`] if it is another one's; if the directory holds something else, is in use, or cannot
    /// be read.
    pub fn open(path: &Path, owner: &JournalOwner) -> Result<Self, StorageError> {
        let db = Db::open(path, JOURNAL_TABLES)?;
        match db.get::<JournalOwners>(&())? {
            Some(found) if found.is(owner) => {}
            Some(found) => {
                let (asked, found) = (Box::new(owner.clone()), Box::new(found));
                return Err(StorageError::OtherOwner { asked, found });
            }
            None => {
                let mut batch = db.batch();
                batch.put::<JournalOwners>(&(), owner)?;
                batch.commit()?;
            }
        }
        Ok(Self { path: path.to_owned(), db: RwLock::new(Ok(db)), writer: Mutex::new(None) })
    }

    /// The database, which nobody closes meanwhile.
    fn db(&self) -> Result<MappedRwLockReadGuard<'_, Db>, StorageError> {
        RwLockReadGuard::try_map_or_err(self.db.read(), |db| match db {
            Ok(db) => Ok(db),
            Err(reason) => Err(reason.clone()),
        })
        .map_err(|(_, reason)| self.unwritable(reason))
    }

    fn unwritable(&self, reason: String) -> StorageError {
        StorageError::Unwritable { path: self.path.display().to_string(), reason }
    }
}
