//! Making up for what stored classes of an older program lack: whether, and as which code, threads run them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use starknet_api::core::ClassHash;
use zkthreads_storage::StorageError;

use super::HARDENING;
use crate::class;
use crate::executor::Executor;

impl Executor {
    /// Compiles all stored classes that lack their hardened code, one after the other, until `stopped`, and keeps what comes of
    /// it; gives how many. Nothing is done if none is known to lack it. Each class is followed by a pause as long as it took, so
    /// that those who compile for users come to their turn.
    ///
    /// # Errors
    /// If the database fails, or the system has no room for the compiler. What is left can be done later.
    pub fn harden_stored(&self, stopped: &AtomicBool) -> Result<u64, HardenError> {
        let stored = self.stored();
        if !stored.is_behind() {
            return Ok(0);
        }
        let met = stored.met();
        let count = self.harden_each(stopped)?;
        if !stopped.load(Ordering::SeqCst) {
            stored.is_done(met);
        }
        Ok(count)
    }

    fn harden_each(&self, stopped: &AtomicBool) -> Result<u64, HardenError> {
        let (mut last, mut count) = (None::<ClassHash>, 0_u64);
        while !stopped.load(Ordering::SeqCst) {
            let Some((hash, record)) = self.storage().next_class(last, class::is_pending)? else { break };
            let (hardened, took) = self.compiler().alone(|| {
                let begun = Instant::now();
                (class::hardened(&record), begun.elapsed())
            });
            if let Some(hardened) = hardened.map_err(|_| HardenError::Busy)? {
                self.storage().keep_hardened(hash, HARDENING, hardened)?;
            }
            (last, count) = (Some(hash), count.saturating_add(1));
            // Whoever stops this wakes its thread.
            std::thread::park_timeout(took);
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
