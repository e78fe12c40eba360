//! Where events are: an index, so that finding some takes the longer the more there are, not the longer the chain is.
//!
//! Of each contract, and of each value that a key has at a position, there is a list of events: a row for each block
//! that has some. Events that meet several constraints are on several lists. These are gone through together, each
//! skipping to the block where the furthest one is, so that the longest take no longer than the shortest.

pub(crate) mod index;
mod lists;
mod query;
mod search;
mod work;

use starknet_api::block::BlockNumber;

pub use query::EventQuery;

/// Where an event is. Places are in the order in which the events were emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventPlace {
    /// The block.
    pub block: BlockNumber,
    /// The transaction's index in the block.
    pub transaction: u32,
    /// The event's index in the transaction's receipt.
    pub event: u32,
}

impl EventPlace {
    /// The place of a block's first event, if it has any.
    #[must_use]
    pub fn first_of(block: BlockNumber) -> Self {
        Self { block, transaction: 0, event: 0 }
    }
}

/// What a search has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundEvents {
    /// The events' places, in order.
    pub places: Vec<EventPlace>,
    /// Where to go on; `None` if all was looked through. An event there need not match.
    pub next: Option<EventPlace>,
}
