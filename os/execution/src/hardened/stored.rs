//! Whether classes were met that an older program stored, without the code that threads run.

use std::sync::atomic::{AtomicU64, Ordering};

/// Whether there may be such classes.
#[derive(Debug)]
pub(crate) struct Stored {
    /// How often somebody met one, the start counted in.
    met: AtomicU64,
    /// How often that had happened when all were last compiled.
    done: AtomicU64,
}

impl Stored {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self { met: AtomicU64::new(1), done: AtomicU64::new(0) }
    }

    /// Somebody met one.
    pub(crate) fn is_met(&self) {
        self.met.fetch_add(1, Ordering::SeqCst);
    }

    /// How often somebody has met one.
    pub(crate) fn met(&self) -> u64 {
        self.met.load(Ordering::SeqCst)
    }

    /// All were compiled that could be met when somebody had met one so often.
    pub(crate) fn is_done(&self, met: u64) {
        self.done.store(met, Ordering::SeqCst);
    }

    /// Whether classes may be met that are still to be compiled.
    pub(crate) fn is_behind(&self) -> bool {
        self.done.load(Ordering::SeqCst) != self.met.load(Ordering::SeqCst)
    }
}
