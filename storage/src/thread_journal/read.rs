//! Reading.

use std::ops::Range;

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;

use super::{JournalContents, JournalPlace, JournalSubBlock, JournalTransaction, ThreadJournal};
use crate::StorageError;
use crate::db::rows::{JournalNext, Received};
use crate::db::table::{Key, Table};
use crate::db::tables::{
    JournalFinished, JournalNexts, JournalPlaces, JournalReceived, JournalSegments, JournalSeqs,
    JournalSettled, JournalSubBlocks,
};
use crate::db::{Read, between, decode_key};

/// No block has this number.
const NO_BLOCK: BlockNumber = BlockNumber(u64::MAX);

impl ThreadJournal {
    /// Everything that is not finished: transactions of which it is not known what became of them, sub-blocks that are
    /// not settled.
    ///
    /// # Errors
    /// If the journal is damaged or closed.
    pub fn load(&self) -> Result<JournalContents, StorageError> {
        let db = self.db()?;
        let now = db.snapshot();
        let mut contents = contents(&now)?;
        now.each::<JournalPlaces>(|seq, place| {
            if place.finished_in().is_none() {
                contents.transactions.push(transaction(&now, seq, place)?);
            }
            Ok(())
        })?;
        now.each::<JournalSubBlocks>(|_, sub_block| {
            if sub_block.stage.settled_in().is_none() {
                contents.sub_blocks.push(sub_block);
            }
            Ok(())
        })?;
        Ok(contents)
    }

    /// The transactions that were finished, and the sub-blocks that were settled, in block `block` or later.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn settled_since(&self, block: BlockNumber) -> Result<JournalContents, StorageError> {
        let db = self.db()?;
        let now = db.snapshot();
        let mut contents = contents(&now)?;
        let mut seqs = finished(&now, block..NO_BLOCK)?;
        seqs.sort_unstable();
        for seq in seqs {
            contents.transactions.extend(transaction_at(&now, seq)?);
        }
        let mut ids = settled(&now, block..NO_BLOCK)?;
        ids.sort_unstable();
        for id in ids {
            contents.sub_blocks.extend(now.get::<JournalSubBlocks>(&id)?);
        }
        Ok(contents)
    }

    /// The transaction with this hash, the last one if it came again.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn find(&self, hash: TransactionHash) -> Result<Option<JournalTransaction>, StorageError> {
        let db = self.db()?;
        let now = db.snapshot();
        match now.get::<JournalSeqs>(&hash)? {
            Some(seq) => transaction_at(&now, seq),
            None => Ok(None),
        }
    }

    /// A sub-block.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn sub_block(&self, id: u64) -> Result<Option<JournalSubBlock>, StorageError> {
        self.db()?.get::<JournalSubBlocks>(&id)
    }

    /// A sub-block's proven segment.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn segment(&self, id: u64) -> Result<Option<Vec<u8>>, StorageError> {
        self.db()?.get::<JournalSegments>(&id)
    }
}

/// Empty, but for what comes next.
fn contents(now: &impl Read) -> Result<JournalContents, StorageError> {
    let JournalNext { seq, sub_block } = now.get::<JournalNexts>(&())?.unwrap_or_default();
    Ok(JournalContents { next_seq: seq, next_sub_block: sub_block, ..JournalContents::default() })
}

fn transaction_at(now: &impl Read, seq: u64) -> Result<Option<JournalTransaction>, StorageError> {
    let place = now.get::<JournalPlaces>(&seq)?;
    place.map(|place| transaction(now, seq, place)).transpose()
}

fn transaction(now: &impl Read, seq: u64, place: JournalPlace) -> Result<JournalTransaction, StorageError> {
    let Received { hash, transaction, received_at } = now.get::<JournalReceived>(&seq)?.ok_or_else(|| {
        StorageError::Inconsistent { reason: format!("the journal lacks transaction {seq}") }
    })?;
    Ok(JournalTransaction { seq, hash, transaction, received_at, place })
}

/// The transactions that were finished in these blocks.
pub(super) fn finished(now: &impl Read, blocks: Range<BlockNumber>) -> Result<Vec<u64>, StorageError> {
    indexed::<JournalFinished>(now, blocks)
}

/// The sub-blocks that were settled in these blocks.
pub(super) fn settled(now: &impl Read, blocks: Range<BlockNumber>) -> Result<Vec<u64>, StorageError> {
    indexed::<JournalSettled>(now, blocks)
}

fn indexed<T: Table<Key = (BlockNumber, u64)>>(
    now: &impl Read,
    blocks: Range<BlockNumber>,
) -> Result<Vec<u64>, StorageError> {
    let mut rows = now.rows::<T>(between(&blocks.start.encode(), &blocks.end.encode()))?;
    rows.seek_to_first();
    let mut found = Vec::new();
    while let Some(key) = rows.key() {
        found.push(decode_key::<T>(key)?.1);
        rows.next();
    }
    rows.status()?;
    Ok(found)
}
