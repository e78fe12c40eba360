//! What a block adds to the index of events, and what goes with it.

use std::collections::BTreeMap;

use starknet_api::block::BlockNumber;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;

use crate::db::events_in_block::EventsInBlock;
use crate::db::tables::{EventsByContract, EventsByKey};
use crate::db::{Batch, Read, Snapshot};
use crate::{BlockTransaction, StorageError};

/// A block's rows.
#[derive(Default)]
struct BlockRows {
    by_contract: BTreeMap<(ContractAddress, BlockNumber), EventsInBlock>,
    by_key: BTreeMap<(u32, Felt, BlockNumber), EventsInBlock>,
}

impl BlockRows {
    fn of(block: BlockNumber, transactions: &[BlockTransaction]) -> Self {
        let mut rows = Self::default();
        for (transaction, BlockTransaction { receipt, .. }) in (0..).zip(transactions) {
            for (index, event) in (0..).zip(&receipt.events) {
                let place = (transaction, index);
                rows.by_contract.entry((event.from_address, block)).or_default().0.push(place);
                for (position, key) in (0..).zip(&event.content.keys) {
                    rows.by_key.entry((position, key.0, block)).or_default().0.push(place);
                }
            }
        }
        rows
    }
}

/// Puts a block's events into the index.
pub(crate) fn put(
    batch: &mut Batch<'_>,
    block: BlockNumber,
    transactions: &[BlockTransaction],
) -> Result<(), StorageError> {
    let rows = BlockRows::of(block, transactions);
    rows.by_contract.iter().try_for_each(|(key, events)| batch.put::<EventsByContract>(key, events))?;
    rows.by_key.iter().try_for_each(|(key, events)| batch.put::<EventsByKey>(key, events))
}

/// How many rows the index should have of a block, and whether it has them.
pub(crate) fn look_up(
    read: &impl Read,
    block: BlockNumber,
    transactions: &[BlockTransaction],
) -> Result<(usize, bool), StorageError> {
    let rows = BlockRows::of(block, transactions);
    let mut has_all = true;
    for (key, events) in &rows.by_contract {
        has_all &= read.get::<EventsByContract>(key)?.as_ref() == Some(events);
    }
    for (key, events) in &rows.by_key {
        has_all &= read.get::<EventsByKey>(key)?.as_ref() == Some(events);
    }
    Ok((rows.by_contract.len() + rows.by_key.len(), has_all))
}

/// How many rows the index has.
pub(crate) fn count_rows(now: &Snapshot<'_>) -> Result<usize, StorageError> {
    let mut rows = 0;
    now.each::<EventsByContract>(|_, _| {
        rows += 1;
        Ok(())
    })?;
    now.each::<EventsByKey>(|_, _| {
        rows += 1;
        Ok(())
    })?;
    Ok(rows)
}

/// Takes a block's events out of the index: the very rows that [`put`] wrote for the same transactions.
pub(crate) fn remove(
    batch: &mut Batch<'_>,
    block: BlockNumber,
    transactions: &[BlockTransaction],
) -> Result<(), StorageError> {
    let rows = BlockRows::of(block, transactions);
    rows.by_contract.keys().try_for_each(|key| batch.delete::<EventsByContract>(key))?;
    rows.by_key.keys().try_for_each(|key| batch.delete::<EventsByKey>(key))
}
