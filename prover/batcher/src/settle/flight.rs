//! Thread transactions that were sent and whose end the thread does not know yet.
//!
//! The node knows an end before the thread does, which reads it from the node's blocks. In between, a reorg may undo the block:
//! so what a block has is watched until the thread says that it has that block, too. Otherwise nobody would send it again.

use std::time::{Duration, Instant};

use starknet_api::core::Nonce;

use super::look::Seen;
use crate::thread::{InFlight, SubBlockId};

/// Thread transactions under way at most. Each is sent once the one before is pre-confirmed, so this many share a block.
const MAX_FLIGHTS: usize = 16;
/// So long a node may not know a transaction that it has taken: several nodes may answer at one address.
const GRACE: Duration = Duration::from_secs(3);

/// One of them.
#[derive(Debug, Clone)]
struct Flight {
    sent: InFlight,
    /// What the node last said of it.
    seen: Seen,
    unknown_since: Option<Instant>,
}

impl Flight {
    /// Whether its effects are in the state that the node checks the next one against.
    fn has_landed(&self) -> bool {
        matches!(self.seen, Seen::PreConfirmed | Seen::Settled)
    }

    /// Whether a block of the node has it.
    fn has_ended(&self) -> bool {
        matches!(self.seen, Seen::Settled | Seen::Reverted { .. })
    }
}

/// All that are watched, in the order in which they were sent, and those that may come back.
#[derive(Debug, Default)]
pub(super) struct Flights {
    flights: Vec<Flight>,
    /// Nobody knows these any more. They can still land: as long as their nonce is unused, somebody may have kept one.
    ghosts: Vec<InFlight>,
}

/// What became of a thread transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Landing {
    /// Nothing yet.
    Under,
    /// It is settled in a block.
    Settled,
    /// It is in a block, reverted.
    Reverted {
        /// Why.
        reason: String,
    },
    /// The node has not known it for a while.
    Vanished,
}

impl Flights {
    /// A thread transaction was sent.
    pub(super) fn push(&mut self, sent: InFlight) {
        self.flights.retain(|flight| flight.sent.hash != sent.hash);
        self.flights.push(Flight { sent, seen: Seen::Waiting, unknown_since: None });
    }

    /// The thread has these under way, as far as it knows. What a block has and is none of them is done with. What is one of
    /// them and is not watched shall be: it was sent before a restart, or the thread could not take in what became of it.
    pub(super) fn agree_with(&mut self, thread: Vec<InFlight>) {
        let is_known = |flight: &Flight| thread.iter().any(|known| known.hash == flight.sent.hash);
        self.flights.retain(|flight| !flight.has_ended() || is_known(flight));
        for known in thread {
            if !self.flights.iter().any(|flight| flight.sent.hash == known.hash) {
                tracing::info!(hash = format!("{:#x}", known.hash.0), "on its way, sent before");
                self.push(known);
            }
        }
    }

    /// Whether the next may be sent: all that it builds on is in the state that the node checks it against.
    pub(super) fn allow_next(&self) -> bool {
        let in_no_block = self.flights.iter().filter(|flight| !flight.has_ended()).count();
        in_no_block < MAX_FLIGHTS && self.flights.iter().all(Flight::has_landed)
    }

    /// Those that are watched.
    pub(super) fn sent(&self) -> Vec<InFlight> {
        self.flights.iter().map(|flight| flight.sent.clone()).collect()
    }

    /// Those that vanished, hold one of these sub-blocks, and may still land.
    pub(super) fn ghosts(&self, sub_blocks: &[(SubBlockId, u32)]) -> Vec<InFlight> {
        let overlaps = |ghost: &&InFlight| ghost.sub_blocks.iter().any(|held| sub_blocks.contains(held));
        self.ghosts.iter().filter(overlaps).cloned().collect()
    }

    /// Whether anything that vanished may still land.
    pub(super) fn has_ghosts(&self) -> bool {
        !self.ghosts.is_empty()
    }

    /// A transaction that had vanished is there again.
    pub(super) fn revive(&mut self, ghost: InFlight) {
        self.ghosts.retain(|other| *other != ghost);
        self.push(ghost);
    }

    /// The nonces below `next` are used up in blocks: what vanished with one of them is gone for good.
    pub(super) fn lay_ghosts(&mut self, next: Nonce) {
        self.ghosts.retain(|ghost| ghost.nonce >= next);
    }

