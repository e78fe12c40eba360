//! Going through lists of events.

use rocksdb::DBRawIterator;
use starknet_api::block::BlockNumber;

use super::query::Constraint;
use super::work::Work;
use crate::StorageError;
use crate::db::events_in_block::EventsInBlock;
use crate::db::table::{Key, Table};
use crate::db::tables::{EventsByContract, EventsByKey};
use crate::db::{Read, Snapshot, between, decode};

/// The events that meet a constraint: a list for each of its values.
pub(super) struct AnyOf<'a> {
    lists: Vec<EventList<'a>>,
}

impl<'a> AnyOf<'a> {
    /// The lists from block `from` through block `to`, each at its first row.
    pub(super) fn open(
        now: &'a Snapshot<'_>,
        constraint: &Constraint,
        (from, to): (BlockNumber, BlockNumber),
        work: &mut Work,
    ) -> Result<Self, StorageError> {
        let lists: Vec<_> = match constraint {
            Constraint::Contracts(contracts) => contracts
                .iter()
                .map(|contract| EventList::open::<EventsByContract>(now, contract.encode(), from, to))
                .collect::<Result<_, _>>()?,
            Constraint::Key { position, values } => values
                .iter()
                .map(|value| EventList::open::<EventsByKey>(now, (*position, *value).encode(), from, to))
                .collect::<Result<_, _>>()?,
        };
        work.count_rows(lists.len());
        Ok(Self { lists })
    }

    /// The first block that any of the lists has a row of.
    pub(super) fn block(&self) -> Option<BlockNumber> {
        self.lists.iter().filter_map(|list| list.block).min()
    }

    /// Goes on to block `to`, or further where there is no row of it, with those lists only that are not there yet.
    /// Gives the first block that any of them then has a row of.
    pub(super) fn skip_to(
        &mut self,
        to: BlockNumber,
        work: &mut Work,
    ) -> Result<Option<BlockNumber>, StorageError> {
        for list in &mut self.lists {
            if list.block.is_some_and(|block| block < to) {
                work.count_rows(1);
                list.skip_to(to)?;
            }
        }
        self.lists.retain(|list| list.block.is_some());
        Ok(self.block())
    }

    /// The events in a block that the lists have come to, in order.
    pub(super) fn events_in(
        &self,
        block: BlockNumber,
        work: &mut Work,
    ) -> Result<Vec<(u32, u32)>, StorageError> {
        let mut events = Vec::new();
        for list in self.lists.iter().filter(|list| list.block == Some(block)) {
            events.extend(list.events()?.0);
        }
        work.count_events(events.len());
        // None is there twice: an event is of one contract, and has one key at a position.
        events.sort();
        Ok(events)
    }
}

/// The events of one contract, or with one key at one position: a row for each block that has some.
struct EventList<'a> {
    rows: DBRawIterator<'a>,
    /// What the rows' keys begin with; the block is what follows.
    prefix: Vec<u8>,
    table: &'static str,
    decode: fn(&[u8]) -> Result<EventsInBlock, StorageError>,
    /// The block that it is at; `None` behind the last one.
    block: Option<BlockNumber>,
}

impl<'a> EventList<'a> {
    fn open<T: Table<Value = EventsInBlock>>(
        now: &'a Snapshot<'_>,
        prefix: Vec<u8>,
        from: BlockNumber,
        to: BlockNumber,
    ) -> Result<Self, StorageError> {
        // Longer than the last key, so behind it.
        let end = [row_key(&prefix, to), vec![0]].concat();
        let mut rows = now.rows::<T>(between(&row_key(&prefix, from), &end))?;
        rows.seek_to_first();
        let mut list = Self { rows, prefix, table: T::NAME, decode: decode::<T>, block: None };
        list.block = list.read_block()?;
        Ok(list)
    }

    /// Goes on from a block before `to` to the first row of `to` or of a later block.
    fn skip_to(&mut self, to: BlockNumber) -> Result<(), StorageError> {
        if self.block.and_then(|block| block.next()) == Some(to) {
            // Looking for it would take longer.
            self.rows.next();
        } else {
            self.rows.seek(row_key(&self.prefix, to));
        }
        self.block = self.read_block()?;
        Ok(())
    }

    fn read_block(&self) -> Result<Option<BlockNumber>, StorageError> {
        let Some(key) = self.rows.key() else {
            return Ok(self.rows.status().map(|()| None)?);
        };
        match key.strip_prefix(self.prefix.as_slice()).and_then(BlockNumber::decode) {
            Some((block, [])) => Ok(Some(block)),
            _ => Err(StorageError::DamagedRow { table: self.table, reason: "its key holds no block".into() }),
        }
    }

    /// The events in the block that it is at.
    fn events(&self) -> Result<EventsInBlock, StorageError> {
        (self.decode)(self.rows.value().unwrap_or_default())
    }
}

fn row_key(prefix: &[u8], block: BlockNumber) -> Vec<u8> {
    [prefix, &block.encode()].concat()
}
