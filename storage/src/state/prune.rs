//! Forgetting old states. Blocks, receipts, traces and diffs stay.

use starknet_api::block::BlockNumber;
use starknet_api::state::ThinStateDiff;

use super::tries::TrieTable;
use crate::StorageError;
use crate::db::keys::Backwards;
use crate::db::table::{Key, Table};
use crate::db::tables::{
    CellHistory, ClassHashHistory, ClassTrie, ContractTrie, NonceHistory, Oldest, StateDiffs, StorageTries,
    Undos,
};
use crate::db::{Batch, Db, Read, in_prefix};

/// Prepares the batch after which the oldest state is that after block `number`, where it was the one before.
///
/// The work is in proportion to what the block changed: its undo row names the nodes' history rows that only older
/// states need, and each cell that it set has at most one older row.
pub(crate) fn forget_before(db: &Db, number: BlockNumber) -> Result<Batch<'_>, StorageError> {
    let mut batch = db.batch();
    batch.put::<Oldest>(&(), &number)?;
    let block = u32::try_from(number.0).map_err(|_| StorageError::NoSuchBlock { number })?;
    let diff = db.get::<StateDiffs>(&number)?.ok_or(StorageError::NoSuchBlock { number })?;
    drop_overwritten(db, &mut batch, block, &diff)?;
    let Some(undo) = db.get::<Undos>(&number)? else {
        return Ok(batch);
    };
    drop_nodes::<ContractTrie>(&mut batch, block, undo.contract_nodes)?;
    drop_nodes::<ClassTrie>(&mut batch, block, undo.class_nodes)?;
    for (contract, places) in undo.storage_nodes {
        drop_nodes::<StorageTries>(&mut batch, block, places.into_iter().map(|at| (contract, at)))?;
    }
    batch.delete::<Undos>(&number)?;
    Ok(batch)
}

/// What the block's diff took the place of.
fn drop_overwritten(
    db: &Db,
    batch: &mut Batch<'_>,
    block: u32,
    diff: &ThinStateDiff,
) -> Result<(), StorageError> {
    let set_at = Backwards(block);
    let cells =
        diff.storage_diffs.iter().flat_map(|(contract, cells)| cells.keys().map(|key| (*contract, *key)));
    drop_older::<CellHistory>(db, batch, cells.map(|(contract, key)| (contract, key, set_at)))?;
    drop_older::<NonceHistory>(db, batch, diff.nonces.keys().map(|contract| (*contract, set_at)))?;
    drop_older::<ClassHashHistory>(
        db,
        batch,
        diff.deployed_contracts.keys().map(|contract| (*contract, set_at)),
    )
}

/// Removes the row behind each of `keys` with the same prefix. There is at most one: what was older went when the one
/// behind came. So the rows deleted long ago, of which there may be many, are not walked over.
fn drop_older<H: Table>(
    db: &Db,
    batch: &mut Batch<'_>,
    keys: impl Iterator<Item = H::Key>,
) -> Result<(), StorageError> {
    let mut rows = db.rows::<H>(in_prefix())?;
    for key in keys {
        let key = key.encode();
        let prefix = key.len().saturating_sub(size_of::<u32>());
        rows.seek(&key);
        if rows.key() == Some(&key) {
            rows.next();
        }
        if let Some(older) = rows.key().filter(|older| older.get(..prefix) == key.get(..prefix)) {
            batch.delete_encoded::<H>(older)?;
        }
        rows.status()?;
    }
    Ok(())
}

fn drop_nodes<T: TrieTable>(
    batch: &mut Batch<'_>,
    block: u32,
    keys: impl IntoIterator<Item = T::Key>,
) -> Result<(), StorageError> {
    keys.into_iter().try_for_each(|key| batch.delete::<T::History>(&(key, block)))
}
