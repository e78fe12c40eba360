//! The database as the rest of the node sees it.

mod chain;
mod classes;
mod l1;
mod packages;
mod past;
pub(crate) mod place;
mod pool;
pub(crate) mod stats;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;
use parking_lot::{Mutex, MutexGuard};
use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;

use crate::base::Base;
use crate::db::rows::Beginning;
use crate::db::tables::{Beginnings, Classes, TABLES, Tips};
use crate::db::{Db, Read};
use crate::dump::scratch;
use crate::epochs::Epochs;
use crate::state::{commit, prepare};
use crate::{BaseState, BlockCommit, ChainKind, ClassRecord, ForkPoint, PreparedState, StorageError};

/// Felts of code of the classes that are kept decoded, in all their forms: some hundred of the usual size, up to some 600 MB.
const CACHED_FELTS: u64 = 1 << 22;

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
    /// Held while it is found out which packages are there, and the answer is acted on.
    packages: Mutex<()>,
    /// Classes change only if blocks are removed, and if it becomes known what they are to threads.
    classes: Cache<ClassHash, Arc<ClassRecord>>,
    class_changes: AtomicU64,
    base: Base,
    kind: ChainKind,
    epochs: Epochs,
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
    /// The database of a fork opens, too: its blocks can be read, but of its state only what was written locally.
    ///
    /// # Errors
    /// If the directory holds another schema version or another program's database, is in use, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let db = Db::open(path, TABLES)?;
        let Beginning { fork, kind } = db.get::<Beginnings>(&())?.unwrap_or_default();
        Self::over(db, fork.map_or(Base::Empty, Base::Missing), kind)
    }

    /// Opens, or creates, the database of a chain whose first block builds on block `fork_block` of another chain.
    /// Reads that find nothing locally ask `base`. The state root commits to what was written locally, no more.
    ///
    /// # Errors
    /// As [`Self::open`], and if the database is of another fork or of none, or follows another node's chain.
    pub fn open_forked(
        path: &Path,
        base: Arc<dyn BaseState>,
        fork_block: (BlockNumber, BlockHash),
    ) -> Result<Self, StorageError> {
        let fork = ForkPoint { number: fork_block.0, hash: fork_block.1 };
        Self::open_at(path, Some((fork, base)), ChainKind::Own)
    }

    /// Opens, or creates, a database that [follows](Self::follow) another node's chain: from the block after `fork` on,
    /// whose state `base` answers; without one, from block 0 on.
    ///
    /// # Errors
    /// As [`Self::open`], and if the database follows from elsewhere on or keeps an own chain.
    pub fn open_following(
        path: &Path,
        fork: Option<(ForkPoint, Arc<dyn BaseState>)>,
    ) -> Result<Self, StorageError> {
        Self::open_at(path, fork, ChainKind::Followed)
    }

    fn open_at(
        path: &Path,
        fork: Option<(ForkPoint, Arc<dyn BaseState>)>,
        kind: ChainKind,
    ) -> Result<Self, StorageError> {
        let asked = Beginning { fork: fork.as_ref().map(|(fork, _)| *fork), kind };
        let db = Db::open(path, TABLES)?;
        match db.get::<Beginnings>(&())? {
            Some(found) if found == asked => {}
            None if db.get::<Tips>(&())?.is_none() => {
                let mut batch = db.batch();
                batch.put::<Beginnings>(&(), &asked)?;
                batch.commit()?;
            }
            found => {
                let found = found.unwrap_or_default();
                found.kind.expect(kind)?;
                return Err(StorageError::OtherFork { asked: asked.fork, found: found.fork });
            }
        }
        Self::over(db, fork.map_or(Base::Empty, |(fork, base)| Base::Forked(fork, base)), kind)
    }

    fn over(db: Db, base: Base, kind: ChainKind) -> Result<Self, StorageError> {
        scratch::remove_left(db.path());
        let epochs = Epochs::new(place::oldest(&db)?, place::next(&db)?.number);
        let (writer, packages) = (Mutex::new(()), Mutex::new(()));
        let classes = Cache::builder().weigher(|_, class: &Arc<ClassRecord>| class.felts());
        let classes = classes.max_capacity(CACHED_FELTS).build();
        let class_changes = AtomicU64::new(0);
        Ok(Self {
            inner: Arc::new(Inner { db, writer, packages, classes, class_changes, base, kind, epochs }),
        })
    }

    /// Who makes the chain's blocks.
    #[must_use]
    pub fn kind(&self) -> ChainKind {
        self.inner.kind
    }

    /// Refuses what only a chain of the other kind can do.
    pub(crate) fn expect(&self, expected: ChainKind) -> Result<(), StorageError> {
        self.inner.kind.expect(expected)
    }

    /// Where the chain was forked off another one, if it was.
    #[must_use]
    pub fn fork(&self) -> Option<ForkPoint> {
        self.inner.base.fork()
    }

    /// Number and parent hash of the block that is due next.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn next_place(&self) -> Result<(BlockNumber, BlockHash), StorageError> {
        let place = place::next(&self.db().snapshot())?;
        Ok((place.number, place.parent))
    }

    /// The first block after which the state is available: the first of all, unless states were pruned.
    #[must_use]
    pub fn oldest_state(&self) -> BlockNumber {
        self.inner.epochs.oldest()
    }

    /// A number that changes whenever blocks are removed or replaced: what was cached of the chain before is void.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.inner.epochs.now()
    }

    /// Keeps other writers of the chain out.
    pub(crate) fn lock_writer(&self) -> MutexGuard<'_, ()> {
        self.inner.writer.lock()
    }

    /// Keeps others from changing the rows of packages. Who holds the writer's lock besides takes that first.
    pub(crate) fn lock_packages(&self) -> MutexGuard<'_, ()> {
        self.inner.packages.lock()
    }

    pub(crate) fn base(&self) -> &Base {
        &self.inner.base
    }

    pub(crate) fn epochs(&self) -> &Epochs {
        &self.inner.epochs
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.db
    }

    /// Whether this is the only handle left, so that dropping it closes the database.
    #[must_use]
    pub fn is_last_handle(&self) -> bool {
        Arc::strong_count(&self.inner) == 1
    }

    /// A class, whenever it was declared.
    ///
    /// # Errors
    /// If the database, or what was forked, cannot be read.
    pub fn class(&self, hash: ClassHash) -> Result<Option<Arc<ClassRecord>>, StorageError> {
        if let Some(class) = self.inner.classes.get(&hash) {
            return Ok(Some(class));
        }
        let (epoch, changes) = (self.epoch(), self.class_changes());
        let class = match self.db().get::<Classes>(&hash)? {
            Some(class) => Some(class),
            None => self.base().ask(|base| base.class(hash))?,
        };
        let class = class.map(Arc::new);
        if let Some(class) = &class {
            self.inner.classes.insert(hash, Arc::clone(class));
            // It may have been removed or changed since it was read.
            if self.epoch() != epoch || self.class_changes() != changes {
                self.inner.classes.invalidate(&hash);
            }
        }
        Ok(class)
    }

    /// Has a class read anew, whose row has changed.
    fn forget_class(&self, hash: &ClassHash) {
        self.inner.class_changes.fetch_add(1, Ordering::SeqCst);
        self.inner.classes.invalidate(hash);
    }

    /// How many rows of classes were changed since the database was opened.
    fn class_changes(&self) -> u64 {
        self.inner.class_changes.load(Ordering::SeqCst)
    }

    /// Computes the tries of the latest state with `diff` applied. Writes nothing: the result goes into the
    /// [`BlockCommit`] of the same diff.
    ///
    /// # Errors
    /// If the database cannot be read or follows another node's chain, or the diff names a class hash that no trie can
    /// hold.
    pub fn prepare_state(&self, diff: &ThinStateDiff) -> Result<PreparedState, StorageError> {
        self.expect(ChainKind::Own)?;
        prepare::prepare(&self.db().snapshot(), diff)
    }

    /// Commits a block on top of the latest one, wholly and durably or not at all (see the crate's documentation).
    ///
    /// # Errors
    /// [`StorageError::Refused`] if the block does not fit on the tip or its parts do not fit each other;
    /// [`StorageError::OtherKind`] if the database follows another node's chain; otherwise, if it cannot be read or
    /// written.
    pub fn commit(&self, block: BlockCommit) -> Result<(), StorageError> {
        let _one_at_a_time = self.lock_writer();
        self.expect(ChainKind::Own)?;
        let _until_written = self.lock_packages();
        let number = commit::commit(self.db(), self.base(), block)?;
        self.epochs().set_next(number.unchecked_next());
        Ok(())
    }
}
