//! How transactions are admitted: those whose validation is quick wait for nobody whose validation is not.
//!
//! Validating is the one piece of work that a stranger has done for nothing, up to a second of it. So there are two lanes. A
//! transaction is first given the time that nearly all need; whoever needs more is validated in the other lane, and so
//! is, for some minutes, whatever else the account sends.

use std::time::Duration;

use moka::sync::Cache;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{AdmitError, Executor, PendingTransaction, StateAt, Submission};

use crate::limits::QUICK_VALIDATION;

/// How many slow accounts are remembered, and for how long.
const SLOW_ACCOUNTS: u64 = 10_000;
const SLOW_FOR: Duration = Duration::from_secs(600);

/// Admits transactions. Cheap to clone; all clones know the same accounts.
#[derive(Clone)]
pub(crate) struct Door {
    slow: Cache<Felt, ()>,
    lane: Speed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speed {
    Quick,
    Slow,
}

impl Door {
    /// The one that transactions come to first.
    pub(crate) fn new() -> Self {
        let slow = Cache::builder().max_capacity(SLOW_ACCOUNTS).time_to_live(SLOW_FOR).build();
        Self { slow, lane: Speed::Quick }
    }

    /// The one for those that [`AdmitError::TooLong`] is said of at the other.
    pub(crate) fn for_slow_ones(&self) -> Self {
        Self { lane: Speed::Slow, ..self.clone() }
    }

    /// Admits a transaction on the state at a moment. `account` is the one that validates it, if it is there already.
    ///
    /// # Errors
    /// See [`AdmitError`]; [`AdmitError::TooLong`] if this is the first door and the time was too short.
    pub(crate) fn admit(
        &self,
        executor: &Executor,
        at: &StateAt,
        account: Option<Felt>,
        submission: Submission,
    ) -> Result<PendingTransaction, AdmitError> {
        let all = executor.time_limits().validation;
        let limit = match self.lane {
            Speed::Slow => all,
            Speed::Quick if account.is_some_and(|account| self.slow.contains_key(&account)) => {
                return Err(AdmitError::TooLong(QUICK_VALIDATION));
            }
            Speed::Quick => all.min(QUICK_VALIDATION),
        };
        executor.admit_within(at, submission, limit).inspect_err(|error| {
            if let (AdmitError::TooLong(_), Some(account)) = (error, account) {
                self.slow.insert(account, ());
            }
        })
    }
}
