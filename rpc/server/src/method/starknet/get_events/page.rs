//! One page of events.

use starknet_api::block::BlockNumber;
use zkthreads_execution::{PreConfirmed, StateAt};
use zkthreads_storage::{BlockTransaction, EventPlace, EventQuery, SettledInner};

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::limits::{MAX_EVENT_ROWS, MAX_EVENTS_READ};
use crate::lookup::open_place;
use crate::settled::emitter;
use crate::wire::event::{EmittedEvent, EventFilter};
use crate::wire::place::BlockPlace;

/// The events from `start` on up to block `to` that a filter lets through, at most `most` of them; and where to go on, unless
/// these were all.
pub(super) fn read(
    context: &RpcContext,
    filter: &EventFilter,
    start: EventPlace,
    to: &StateAt,
    most: usize,
) -> Result<(Vec<EmittedEvent>, Option<EventPlace>), RpcError> {
    let epoch = context.storage.epoch();
    let mut page = Page { context, most, events: Vec::new(), read: 0 };
    let (last, open) = match to {
        StateAt::Block(number) => (Some(*number), None),
        StateAt::PreConfirmed(block) => (block.number().prev(), Some(block)),
    };
    let mut next = None;
    if let Some(last) = last.filter(|last| start.block <= *last) {
        next = match filter.query() {
            Some(query) => page.found(&query, start, last)?,
            None => page.all(start, last)?,
        };
    }
    if let Some(block) = open.filter(|_| next.is_none()) {
        next = page.open(block, filter, start);
    }
    // What was found and what was read then are of the same chain only if no block was removed in between.
    if context.storage.epoch() != epoch {
        return Err(RpcError::BlockNotFound);
    }
    Ok((page.events, next))
}

/// A page in the making. What puts events into it tells where to go on once the page has to end.
struct Page<'a> {
    context: &'a RpcContext,
    most: usize,
    events: Vec<EmittedEvent>,
    /// Events in the receipts that were read for it.
    read: usize,
}

/// A transaction of a stored block.
struct Stored {
    place: BlockPlace,
    index: u32,
    transaction: BlockTransaction,
    settled: SettledInner,
}

impl Page<'_> {
    /// The events of stored blocks that the index finds.
    fn found(
        &mut self,
        query: &EventQuery,
        start: EventPlace,
        last: BlockNumber,
    ) -> Result<Option<EventPlace>, RpcError> {
        let found = self.context.storage.find_events(query, start, last, self.most, MAX_EVENT_ROWS)?;
        let mut stored: Option<Stored> = None;
        for place in found.places {
            let EventPlace { block, transaction, event } = place;
            if stored.as_ref().is_none_or(|it| (it.place.number, it.index) != (block, transaction)) {
                if self.read >= MAX_EVENTS_READ {
                    return Ok(Some(place));
                }
                stored = Some(self.stored(block, transaction)?);
            }
            if let Some(stored) = &stored {
                self.put(&stored.place, stored.index, &stored.transaction, &stored.settled, event);
            }
        }
        Ok(found.next)
    }

    /// All events of stored blocks.
    fn all(&mut self, start: EventPlace, last: BlockNumber) -> Result<Option<EventPlace>, RpcError> {
        for (blocks, block) in (start.block.0..=last.0).map(BlockNumber).enumerate() {
            if blocks == MAX_EVENT_ROWS {
                return Ok(Some(EventPlace::first_of(block)));
            }
            let header = self.context.header_at(block)?;
            if header.n_events == 0 {
                continue;
            }
            for transaction in (0..).take(header.n_transactions) {
                let first = EventPlace { block, transaction, event: 0 };
                if transaction < start.transaction && block == start.block {
                    continue;
                }
                if self.read >= MAX_EVENTS_READ {
                    return Ok(Some(first));
                }
                let stored = self.stored(block, transaction)?;
                for (event, _) in (0..).zip(&stored.transaction.receipt.events) {
                    let place = EventPlace { event, ..first };
                    if place < start {
                        continue;
                    }
                    if self.events.len() == self.most {
                        return Ok(Some(place));
                    }
                    self.put(&stored.place, transaction, &stored.transaction, &stored.settled, event);
                }
            }
        }
        Ok(None)
    }

    /// The events of the open block, which are in memory.
    fn open(&mut self, block: &PreConfirmed, filter: &EventFilter, start: EventPlace) -> Option<EventPlace> {
        for (transaction, executed) in (0..).zip(block.transactions()) {
            for (event, content) in (0..).zip(&executed.transaction.receipt.events) {
                let place = EventPlace { block: block.number(), transaction, event };
                if place < start || !filter.matches(content) {
                    continue;
                }
                if self.events.len() == self.most {
                    return Some(place);
                }
                self.put(&open_place(block), transaction, &executed.transaction, &executed.settled, event);
            }
        }
        None
    }

    /// Reads a transaction that a stored block has, unless that was reverted meanwhile.
    fn stored(&mut self, number: BlockNumber, index: u32) -> Result<Stored, RpcError> {
        let at = usize::try_from(index).map_err(|_| RpcError::BlockNotFound)?;
        let storage = &self.context.storage;
        let transaction = storage.transaction_at(number, at)?.ok_or(RpcError::BlockNotFound)?;
        let settled = storage.settled_inner(number, at)?;
        self.read = self.read.saturating_add(transaction.receipt.events.len());
        Ok(Stored { place: self.context.place(number)?, index, transaction, settled })
    }

    /// Adds the event at an index of a transaction's receipt.
    fn put(
        &mut self,
        place: &BlockPlace,
        index: u32,
        transaction: &BlockTransaction,
        settled: &SettledInner,
        event: u32,
    ) {
        let (Ok(index), Ok(event)) = (usize::try_from(index), usize::try_from(event)) else { return };
        let Some(content) = transaction.receipt.events.get(event) else { return };
        let (hash, event) = emitter(settled, transaction.hash, event);
        self.events.push(EmittedEvent::new(content, place, (hash, index), event));
    }
}
