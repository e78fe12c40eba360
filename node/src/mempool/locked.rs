//! Access to the shared pool, and what follows from its changes: the journal, the feed, the verification workers and
//! the block producer are told.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{AdmitError, ExecutionError, KeptVerdict, PendingTransaction, StateAt};
use zkthreads_rpc::{ChainEvent, SubmitError};
use zkthreads_storage::{RejectedTransaction, StorageError};

use super::pool::{Outbox, Pool};
use super::validators::Attempt;
use super::{Mempool, State};

/// How long a validator waits when the state of the open block could not be read.
const PAUSE: Duration = Duration::from_millis(20);

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
            let Outbox { dropped, validations, proofs } = state.pool.empty_outbox();
            if !dropped.is_empty()
                && let Err(error) = self.executor.storage().pool_drop(&dropped)
            {
                // No loss: a row too many is found out when the journal is taken up.
                tracing::warn!(%error, "the mempool's journal cannot be written");
            }
            for RejectedTransaction { hash, reason, .. } in dropped.rejected {
                self.feed.publish(ChainEvent::Rejected { hash, reason });
            }
            for transaction in validations {
                self.have_validated(transaction, Attempt::Quick);
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

    /// Has a transaction validated again, in its turn.
    fn have_validated(&self, transaction: PendingTransaction, attempt: Attempt) {
        let this = Weak::clone(&self.this);
        self.validators.ask(attempt, move || {
            if let Some(mempool) = this.upgrade() {
                mempool.validate(transaction, attempt);
            }
        });
    }

    /// Validates a transaction on the state of the open block.
    fn validate(&self, transaction: PendingTransaction, attempt: Attempt) {
        let hash = transaction.hash;
        let validate = || {
            let at = match self.feed.pre_confirmed() {
                Some(block) => StateAt::PreConfirmed(block),
                None => self.executor.latest()?,
            };
            let limit = attempt.limit(self.executor.time_limits().validation);
            self.executor.validate_again(&at, transaction.clone(), limit)
        };
        let validated = match catch_unwind(AssertUnwindSafe(validate)) {
            Ok(Ok(validated)) => Ok(validated),
            Ok(Err(AdmitError::TooLong(_))) if attempt == Attempt::Quick => {
                return self.have_validated(transaction, Attempt::Slow);
            }
            // The block that was open is not any more, and its state is gone: there is another one by now. (What a fork cannot
            // read is another matter: a block would not be able to execute the transaction, either.)
            Ok(Err(AdmitError::Internal(error)))
                if !matches!(error, ExecutionError::Storage(StorageError::Base(_))) =>
            {
                tracing::debug!(%error, "validated once more");
                std::thread::sleep(PAUSE);
                return self.have_validated(transaction, attempt);
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("its validation panicked".to_owned()),
        };
        self.lock().validated(hash, validated);
        self.verified.notify_all();
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
