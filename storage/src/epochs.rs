//! Which views of past blocks are still good.
//!
//! A reader looks here *after* it has read, a writer notes here what it is about to remove *before* it does: so
//! whoever passes the check had everything before him that he needed. What is new is noted after it is written.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use starknet_api::block::BlockNumber;

use crate::StorageError;

/// What was removed since the database was opened, and between which blocks states are there.
pub(crate) struct Epochs {
    /// Counts the changes to `removed`.
    epoch: AtomicU64,
    /// When blocks were removed, and from which on. Only what later removals did not go below: numbers rise.
    removed: RwLock<Vec<(u64, BlockNumber)>>,
    /// The first block after which the state is kept.
    oldest: AtomicU64,
    /// The number of the block that is due next.
    next: AtomicU64,
}

impl Epochs {
    pub(crate) fn new(oldest: BlockNumber, next: BlockNumber) -> Self {
        let (oldest, next) = (AtomicU64::new(oldest.0), AtomicU64::new(next.0));
        Self { epoch: AtomicU64::new(0), removed: RwLock::default(), oldest, next }
    }

    /// The present. A view keeps the epoch in which it was made.
    pub(crate) fn now(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Notes that the blocks from `first` on are removed. To be said before that becomes visible, and again after it,
    /// for the views that were made in between.
    pub(crate) fn remove_from(&self, first: BlockNumber) {
        let mut removed = self.removed.write();
        let epoch = self.now() + 1;
        removed.retain(|(_, earlier)| *earlier < first);
        removed.push((epoch, first));
        self.epoch.store(epoch, Ordering::SeqCst);
    }

    /// The first block after which the state is available.
    pub(crate) fn oldest(&self) -> BlockNumber {
        BlockNumber(self.oldest.load(Ordering::SeqCst))
    }

    /// Notes that the history before `oldest` goes.
    pub(crate) fn set_oldest(&self, oldest: BlockNumber) {
        self.oldest.store(oldest.0, Ordering::SeqCst);
    }

    /// Notes which block is due next.
    pub(crate) fn set_next(&self, next: BlockNumber) {
        self.next.store(next.0, Ordering::SeqCst);
    }

    /// Whether a block is known to be there. One that was committed this moment may not be known yet.
    pub(crate) fn knows(&self, block: BlockNumber) -> bool {
        block.0 < self.next.load(Ordering::SeqCst)
    }

    /// Whether what was read of the state after `block`, through a view of epoch `made`, is that state.
    pub(crate) fn check(&self, block: BlockNumber, made: u64) -> Result<(), StorageError> {
        if self.now() != made
            && self.removed.read().iter().any(|&(epoch, first)| epoch > made && first <= block)
        {
            return Err(StorageError::Reverted { block });
        }
        let oldest = self.oldest();
        if block < oldest { Err(StorageError::Pruned { oldest }) } else { Ok(()) }
    }
}
