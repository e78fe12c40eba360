//! The payments that the thread has acknowledged, and how each of them ended.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use starknet_types_core::felt::Felt;

/// A payment that the thread has acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) user: usize,
    /// By the clock that never goes back.
    acknowledged: Instant,
    /// By the clock that the thread's status goes by, milliseconds since 1970.
    pub(crate) acknowledged_at: u128,
    pub(crate) end: Option<(End, Instant)>,
}

/// How a payment ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// A thread transaction in a block settled it, in this segment of its package.
    Settled { thread: Felt, segment: usize },
    /// A block has it by itself: nobody but the thread sends it to the node.
    Forwarded,
    /// The thread rejected it.
    Rejected { reason: String },
}

/// All payments that were acknowledged, by hash. Everybody who looks at it does so between two waits, on one thread.
#[derive(Debug, Default)]
pub(crate) struct Ledger(RefCell<HashMap<Felt, Payment>>);

impl Payment {
    /// From the acknowledgement to the end.
    pub(crate) fn took(&self) -> Option<Duration> {
        self.end.as_ref().map(|(_, at)| at.saturating_duration_since(self.acknowledged))
    }

    pub(crate) fn is_rejected(&self) -> bool {
        matches!(self.end, Some((End::Rejected { .. }, _)))
    }
}

impl Ledger {
    /// The thread has just acknowledged it.
    pub(crate) fn acknowledge(&self, hash: Felt, user: usize) {
        let acknowledged_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let payment = Payment { user, acknowledged: Instant::now(), acknowledged_at, end: None };
        self.0.borrow_mut().insert(hash, payment);
    }

    /// A payment ended at `at`. What is none is nobody's business here.
    pub(crate) fn end(&self, hash: Felt, end: End, at: Instant) {
        if let Some(payment) = self.0.borrow_mut().get_mut(&hash)
            && payment.end.is_none()
        {
            payment.end = Some((end, at));
        }
    }

    /// Those that have not ended.
    pub(crate) fn pending(&self) -> Vec<Felt> {
        let payments = self.0.borrow();
        payments.iter().filter(|(_, payment)| payment.end.is_none()).map(|(hash, _)| *hash).collect()
    }

    /// How many of a user's have not ended.
    pub(crate) fn pending_of(&self, user: usize) -> usize {
        let payments = self.0.borrow();
        payments.values().filter(|payment| payment.user == user && payment.end.is_none()).count()
    }

    /// How many of a user's were rejected.
    pub(crate) fn rejected_of(&self, user: usize) -> usize {
        let payments = self.0.borrow();
        payments.values().filter(|payment| payment.user == user && payment.is_rejected()).count()
    }

    /// How many were rejected.
    pub(crate) fn rejected(&self) -> usize {
        self.0.borrow().values().filter(|payment| payment.is_rejected()).count()
    }

    /// A copy of all of them.
    pub(crate) fn payments(&self) -> HashMap<Felt, Payment> {
        self.0.borrow().clone()
    }
}
