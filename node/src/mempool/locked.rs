//! Access to the shared pool, and what follows from its changes: the journal, the feed, the verification workers and
//! the block producer are told.

use std::ops::{Deref, DerefMut};
use std::sync::Weak;
use std::time::Instant;

use parking_lot::MutexGuard;
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::KeptVerdict;
use zkthreads_rpc::{ChainEvent, SubmitError};

use super::pool::{Outbox, Pool};
use super::{Mempool, State};

/// The pool for as long as it is locked. What others must be told of is told at the end.
pub(super) struct Locked<'a> {
    mempool: &'a Mempool,
    state: MutexGuard<'a, State>,
    /// Whether the block producer is told, too.
    wakes: bool,
}

impl Mempool {
    /// The pool, to be changed. What has waited for too long is gone.
    pub(super) fn lock(&self) -> Locked<'_> {
        self.locked(true)
    }

    /// The pool, to be looked at or taken from: no reason for the block producer to wake.
    pub(super) fn peek(&self) -> Locked<'_> {
        self.locked(false)
    }

    fn locked(&self, wakes: bool) -> Locked<'_> {
        let mut state = self.state.lock();
        state.pool.expire((self.clock)());
        Locked { mempool: self, state, wakes }
    }

    /// The pool, if it takes transactions.
    pub(super) fn open(&self) -> Result<Locked<'_>, SubmitError> {
        let pool = self.lock();
        match &pool.state.closed {
            Some(reason) => Err(SubmitError::Unavailable { reason: reason.clone() }),
            None => Ok(pool),
        }
    }

    fn tell(&self, state: &mut State) {
        loop {
            let Outbox { gone, rejected, proofs } = state.pool.empty_outbox();
            if !gone.is_empty()
                && let Err(error) = self.executor.storage().pool_remove(&gone)
            {
                // No loss: a row too many is found out when the journal is taken up.
                tracing::warn!(%error, "the mempool's journal cannot be written");
            }
            for (hash, reason) in rejected {
                self.feed.publish(ChainEvent::Rejected { hash, reason });
            }
            if proofs.is_empty() {
                return;
            }
            for (hash, submitter, thread) in proofs {
                let this = Weak::clone(&self.this);
                let then = move |verdict| {
                    if let Some(mempool) = this.upgrade() {
                        mempool.verified(hash, verdict);
                    }
                };
                if !self.executor.verification().submit(submitter, &thread, then) {
                    // Nobody verifies ahead, so the block will.
                    state.pool.verified(hash, true, None);
                }
            }
        }
    }

    fn verified(&self, hash: TransactionHash, verdict: KeptVerdict) {
        self.lock().verified(hash, verdict.is_accepted(), Some(verdict));
        self.verified.notify_all();
    }
}

impl Locked<'_> {
    /// Lets others at the pool until a verdict is known; `false` if none is by `deadline`.
    pub(super) fn wait_for_verdict(&mut self, deadline: Instant) -> bool {
        self.mempool.tell(&mut self.state);
        !self.mempool.verified.wait_until(&mut self.state, deadline).timed_out()
    }
}

impl State {
    pub(super) fn wake(&self) {
        if let Some(wake) = &self.waker {
            wake();
        }
    }
}

impl Deref for Locked<'_> {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.state.pool
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Pool {
        &mut self.state.pool
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.mempool.tell(&mut self.state);
        if self.wakes && self.state.pool.has_ready() {
            self.state.wake();
        }
    }
}
