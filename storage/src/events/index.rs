//! What a block adds to the index of events, and what goes with it.

use std::collections::BTreeMap;

use starknet_api::block::BlockNumber;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;

use crate::db::events_in_block::EventsInBlock;
use crate::db::tables::{EventsByContract, EventsByKey};
use crate::db::{Batch, Read, Snapshot};
use crate::{BlockTransaction, StorageError};

/// A block's rows, without the block in their keys.
#[derive(Default)]
struct BlockRows {
    by_contract: BTreeMap<ContractAddress, EventsInBlock>,
    by_key: BTreeMap<(u32, Felt), EventsInBlock>,
}

impl BlockRows {
    fn of(transactions: &[BlockTransaction]) -> Self {
        let mut rows = Self::default();
        for (transaction, BlockTransaction { receipt, .. }) in (0..).zip(transactions) {
            for (index, event) in (0..).zip(&receipt.events) {
                let place = (transaction, index);
                rows.by_contract.entry(event.from_address).or_default().0.push(place);
                for (position, key) in (0..).zip(&event.content.keys) {
                    rows.by_key.entry((position, key.0)).or_default().0.push(place);
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
    let rows = BlockRows::of(transactions);
    for (contract, events) in &rows.by_contract {
        batch.put::<EventsByContract>(&(*contract, block), events)?;
    }
    for ((position, key), events) in &rows.by_key {
        batch.put::<EventsByKey>(&(*position, *key, block), events)?;
    }
    Ok(())
}

/// How many rows the index should have of a block, and whether it has them.
pub(crate) fn look_up(
    read: &impl Read,
    block: BlockNumber,
    transactions: &[BlockTransaction],
) -> Result<(usize, bool), StorageError> {
    let rows = BlockRows::of(transactions);
    let mut has_all = true;
    for (contract, events) in &rows.by_contract {
        has_all &= read.get::<EventsByContract>(&(*contract, block))?.as_ref() == Some(events);
    }
    for ((position, key), events) in &rows.by_key {
        has_all &= read.get::<EventsByKey>(&(*position, *key, block))?.as_ref() == Some(events);
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
    let rows = BlockRows::of(transactions);
    for contract in rows.by_contract.keys() {
        batch.delete::<EventsByContract>(&(*contract, block))?;
    }
    for (position, key) in rows.by_key.keys() {
        batch.delete::<EventsByKey>(&(*position, *key, block))?;
    }
    Ok(())
}
