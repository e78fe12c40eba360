//! Transactions that the chain shall have as they are.

use std::time::{Duration, Instant};

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;

use super::job::ForwardRefused;

/// After how long a transaction that the node has taken, but that is in no block, is sent once more.
const SENT_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// How long a refusal is doubted at least, and until the node's blocks of then are followed: the node may refuse what a
/// block has, or the open one.
const DOUBTED_FOR: Duration = Duration::from_secs(3);

/// Transactions that were given up here and are in no block yet, in order.
#[derive(Debug, Default)]
pub(super) struct Forwards(Vec<Forwarded>);

#[derive(Debug)]
struct Forwarded {
    hash: TransactionHash,
    transaction: InnerTransaction,
    state: ForwardState,
    /// Why the node refuses it.
    refusal: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ForwardState {
    /// Waits to be sent.
    Queued,
    /// Somebody is about to send it.
    Taken { lease: u64 },
    /// The node has it.
    Sent { at: Instant },
    /// The node refuses it.
    Refused { at: Instant, latest: BlockNumber },
}

impl Forwards {
    /// Adds one.
    pub(super) fn add(&mut self, hash: TransactionHash, transaction: InnerTransaction) {
        self.0.push(Forwarded { hash, transaction, state: ForwardState::Queued, refusal: String::new() });
    }

    /// The next one that is to be sent.
    pub(super) fn take(&mut self, lease: u64, now: Instant) -> Option<(TransactionHash, InnerTransaction)> {
        let is_due = |state: ForwardState| match state {
            ForwardState::Queued => true,
            ForwardState::Taken { .. } | ForwardState::Refused { .. } => false,
            ForwardState::Sent { at } => now.saturating_duration_since(at) >= SENT_AGAIN_AFTER,
        };
        let next = self.0.iter_mut().find(|forwarded| is_due(forwarded.state))?;
        next.state = ForwardState::Taken { lease };
        Some((next.hash, next.transaction.clone()))
    }

    /// Whoever took one did not send it.
    pub(super) fn give_back(&mut self, lease: u64) {
        for forwarded in
            self.0.iter_mut().filter(|forwarded| forwarded.state == ForwardState::Taken { lease })
        {
            forwarded.state = ForwardState::Queued;
        }
    }

    /// The node has it.
    pub(super) fn sent(&mut self, hash: TransactionHash, now: Instant) {
        for forwarded in self.0.iter_mut().filter(|forwarded| forwarded.hash == hash) {
            forwarded.state = ForwardState::Sent { at: now };
        }
    }

    /// The node refuses it.
    pub(super) fn refused(&mut self, hash: TransactionHash, refused: ForwardRefused, now: Instant) {
        let ForwardRefused { reason, latest } = refused;
        for forwarded in self.0.iter_mut().filter(|forwarded| forwarded.hash == hash) {
            forwarded.state = ForwardState::Refused { at: now, latest };
            reason.clone_into(&mut forwarded.refusal);
        }
    }

    /// The node took back blocks: what it refused because of them it may take now.
    pub(super) fn went_back(&mut self) {
        for forwarded in &mut self.0 {
            if matches!(forwarded.state, ForwardState::Refused { .. }) {
                forwarded.state = ForwardState::Queued;
            }
        }
    }

    /// Takes out what the node refuses, and what is not found in a block up to `head`, with the reason.
    pub(super) fn take_refused(&mut self, head: BlockNumber, now: Instant) -> Vec<(TransactionHash, String)> {
        let is_over = |forwarded: &mut Forwarded| match forwarded.state {
            ForwardState::Refused { at, latest } => {
                head >= latest && now.saturating_duration_since(at) >= DOUBTED_FOR
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thread::waiting::tests::transaction;

    /// One transaction, refused at `now`, when the node's newest block was number 7.
    fn refused(now: Instant) -> Forwards {
        let mut forwards = Forwards::default();
        let (hash, transaction) = transaction(1, 5);
        forwards.add(hash, transaction);
        assert!(forwards.take(1, now).is_some());
        let reason = "invalid nonce".to_owned();
        forwards.refused(hash, ForwardRefused { reason, latest: BlockNumber(7) }, now);
        forwards
    }

    #[test]
    fn a_refusal_is_final_after_a_while_and_once_the_node_s_blocks_are_followed() {
        let start = Instant::now();
        let (mut forwards, later) = (refused(start), start + DOUBTED_FOR);
        assert!(forwards.take_refused(BlockNumber(7), start).is_empty(), "too soon");
        assert!(forwards.take_refused(BlockNumber(6), later).is_empty(), "a block of the node may have it");
        assert_eq!(
            forwards.take_refused(BlockNumber(7), later),
            [(transaction(1, 5).0, "invalid nonce".to_owned())]
        );
        assert!(forwards.hashes().is_empty());
    }

    #[test]
    fn what_was_refused_because_of_blocks_that_are_undone_is_sent_again() {
        let start = Instant::now();
        let mut forwards = refused(start);
        assert!(forwards.take(2, start).is_none());
        forwards.went_back();
        assert!(forwards.take_refused(BlockNumber(9), start + DOUBTED_FOR).is_empty());
        assert!(forwards.take(2, start).is_some());
    }
}
