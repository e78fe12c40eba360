//! Thread transactions that were sent and are in no block yet.

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
    /// It is pre-confirmed, so the next may follow.
    landed: bool,
    unknown_since: Option<Instant>,
}

/// All that are under way, in the order in which they were sent, and those that may come back.
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
        self.flights.push(Flight { sent, landed: false, unknown_since: None });
    }

    /// Whether the next may be sent: all that it builds on is in the state that the node checks it against.
    pub(super) fn allow_next(&self) -> bool {
        self.flights.len() < MAX_FLIGHTS && self.flights.iter().all(|flight| flight.landed)
    }

    /// Those under way.
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

    /// The node says this of a thread transaction that is under way. What has an end is under way no more.
    pub(super) fn see(&mut self, sent: &InFlight, seen: Seen, now: Instant) -> Landing {
        let Some(place) = self.flights.iter().position(|flight| flight.sent == *sent) else {
            return Landing::Under;
        };
        let Some(flight) = self.flights.get_mut(place) else { return Landing::Under };
        flight.landed = seen == Seen::PreConfirmed;
        if seen != Seen::Unknown {
            flight.unknown_since = None;
        }
        let landing = match seen {
            Seen::Waiting | Seen::PreConfirmed => return Landing::Under,
            Seen::Unknown => {
                let since = *flight.unknown_since.get_or_insert(now);
                if now.duration_since(since) < GRACE {
                    return Landing::Under;
                }
                self.ghosts.push(sent.clone());
                Landing::Vanished
            }
            Seen::Settled => Landing::Settled,
            Seen::Reverted { reason } => Landing::Reverted { reason },
        };
        self.flights.remove(place);
        landing
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
        assert_eq!(flights.sent(), [sent(2)]);
        assert!(!flights.allow_next());
        let reverted = Seen::Reverted { reason: "conflict".to_owned() };
        assert_eq!(flights.see(&sent(2), reverted, now), Landing::Reverted { reason: "conflict".to_owned() });
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
