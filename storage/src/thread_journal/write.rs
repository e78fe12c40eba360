//! Writing.

use starknet_api::block::BlockNumber;

use super::batch::{Change, JournalBatch};
use super::overlay::{Overlay, put_rows};
use super::read::{finished, settled};
use super::recovery::Undo;
use super::{JournalPlace, JournalSubBlock, JournalTransaction, ThreadJournal};
use crate::StorageError;
use crate::db::Db;
use crate::db::rows::{JournalNext, Received};
use crate::db::tables::{
    JournalFinished, JournalNexts, JournalPlaces, JournalReceived, JournalSegments, JournalSeqs,
    JournalSettled, JournalSubBlocks,
};

impl ThreadJournal {
    /// Writes a batch, wholly and durably or not at all.
    ///
    /// # Errors
    /// [`StorageError::Unwritable`] if the disk does not take it: then the journal is as before, and the next write tries
    /// again. (If the process dies in between, the batch may be in the journal after all.) Otherwise, if the batch names a
    /// transaction that is not there, or the journal is damaged.
    pub fn write(&self, batch: &JournalBatch) -> Result<(), StorageError> {
        self.change(|rows, _| batch.changes.iter().try_for_each(|change| apply(rows, change)))
    }

    /// Forgets the transactions of which nothing has become known, and the sub-blocks settled, since block `block`.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn forget_settled_before(&self, block: BlockNumber) -> Result<(), StorageError> {
        self.change(|rows, db| {
            for seq in finished(db, BlockNumber::ZERO..block)? {
                forget(rows, seq)?;
            }
            settled(db, BlockNumber::ZERO..block)?.into_iter().try_for_each(|id| drop_sub_block(rows, id))
        })
    }

    fn change(
        &self,
        make: impl FnOnce(&mut Overlay<'_>, &Db) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut failed = self.writer.lock();
        self.recover(&mut failed)?;
        let db = self.db()?;
        let mut rows = Overlay::new(&db);
        make(&mut rows, &db)?;
        let (rows, before) = rows.finish()?;
        let mut batch = db.batch();
        put_rows(&mut batch, &rows)?;
        batch.commit().map_err(|error| {
            *failed = Some(Undo(before));
            self.unwritable(error.to_string())
        })
    }
}

fn apply(rows: &mut Overlay<'_>, change: &Change) -> Result<(), StorageError> {
    match change {
        Change::Transaction(transaction) => put_transaction(rows, transaction),
        Change::Place(seq, place) => put_place(rows, *seq, place),
        Change::SubBlock(sub_block) => put_sub_block(rows, sub_block),
        Change::DropSubBlock(id) => drop_sub_block(rows, *id),
        Change::Segment(id, bytes) => rows.put::<JournalSegments>(id, bytes),
        Change::DropSegment(id) => {
            rows.delete::<JournalSegments>(id);
            Ok(())
        }
    }
}

fn put_transaction(rows: &mut Overlay<'_>, transaction: &JournalTransaction) -> Result<(), StorageError> {
    let JournalTransaction { seq, hash, transaction, received_at, place } = transaction;
    let row = Received { hash: *hash, transaction: transaction.clone(), received_at: *received_at };
    rows.put::<JournalReceived>(seq, &row)?;
    rows.put::<JournalSeqs>(hash, seq)?;
    let next = rows.get::<JournalNexts>(&())?.unwrap_or_default();
    if *seq >= next.seq {
        rows.put::<JournalNexts>(&(), &JournalNext { seq: seq.saturating_add(1), ..next })?;
    }
    put_place(rows, *seq, place)
}

fn put_place(rows: &mut Overlay<'_>, seq: u64, place: &JournalPlace) -> Result<(), StorageError> {
    if rows.get::<JournalReceived>(&seq)?.is_none() {
        let reason = format!("the journal has no transaction {seq}");
        return Err(StorageError::Inconsistent { reason });
    }
    let before = rows.get::<JournalPlaces>(&seq)?.and_then(|place| place.finished_in());
    if let Some(block) = before {
        rows.delete::<JournalFinished>(&(block, seq));
    }
    if let Some(block) = place.finished_in() {
        rows.put::<JournalFinished>(&(block, seq), &())?;
    }
    rows.put::<JournalPlaces>(&seq, place)
}

fn forget(rows: &mut Overlay<'_>, seq: u64) -> Result<(), StorageError> {
    if let Some(Received { hash, .. }) = rows.get::<JournalReceived>(&seq)?
        && rows.get::<JournalSeqs>(&hash)? == Some(seq)
    {
        rows.delete::<JournalSeqs>(&hash);
    }
    if let Some(block) = rows.get::<JournalPlaces>(&seq)?.and_then(|place| place.finished_in()) {
        rows.delete::<JournalFinished>(&(block, seq));
    }
    rows.delete::<JournalPlaces>(&seq);
    rows.delete::<JournalReceived>(&seq);
    Ok(())
}

fn put_sub_block(rows: &mut Overlay<'_>, sub_block: &JournalSubBlock) -> Result<(), StorageError> {
    let id = sub_block.id;
    unindex(rows, id)?;
    if let Some(block) = sub_block.stage.settled_in() {
        rows.put::<JournalSettled>(&(block, id), &())?;
    }
    let next = rows.get::<JournalNexts>(&())?.unwrap_or_default();
    if id >= next.sub_block {
        rows.put::<JournalNexts>(&(), &JournalNext { sub_block: id.saturating_add(1), ..next })?;
    }
    rows.put::<JournalSubBlocks>(&id, sub_block)
}

fn drop_sub_block(rows: &mut Overlay<'_>, id: u64) -> Result<(), StorageError> {
    unindex(rows, id)?;
    rows.delete::<JournalSubBlocks>(&id);
    rows.delete::<JournalSegments>(&id);
    Ok(())
}

fn unindex(rows: &mut Overlay<'_>, id: u64) -> Result<(), StorageError> {
    let before = rows.get::<JournalSubBlocks>(&id)?.and_then(|sub_block| sub_block.stage.settled_in());
    if let Some(block) = before {
        rows.delete::<JournalSettled>(&(block, id));
    }
    Ok(())
}
