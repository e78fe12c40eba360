//! Making up for what stored classes of an older program lack: whether, and as which code, threads run them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use starknet_api::core::ClassHash;
use zkthreads_storage::{ClassDefinition, ClassRecord, StorageError};

use super::HARDENING;
use crate::class;
use crate::executor::Executor;

/// Whether there may be such classes.
#[derive(Debug)]
pub(crate) struct Stored {
    behind: AtomicBool,
}

impl Stored {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self { behind: AtomicBool::new(true) }
    }

    /// Somebody met one.
    pub(crate) fn is_met(&self) {
        self.behind.store(true, Ordering::SeqCst);
    }

    /// Whether classes may be met that are still to be compiled.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::SeqCst)
    }
}

/// Whether it is not known yet what a class is to threads.
pub(crate) fn is_pending(record: &ClassRecord) -> bool {
    matches!(record.definition, ClassDefinition::Sierra { .. }) && record.hardened(HARDENING).is_none()
}

impl Executor {
    /// Compiles all stored classes that lack their hardened code, one after the other, until `stopped`, and keeps what comes of
    /// it; gives how many. Nothing is done if none is known to lack it. Each class is followed by a pause as long as it took, so
    /// that those who compile for users come to their turn.
    ///
    /// # Errors
    /// If the database fails, or the system has no room for the compiler. What is left can be done later.
    pub fn harden_stored(&self, stopped: &AtomicBool) -> Result<u64, HardenError> {
        let stored = self.stored();
        if !stored.behind.swap(false, Ordering::SeqCst) {
            return Ok(0);
        }
        let done = self.harden_each(stopped);
        if done.is_err() || stopped.load(Ordering::SeqCst) {
            stored.is_met();
        }
        done
    }

    fn harden_each(&self, stopped: &AtomicBool) -> Result<u64, HardenError> {
        let (mut last, mut count) = (None::<ClassHash>, 0_u64);
        while !stopped.load(Ordering::SeqCst) {
            let Some((hash, record)) = self.storage().next_class(last, is_pending)? else { break };
            let begun = Instant::now();
            let hardened =
                self.compiler().alone(|| class::hardened(&record)).map_err(|_| HardenError::Busy)?;
            if let Some(hardened) = hardened {
                self.storage().keep_hardened(hash, HARDENING, hardened)?;
            }
            (last, count) = (Some(hash), count.saturating_add(1));
            std::thread::sleep(begun.elapsed());
        }
        Ok(count)
    }
}

/// Why stored classes could not be compiled for threads.
#[derive(Debug, thiserror::Error)]
pub enum HardenError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The system has no room for the compiler.
    #[error("the compiler could not be started")]
    Busy,
}
