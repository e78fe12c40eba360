//! One account's transactions, by nonce.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use starknet_api::block::BlockTimestamp;
use starknet_api::core::Nonce;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::ThreadTransaction;

use crate::turn::{OpenedBlock, Priority};
use crate::usage::Usage;
use crate::waiting::{Kind, Proof, Waiting};

/// A thread whose proof is to be looked at.
#[derive(Debug)]
pub(crate) struct ProofRequest {
    pub(crate) hash: TransactionHash,
    pub(crate) thread: Arc<ThreadTransaction>,
    /// When it is to be looked at.
    pub(crate) condition: Condition,
    /// Whether its account was caught with a bad proof, or with one that was not paid for, lately.
    pub(crate) last: bool,
}

/// When a proof is worth looking at.
#[derive(Debug)]
pub(crate) enum Condition {
    /// Whatever holds.
    None,
    /// If the thread's preconditions hold after these packages of its account, as far as they are still there.
    After(Vec<Weak<ThreadTransaction>>),
}

/// An account's transactions that no block holds. `next` is the nonce that its next executable transaction must have:
/// the canonical one, advanced past those taken for the block under construction.
#[derive(Debug)]
pub(crate) struct AccountQueue {
    pub(crate) next: Nonce,
    pub(crate) waiting: BTreeMap<Nonce, Waiting>,
    /// How many are in the block under construction.
    pub(crate) taken: usize,
    /// Where the head stands among the executable ones; `None` if it is not among them.
    pub(crate) ready: Option<Priority>,
    /// When the head is due, if it waits for nothing but that.
    pub(crate) held: Option<BlockTimestamp>,
}

impl AccountQueue {
    pub(crate) fn new(next: Nonce) -> Self {
        Self { next, waiting: BTreeMap::new(), taken: 0, ready: None, held: None }
    }

    /// The transaction that can execute now, if it waits for no verdict.
    pub(crate) fn head(&self) -> Option<&Waiting> {
        self.waiting.get(&self.next)
    }

    /// The nonce after the unbroken run of transactions that begins with the head.
    pub(crate) fn nonce_after_run(&self) -> Nonce {
        let mut nonce = self.next;
        for waiting in self.waiting.keys() {
            if *waiting != nonce {
                break;
            }
            nonce = successor(nonce);
        }
        nonce
    }

    /// What of one kind waits.
    pub(crate) fn usage(&self, kind: Kind) -> Usage {
        self.waiting.values().filter(|waiting| waiting.kind() == kind).collect()
    }

    /// The thread whose proof is to be looked at next, marked so. Proofs are looked at one after the other, along the
    /// run of transactions that can execute, up to one that will revert: what comes after it waits until it is paid for. Nor is
    /// anything looked at behind one for which it is early in `block`: nobody pays for that before it has settled.
    /// Tells which threads come before it.
    pub(crate) fn ask_for_proof(
        &mut self,
        block: OpenedBlock,
    ) -> Option<(&Waiting, Vec<Weak<ThreadTransaction>>)> {
        let is_asked = |waiting: &Waiting| matches!(waiting.proof, Proof::Asked | Proof::UnderWay);
        if self.waiting.values().any(is_asked) {
            return None;
        }
        let mut expected = self.next;
        let mut earlier = Vec::new();
        for (nonce, waiting) in &mut self.waiting {
            if *nonce != expected {
                return None;
            }
            expected = successor(expected);
            match waiting.proof {
                Proof::Absent => {}
                Proof::Known { accepted: true, .. } if block.may_take(waiting) => {
                    earlier.extend(waiting.thread().map(Arc::downgrade));
                }
                Proof::Known { .. } | Proof::Deferred | Proof::Asked | Proof::UnderWay => return None,
                Proof::Unseen => {
                    waiting.proof = Proof::Asked;
                    return Some((waiting, earlier));
                }
            }
        }
        None
    }

    /// Whether nothing is left to remember.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.taken == 0
    }
}

pub(crate) fn successor(nonce: Nonce) -> Nonce {
    Nonce(nonce.0 + Felt::ONE)
}
