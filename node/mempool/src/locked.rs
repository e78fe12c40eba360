//! Access to the shared pool, and what follows from its changes: the journal, the feed, the verification workers and
//! the block producer are told.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;
use zkthreads_execution::{AdmitError, ExecutionError, KeptVerdict, PendingTransaction, Rank, StateAt};
use zkthreads_protocol::ThreadTransaction;
use zkthreads_rpc_api::{ChainEvent, SubmitError};
use zkthreads_storage::{RejectedTransaction, StorageError};

use crate::account::{Condition, ProofRequest};
use crate::pool::{Outbox, Pool};
use crate::validators::Attempt;
use crate::{Mempool, PoolState};

/// How long a validator waits when the state of the open block could not be read.
const PAUSE: Duration = Duration::from_millis(20);

/// The pool for as long as it is locked. What others must be told of is told at the end.
pub(crate) struct Locked<'a> {
    mempool: &'a Mempool,
    state: MutexGuard<'a, PoolState>,
    /// Whether the block producer is told, too.
    wakes: bool,
}

impl Mempool {
    /// The pool, to be changed. What has waited for too long is gone.
    pub(crate) fn lock(&self) -> Locked<'_> {
        self.locked(true)
    }

    /// The pool, to be looked at or taken from: no reason for the block producer to wake.
    pub(crate) fn peek(&self) -> Locked<'_> {
        self.locked(false)
    }

    fn locked(&self, wakes: bool) -> Locked<'_> {
        let mut state = self.state.lock();
        state.pool.expire((self.clock)());
        Locked { mempool: self, state, wakes }
    }

    /// The pool, if it takes transactions.
    pub(crate) fn open(&self) -> Result<Locked<'_>, SubmitError> {
        let pool = self.lock();
        match &pool.state.closed {
            Some(reason) => Err(SubmitError::Unavailable { reason: reason.clone() }),
            None => Ok(pool),
        }
    }

    fn tell(&self, state: &mut PoolState) {
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
            for request in proofs {
                let hash = request.hash;
                if !self.have_verified(request) {
                    // Nobody verifies ahead, so the block will.
                    state.pool.verified(hash, true, None);
                }
            }
        }
    }

    /// Has a thread's proof verified in its turn, on its condition; `false` if nobody verifies ahead.
    fn have_verified(&self, request: ProofRequest) -> bool {
        let ProofRequest { hash, thread, condition, last } = request;
        let rank = Rank::new(self.executor.least_fee(&thread).0, last);
        let this = Weak::clone(&self.this);
        let is_wanted = move |thread: &ThreadTransaction| {
            let Some(mempool) = this.upgrade() else { return false };
            // From here on it cannot be replaced: reading preconditions is work, too.
            if !mempool.peek().begin_proof(hash) {
                return false;
            }
            let holds = match condition {
                Condition::None => true,
                Condition::After(earlier) => mempool.preconditions_hold(&earlier, thread),
            };
            if !holds {
                mempool.lock().defer(hash);
                mempool.verified.notify_all();
            }
            holds
        };
        let this = Weak::clone(&self.this);
        let then = move |verdict: KeptVerdict| {
            let Some(mempool) = this.upgrade() else { return };
            mempool.lock().verified(hash, verdict.is_accepted(), Some(verdict));
            mempool.verified.notify_all();
        };
        let submitter = thread.envelope().sender_address;
        self.executor.verification().submit(submitter, rank, &thread, is_wanted, then)
    }

    /// Whether a thread's preconditions hold in the open block after its account's `earlier` packages. If that cannot be
    /// said, they do.
    fn preconditions_hold(&self, earlier: &[Weak<ThreadTransaction>], thread: &ThreadTransaction) -> bool {
        let earlier: Vec<_> = earlier.iter().filter_map(Weak::upgrade).collect();
        let holds = self.present().and_then(|at| self.executor.preconditions_hold(&at, &earlier, thread));
        holds.unwrap_or_else(|error| {
            tracing::debug!(%error, "the preconditions of a thread cannot be read");
            true
        })
    }

    /// The moment of the open block.
    fn present(&self) -> Result<StateAt, ExecutionError> {
        self.feed.pre_confirmed().map_or_else(|| self.executor.latest(), |block| Ok(block.into()))
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
            let at = self.present()?;
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
}

impl Locked<'_> {
    /// Lets others at the pool until a verdict is known; `false` if none is by `deadline`.
    pub(crate) fn wait_for_verdict(&mut self, deadline: Instant) -> bool {
        self.mempool.tell(&mut self.state);
        !self.mempool.verified.wait_until(&mut self.state, deadline).timed_out()
    }
}

impl PoolState {
    pub(crate) fn wake(&self) {
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
        if self.wakes && (self.state.pool.has_ready() || self.state.pool.next_due().is_some()) {
            self.state.wake();
        }
    }
}