    /// The node says this of a thread transaction that is watched. An end is told once.
    pub(super) fn see(&mut self, sent: &InFlight, seen: Seen, now: Instant) -> Landing {
        let Some(place) = self.flights.iter().position(|flight| flight.sent == *sent) else {
            return Landing::Under;
        };
        let Some(flight) = self.flights.get_mut(place) else { return Landing::Under };
        let is_news = flight.seen != seen;
        flight.seen = seen.clone();
        if seen != Seen::Unknown {
            flight.unknown_since = None;
        }
        match seen {
            Seen::Unknown => {
                let since = *flight.unknown_since.get_or_insert(now);
                if now.duration_since(since) < GRACE {
                    return Landing::Under;
                }
                let ghost = self.flights.remove(place).sent;
                self.ghosts.retain(|other| other.hash != ghost.hash);
                self.ghosts.push(ghost);
                Landing::Vanished
            }
            Seen::Settled if is_news => Landing::Settled,
            Seen::Reverted { reason } if is_news => Landing::Reverted { reason },
            Seen::Waiting | Seen::PreConfirmed | Seen::Settled | Seen::Reverted { .. } => Landing::Under,
        }
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::transaction::TransactionHash;
    use starknet_types_core::felt::Felt;

    use super::*;

    fn sent(number: u64) -> InFlight {
        InFlight {
            hash: TransactionHash(Felt::from(number)),
            nonce: Nonce(Felt::from(number)),
            sub_blocks: vec![(SubBlockId(number), 0)],
        }
    }

    #[test]
    fn the_next_follows_once_all_are_pre_confirmed() {
        let (now, mut flights) = (Instant::now(), Flights::default());
        assert!(flights.allow_next());
        flights.push(sent(1));
        assert!(!flights.allow_next());
        assert_eq!(flights.see(&sent(1), Seen::Waiting, now), Landing::Under);
        assert!(!flights.allow_next());
        assert_eq!(flights.see(&sent(1), Seen::PreConfirmed, now), Landing::Under);
        assert!(flights.allow_next());
        flights.push(sent(2));
        assert!(!flights.allow_next());
        assert_eq!(flights.see(&sent(1), Seen::Settled, now), Landing::Settled);
        assert_eq!(flights.see(&sent(1), Seen::Settled, now), Landing::Under, "it is told once");
        assert!(!flights.allow_next());
        let reverted = Seen::Reverted { reason: "conflict".to_owned() };
        assert_eq!(flights.see(&sent(2), reverted, now), Landing::Reverted { reason: "conflict".to_owned() });
        assert!(!flights.allow_next(), "the thread does not know it yet");
        flights.agree_with(Vec::new());
        assert!(flights.allow_next());
    }

    #[test]
    fn what_a_block_has_is_watched_until_the_thread_has_that_block() {
        let (start, mut flights) = (Instant::now(), Flights::default());
        flights.push(sent(1));
        assert_eq!(flights.see(&sent(1), Seen::Settled, start), Landing::Settled);
        flights.agree_with(vec![sent(1)]);
        assert_eq!(flights.sent(), [sent(1)]);
        // The block is undone before the thread has it.
        assert_eq!(flights.see(&sent(1), Seen::Unknown, start), Landing::Under);
        assert_eq!(flights.see(&sent(1), Seen::Unknown, start + GRACE), Landing::Vanished);

        flights.push(sent(2));
        assert_eq!(flights.see(&sent(2), Seen::Settled, start), Landing::Settled);
        flights.agree_with(Vec::new());
        assert!(flights.sent().is_empty());
    }

    #[test]
    fn what_the_thread_has_under_way_is_watched() {
        let (start, mut flights) = (Instant::now(), Flights::default());
        flights.agree_with(vec![sent(1)]);
        assert_eq!(flights.sent(), [sent(1)]);
        flights.see(&sent(1), Seen::Unknown, start);
        assert_eq!(flights.see(&sent(1), Seen::Unknown, start + GRACE), Landing::Vanished);
        // The thread could not write that down.
        flights.agree_with(vec![sent(1)]);
        flights.see(&sent(1), Seen::Unknown, start + GRACE);
        assert_eq!(flights.see(&sent(1), Seen::Unknown, start + GRACE + GRACE), Landing::Vanished);
    }

    #[test]
    fn what_is_in_a_block_leaves_room_for_others() {
        let (now, mut flights) = (Instant::now(), Flights::default());
        for number in 0..MAX_FLIGHTS as u64 {
            flights.push(sent(number));
            flights.see(&sent(number), Seen::PreConfirmed, now);
        }
        assert!(!flights.allow_next());
        flights.see(&sent(0), Seen::Settled, now);
        assert!(flights.allow_next());
    }

    #[test]
    fn what_falls_back_into_the_pool_holds_the_next_up() {
        let (now, mut flights) = (Instant::now(), Flights::default());
        flights.push(sent(1));
        flights.see(&sent(1), Seen::PreConfirmed, now);
        assert!(flights.allow_next());
        flights.see(&sent(1), Seen::Waiting, now);
        assert!(!flights.allow_next());
    }

    #[test]
    fn what_nobody_knows_for_long_has_vanished_and_may_come_back() {
        let (start, mut flights) = (Instant::now(), Flights::default());
        flights.push(sent(1));
        assert_eq!(flights.see(&sent(1), Seen::Unknown, start), Landing::Under);
        let soon = start + GRACE / 2;
        assert_eq!(flights.see(&sent(1), Seen::Waiting, soon), Landing::Under);
        assert_eq!(flights.see(&sent(1), Seen::Unknown, soon), Landing::Under);
        assert_eq!(flights.see(&sent(1), Seen::Unknown, start + GRACE), Landing::Under);
        assert_eq!(flights.see(&sent(1), Seen::Unknown, soon + GRACE), Landing::Vanished);
        assert!(flights.sent().is_empty());

        assert!(flights.ghosts(&[(SubBlockId(2), 0)]).is_empty());
        assert_eq!(flights.ghosts(&[(SubBlockId(1), 0), (SubBlockId(2), 0)]), [sent(1)]);
        flights.lay_ghosts(Nonce(Felt::ONE));
        assert_eq!(flights.ghosts(&[(SubBlockId(1), 0)]), [sent(1)]);
        flights.revive(sent(1));
        assert_eq!(flights.sent(), [sent(1)]);
        assert!(flights.ghosts(&[(SubBlockId(1), 0)]).is_empty());
    }

    #[test]
    fn a_ghost_whose_nonce_is_used_up_is_gone_for_good() {
        let (start, mut flights) = (Instant::now(), Flights::default());
        flights.push(sent(1));
        flights.see(&sent(1), Seen::Unknown, start);
        flights.see(&sent(1), Seen::Unknown, start + GRACE);
        flights.lay_ghosts(Nonce(Felt::TWO));
        assert!(flights.ghosts(&[(SubBlockId(1), 0)]).is_empty());
    }
}
