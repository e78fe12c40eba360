//! Whose turn it is: what the open block may take, and which of that goes first.
//!
//! A thread is of a time: before that no block may settle it. In the block that may, it comes early, since whatever is executed
//! before it may write what it has read, or has seen a later time. `docs/mempool.md` has the whole order, and what it costs to
//! abuse it.

use std::cmp::Reverse;

use starknet_api::block::BlockTimestamp;

use crate::waiting::{Arrival, Proof, Waiting};

/// The open block, as far as the order depends on it. Before the first one there is no time at which a thread could be due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OpenedBlock {
    pub(crate) timestamp: BlockTimestamp,
    /// Whether its transactions may see no earlier time than those before them.
    pub(crate) strict: bool,
}

/// Where an executable transaction stands among the others; the lowest goes first. Of those whose turn is the same, it is the one
/// with the higher tip; of several, the one that came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Priority {
    turn: Turn,
    tip: Reverse<u64>,
    arrival: Arrival,
}

/// In this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// Others may have been acknowledged on top of it. By arrival alone.
    FromBefore,
    /// A thread with a good proof, in the order of the threads' times. Those whose envelopes make calls come after the others:
    /// calls are made at the block's time, after which no thread may see an earlier one.
    Due { makes_calls: bool, at: BlockTimestamp },
    /// Everything else.
    ByTip,
}

impl OpenedBlock {
    /// Whether the block is late enough for a transaction.
    pub(crate) fn may_take(self, waiting: &Waiting) -> bool {
        waiting.due_at <= self.timestamp
    }

    /// Where a transaction stands that the block may take.
    pub(crate) fn priority(self, waiting: &Waiting) -> Priority {
        let Waiting { arrival, due_at: at, makes_calls, .. } = *waiting;
        let turn = if self.is_first(waiting) {
            Turn::Due { makes_calls, at }
        } else if waiting.from_before {
            Turn::FromBefore
        } else {
            Turn::ByTip
        };
        let tip = if turn == Turn::FromBefore { 0 } else { waiting.transaction.tip().0 };
        Priority { turn, tip: Reverse(tip), arrival }
    }

    /// Whether a transaction comes before those that offer a tip. What reverts does not: anybody can have a bad proof. Nor do
    /// calls, as they would need no tip for what others pay one for; but in the strict form they have no other place.
    fn is_first(self, waiting: &Waiting) -> bool {
        let is_good = matches!(waiting.proof, Proof::Known { accepted: true, .. });
        is_good && (self.strict || !waiting.makes_calls)
    }
}

impl Priority {
    pub(crate) fn arrival(self) -> Arrival {
        self.arrival
    }

    /// Whether it stands there because it is a thread.
    pub(crate) fn is_due(self) -> bool {
        matches!(self.turn, Turn::Due { .. })
    }
}
