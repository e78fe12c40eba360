//! Changes to a journal that take effect together.

use super::model::{JournalPlace, JournalSubBlock, JournalTransaction};

/// Changes to a journal that take effect together, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalBatch {
    pub(super) changes: Vec<Change>,
}

/// A change to a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Transaction(Box<JournalTransaction>),
    Place(u64, JournalPlace),
    SubBlock(JournalSubBlock),
    DropSubBlock(u64),
    Segment(u64, Vec<u8>),
    DropSegment(u64),
}

impl JournalBatch {
    /// A batch without changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Writes an acknowledged transaction down.
    pub fn put_transaction(&mut self, transaction: JournalTransaction) -> &mut Self {
        self.push(Change::Transaction(Box::new(transaction)))
    }

    /// Says what became of transaction `seq`, which is in the journal or in this batch.
    pub fn put_place(&mut self, seq: u64, place: JournalPlace) -> &mut Self {
        self.push(Change::Place(seq, place))
    }

    /// Writes a sub-block down, in place of what was known of it.
    pub fn put_sub_block(&mut self, sub_block: JournalSubBlock) -> &mut Self {
        self.push(Change::SubBlock(sub_block))
    }

    /// Strikes a sub-block out, with its segment.
    pub fn drop_sub_block(&mut self, id: u64) -> &mut Self {
        self.push(Change::DropSubBlock(id))
    }

    /// Keeps a sub-block's proven segment: the bytes of a package that has this one alone.
    pub fn put_segment(&mut self, id: u64, bytes: Vec<u8>) -> &mut Self {
        self.push(Change::Segment(id, bytes))
    }

    /// Forgets a sub-block's proven segment.
    pub fn drop_segment(&mut self, id: u64) -> &mut Self {
        self.push(Change::DropSegment(id))
    }

    fn push(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }
}
