//! Finding events, block by block.

use std::cmp::Reverse;

use starknet_api::block::BlockNumber;

use super::lists::AnyOf;
use super::work::Work;
use super::{EventPlace, EventQuery, FoundEvents};
use crate::db::Snapshot;
use crate::{Storage, StorageError};

impl Storage {
    /// The stored events that a query matches, from `from` through block `to`: the first `limit` of them.
    ///
    /// It ends before that if `work` is used up, which is counted in rows of the index: each that is looked at, long
    /// ones more than once. But it always looks at the beginning of the list of each value in the query, and comes one
    /// block further at least. So whoever goes on where the search before ended, with a limit that is not zero, gets to
    /// the end.
    ///
    /// All of it is read at one moment. Going on is another one: meanwhile blocks may have been added or removed.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn find_events(
        &self,
        query: &EventQuery,
        from: EventPlace,
        to: BlockNumber,
        limit: usize,
        work: usize,
    ) -> Result<FoundEvents, StorageError> {
        let now = self.db().snapshot();
        let mut found = FoundEvents::default();
        if from.block > to {
            return Ok(found);
        }
        let mut search = Search { constraints: Vec::new(), work: Work::new(work) };
        if !search.open(&now, query, from.block, to)? {
            return Ok(found);
        }
        // What is before this block was looked through.
        let mut at = from.block;
        while let Some(block) = search.skip_to(at)? {
            at = if block > at {
                block
            } else {
                let mut places = search.places_in(at)?.into_iter().filter(|place| *place >= from);
                let left = limit - found.places.len();
                found.places.extend(places.by_ref().take(left));
                found.next = places.next();
                match at.next() {
                    Some(next) if found.next.is_none() && next <= to => next,
                    _ => break,
                }
            };
            // Not before it has come to a later block, so that whoever goes on from there gets to the end.
            if search.work.is_used_up() {
                found.next = Some(EventPlace::first_of(at));
                break;
            }
        }
        Ok(found)
    }
}

/// A search on its way.
struct Search<'a> {
    /// What an event must meet, all of it.
    constraints: Vec<AnyOf<'a>>,
    work: Work,
}

impl<'a> Search<'a> {
    /// Opens the lists from block `from` through block `to`. False if nothing there can match.
    fn open(
        &mut self,
        now: &'a Snapshot<'_>,
        query: &EventQuery,
        mut from: BlockNumber,
        to: BlockNumber,
    ) -> Result<bool, StorageError> {
        for constraint in query.constraints() {
            let any_of = AnyOf::open(now, constraint, (from, to), &mut self.work)?;
            match any_of.block() {
                // Before that, the others are of no use.
                Some(block) => from = block,
                None => return Ok(false),
            }
            self.constraints.push(any_of);
        }
        Ok(true)
    }

    /// The first block from `at` on where events that match can be; `None` if there is none. If it is `at` itself, it
    /// has events that meet each constraint, be they the same or not.
    fn skip_to(&mut self, at: BlockNumber) -> Result<Option<BlockNumber>, StorageError> {
        // The furthest comes first, and the others skip all that it has skipped.
        self.constraints.sort_by_key(|any_of| Reverse(any_of.block()));
        let mut furthest = at;
        for any_of in &mut self.constraints {
            match any_of.skip_to(furthest, &mut self.work)? {
                Some(block) => furthest = block,
                None => return Ok(None),
            }
        }
        Ok(Some(furthest))
    }

    /// The events that meet all constraints, in a block that all have come to.
    fn places_in(&mut self, block: BlockNumber) -> Result<Vec<EventPlace>, StorageError> {
        let mut common: Option<Vec<_>> = None;
        for any_of in &self.constraints {
            let events = any_of.events_in(block, &mut self.work)?;
            match &mut common {
                Some(common) => common.retain(|event| events.binary_search(event).is_ok()),
                None => common = Some(events),
            }
        }
        let places = common.into_iter().flatten();
        Ok(places.map(|(transaction, event)| EventPlace { block, transaction, event }).collect())
    }
}
