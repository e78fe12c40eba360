//! Transactions that the chain shall have as they are.

use std::time::{Duration, Instant};

use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;

/// After how long a transaction that the node has taken, but that is in no block, is sent once more.
const SENT_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// How long a refusal is doubted: the node may refuse what a block has that is not followed yet.
const DOUBTED_FOR: Duration = Duration::from_secs(3);

/// Transactions that were given up here and are in no block yet, in order.
#[derive(Debug, Default)]
pub(super) struct Forwards(Vec<Forwarded>);

#[derive(Debug)]
struct Forwarded {
    hash: TransactionHash,
    transaction: InnerTransaction,
    state: State,
    /// Why the node refuses it.
    refusal: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waits to be sent.
    Queued,
    /// Somebody is about to send it.
    Taken { lease: u64 },
    /// The node has it.
    Sent { at: Instant },
    /// The node refuses it.
    Refused { at: Instant },
}

impl Forwards {
    /// Adds one.
    pub(super) fn add(&mut self, hash: TransactionHash, transaction: InnerTransaction) {
        self.0.push(Forwarded { hash, transaction, state: State::Queued, refusal: String::new() });
    }

    /// The next one that is to be sent.
    pub(super) fn take(&mut self, lease: u64, now: Instant) -> Option<(TransactionHash, InnerTransaction)> {
        let is_due = |state: State| match state {
            State::Queued => true,
            State::Taken { .. } | State::Refused { .. } => false,
            State::Sent { at } => now.saturating_duration_since(at) >= SENT_AGAIN_AFTER,
        };
        let next = self.0.iter_mut().find(|forwarded| is_due(forwarded.state))?;
        next.state = State::Taken { lease };
        Some((next.hash, next.transaction.clone()))
    }

    /// Whoever took one did not send it.
    pub(super) fn give_back(&mut self, lease: u64) {
        for forwarded in self.0.iter_mut().filter(|forwarded| forwarded.state == State::Taken { lease }) {
            forwarded.state = State::Queued;
        }
    }

    /// The node has it.
    pub(super) fn sent(&mut self, hash: TransactionHash, now: Instant) {
        for forwarded in self.0.iter_mut().filter(|forwarded| forwarded.hash == hash) {
            forwarded.state = State::Sent { at: now };
        }
    }

    /// The node refuses it.
    pub(super) fn refused(&mut self, hash: TransactionHash, reason: &str, now: Instant) {
        for forwarded in self.0.iter_mut().filter(|forwarded| forwarded.hash == hash) {
            forwarded.state = State::Refused { at: now };
            reason.clone_into(&mut forwarded.refusal);
        }
    }

    /// Takes out what the node refuses, and what is not found in a block since then, with the reason.
    pub(super) fn take_refused(&mut self, now: Instant) -> Vec<(TransactionHash, String)> {
        let is_over = |forwarded: &mut Forwarded| match forwarded.state {
            State::Refused { at } => now.saturating_duration_since(at) >= DOUBTED_FOR,
            _ => false,
        };
        self.0.extract_if(.., is_over).map(|forwarded| (forwarded.hash, forwarded.refusal)).collect()
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, hash: TransactionHash) {
        self.0.retain(|forwarded| forwarded.hash != hash);
    }

    /// All of them.
    pub(super) fn hashes(&self) -> Vec<TransactionHash> {
        self.0.iter().map(|forwarded| forwarded.hash).collect()
    }
}
