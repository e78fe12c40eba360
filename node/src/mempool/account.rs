//! One account's transactions, by nonce.

use std::collections::BTreeMap;

use starknet_api::core::Nonce;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{PendingBody, PendingTransaction};

/// Place in the order of arrival over all accounts.
pub(super) type Arrival = u64;

/// A transaction that waits.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) transaction: PendingTransaction,
    pub(super) arrival: Arrival,
    /// What it is counted as against the pool's memory.
    pub(super) bytes: usize,
}

/// An account's transactions that no block holds. `next` is the nonce that its next executable transaction must have:
/// the canonical one, advanced past those taken for the block under construction.
#[derive(Debug)]
pub(super) struct AccountQueue {
    pub(super) next: Nonce,
    pub(super) waiting: BTreeMap<Nonce, Waiting>,
    /// How many are in the block under construction.
    pub(super) taken: usize,
}

impl AccountQueue {
    pub(super) fn new(next: Nonce) -> Self {
        Self { next, waiting: BTreeMap::new(), taken: 0 }
    }

    /// The transaction that can execute now.
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

    /// Whether nothing is left to remember.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.taken == 0
    }
}

impl Waiting {
    pub(super) fn new(transaction: PendingTransaction, arrival: Arrival) -> Self {
        let bytes = weight(&transaction);
        Self { transaction, arrival, bytes }
    }

    /// Whether this one may take the place of `old`: its tip is higher by a tenth at least.
    pub(super) fn outbids(&self, old: &Self) -> bool {
        let (new, old) = (tip(&self.transaction), tip(&old.transaction));
        new > old && new >= old.saturating_add(old / 10)
    }
}

pub(super) fn successor(nonce: Nonce) -> Nonce {
    Nonce(nonce.0 + Felt::ONE)
}

fn tip(transaction: &PendingTransaction) -> u64 {
    match &transaction.body {
        PendingBody::Invoke(tx) => tx.tip.0,
        PendingBody::DeployAccount { tx, .. } => tx.tip.0,
        PendingBody::Declare { tx, .. } => tx.tip.0,
        PendingBody::Thread { thread, .. } => thread.envelope().tip.0,
        PendingBody::L1Handler(_) => 0,
    }
}

/// About how much memory a transaction holds, bytes: its variable parts and a flat rate for the rest. A decoded
/// package is counted as large as its encoding; a compiled class as ten times its Sierra.
fn weight(transaction: &PendingTransaction) -> usize {
    const FLAT: usize = 1_024;
    const FELT: usize = 32;
    let variable = match &transaction.body {
        PendingBody::Invoke(tx) => FELT * (tx.calldata.0.len() + tx.signature.0.len()),
        PendingBody::DeployAccount { tx, .. } => {
            FELT * (tx.constructor_calldata.0.len() + tx.signature.0.len())
        }
        PendingBody::Declare { class, .. } => match &class.definition {
            zkthreads_storage::ClassDefinition::Sierra { sierra, .. } => {
                10 * FELT * sierra.sierra_program.len() + sierra.abi.len()
            }
            zkthreads_storage::ClassDefinition::Legacy { .. } => 0,
        },
        PendingBody::Thread { thread, package } => {
            2 * package.len() + FELT * thread.envelope().calldata.0.len()
        }
        PendingBody::L1Handler(message) => FELT * message.tx.calldata.0.len(),
    };
    FLAT + variable
}
