//! One account's transactions, by nonce.

use std::collections::BTreeMap;
use std::sync::Arc;

use starknet_api::core::Nonce;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::ThreadTransaction;

use super::usage::Usage;
use super::waiting::{Kind, Priority, Proof, Waiting};

/// An account's transactions that no block holds. `next` is the nonce that its next executable transaction must have:
/// the canonical one, advanced past those taken for the block under construction.
#[derive(Debug)]
pub(super) struct AccountQueue {
    pub(super) next: Nonce,
    pub(super) waiting: BTreeMap<Nonce, Waiting>,
    /// How many are in the block under construction.
    pub(super) taken: usize,
    /// Where the head stands among the executable ones; `None` if it is not among them.
    pub(super) ready: Option<Priority>,
}

impl AccountQueue {
    pub(super) fn new(next: Nonce) -> Self {
        Self { next, waiting: BTreeMap::new(), taken: 0, ready: None }
    }

    /// The transaction that can execute now, if it waits for no verdict.
    pub(super) fn head(&self) -> Option<&Waiting> {
        self.waiting.get(&self.next)
    }

    /// The nonce after the unbroken run of transactions that begins with the head.
    pub(super) fn nonce_after_run(&self) -> Nonce {
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
    pub(super) fn usage(&self, kind: Kind) -> Usage {
        self.waiting.values().filter(|waiting| waiting.kind() == kind).collect()
    }

    /// The thread whose proof is to be looked at next, marked so. Proofs are looked at one after the other, along the
    /// run of transactions that can execute, up to a bad one: what comes after it waits until it is paid for.
    pub(super) fn ask_for_proof(&mut self) -> Option<(TransactionHash, Arc<ThreadTransaction>)> {
        if self.waiting.values().any(|waiting| matches!(waiting.proof, Proof::Asked)) {
            return None;
        }
        let mut expected = self.next;
        for (nonce, waiting) in &mut self.waiting {
            if *nonce != expected {
                return None;
            }
            expected = successor(expected);
            match waiting.proof {
                Proof::Absent | Proof::Known { accepted: true, .. } => {}
                Proof::Known { accepted: false, .. } | Proof::Asked => return None,
                Proof::Unseen => {
                    waiting.proof = Proof::Asked;
                    return waiting.thread().map(|thread| (waiting.transaction.hash, Arc::clone(thread)));
                }
            }
        }
        None
    }

    /// Whether nothing is left to remember.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.taken == 0
    }
}

pub(super) fn successor(nonce: Nonce) -> Nonce {
    Nonce(nonce.0 + Felt::ONE)
}
