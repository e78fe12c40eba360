//! A transaction that waits for its block.

use std::sync::Arc;

use starknet_api::block::BlockTimestamp;
use starknet_api::core::Nonce;
use starknet_api::transaction::fields::ValidResourceBounds;
use zkthreads_execution::{KeptVerdict, PendingBody, PendingTransaction, due_at, makes_calls};
use zkthreads_protocol::ThreadTransaction;

use crate::limits::{Budget, MempoolLimits};
use crate::weight::weight;

/// Place in the order of arrival over all accounts.
pub(crate) type Arrival = u64;

/// Seconds since the Unix epoch.
pub(crate) type Seconds = u64;

/// A transaction that waits, or is in the block under construction.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) transaction: PendingTransaction,
    pub(crate) arrival: Arrival,
    pub(crate) admitted_at: Seconds,
    /// What it counts as against its budget.
    pub(crate) bytes: usize,
    pub(crate) proof: Proof,
    /// The time of the earliest block that may take it; 0 of what is no thread.
    pub(crate) due_at: BlockTimestamp,
    /// Whether it is a thread whose envelope makes calls of its own.
    pub(crate) makes_calls: bool,
    /// Whether it was acknowledged on top of blocks that are gone.
    pub(crate) from_before: bool,
    /// Whether it is being validated again.
    pub(crate) in_validation: bool,
    /// Whether it was executed for a block that had no room for it, or found that its proof must be verified first.
    pub(crate) executed: bool,
}

impl Waiting {
    /// The transaction as the block under construction takes it.
    pub(crate) fn to_execute(&self) -> PendingTransaction {
        let deferred = matches!(self.proof, Proof::Deferred);
        PendingTransaction { deferred, ..self.transaction.clone() }
    }
}

/// Which budget a transaction counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ordinary,
    Thread,
}

/// What is known of a transaction's proof.
#[derive(Debug)]
pub(crate) enum Proof {
    /// It has none.
    Absent,
    /// Nobody has looked at it.
    Unseen,
    /// It waits for its verification.
    Asked,
    /// Its preconditions are being read, or it is being verified.
    UnderWay,
    /// Nobody has looked at it, since the preconditions did not hold when it was its turn. A block finds the same, or has it
    /// looked at.
    Deferred,
    /// The verdict is known; a block will find it, for it is kept. (Nothing is kept where nobody verifies ahead.)
    Known { accepted: bool, _kept: Option<KeptVerdict> },
}

impl Waiting {
    pub(crate) fn new(transaction: PendingTransaction, arrival: Arrival, admitted_at: Seconds) -> Self {
        let bytes = weight(&transaction);
        let (proof, due_at, makes_calls) = match &transaction.body {
            PendingBody::Thread(thread) => (Proof::Unseen, due_at(thread), makes_calls(thread.envelope())),
            _ => (Proof::Absent, BlockTimestamp::default(), false),
        };
        Self {
            transaction,
            arrival,
            admitted_at,
            bytes,
            proof,
            due_at,
            makes_calls,
            from_before: false,
            in_validation: false,
            executed: false,
        }
    }

    pub(crate) fn nonce(&self) -> Nonce {
        self.transaction.nonce()
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.thread() {
            Some(_) => Kind::Thread,
            None => Kind::Ordinary,
        }
    }

    pub(crate) fn thread(&self) -> Option<&Arc<ThreadTransaction>> {
        match &self.transaction.body {
            PendingBody::Thread(thread) => Some(thread),
            _ => None,
        }
    }

    /// Whether nothing is missing but its turn: it waits for no verdict, nor to be validated again.
    pub(crate) fn is_ready(&self) -> bool {
        !self.in_validation && matches!(self.proof, Proof::Absent | Proof::Deferred | Proof::Known { .. })
    }

    /// Whether work was done for it that its fee pays for: it was executed, or it was its proof's turn.
    pub(crate) fn owes(&self) -> bool {
        self.executed || self.owes_for_proof() || matches!(self.proof, Proof::Deferred)
    }

    /// Whether its proof was verified, or is being verified.
    pub(crate) fn owes_for_proof(&self) -> bool {
        matches!(self.proof, Proof::UnderWay | Proof::Known { .. })
    }

    /// Whether this one may take the place of `old`: it offers a tenth more tip at no lower price of L2 gas; or, if
    /// neither offers a tip, a tenth more for L2 gas.
    pub(crate) fn outbids(&self, old: &Self) -> bool {
        let (tip, old_tip) = (self.transaction.tip().0, old.transaction.tip().0);
        let (price, old_price) = (max_l2_price(&self.transaction), max_l2_price(&old.transaction));
        let no_tips = tip == 0 && old_tip == 0;
        price >= old_price
            && (is_raised(tip.into(), old_tip.into()) || no_tips && is_raised(price, old_price))
    }
}

impl Kind {
    pub(crate) fn budget(self, limits: &MempoolLimits) -> Budget {
        match self {
            Self::Ordinary => limits.ordinary,
            Self::Thread => limits.threads,
        }
    }
}

/// By a tenth at least; nothing, by anything.
fn is_raised(new: u128, old: u128) -> bool {
    new > old && new >= old.saturating_add(old / 10)
}

fn max_l2_price(transaction: &PendingTransaction) -> u128 {
    match transaction.resource_bounds() {
        ValidResourceBounds::AllResources(bounds) => bounds.l2_gas.max_price_per_unit.0,
        ValidResourceBounds::L1Gas(_) => 0,
    }
}
