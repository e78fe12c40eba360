//! Keeps the journal in step with what the sequencer has in memory: writes what differs, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::core::ContractAddress;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;
use zkthreads_storage::{
    JournalBatch, JournalPlace, JournalStage, JournalSubBlock, JournalTransaction, ThreadJournal,
};

use super::outage::Outage;

/// Blocks for which it is remembered what became of transactions: deeper reorgs lose them.
pub(super) const REMEMBERED_BLOCKS: u64 = 1_024;

/// What the journal holds of what is not finished.
pub(super) struct Ledger {
    journal: Arc<ThreadJournal>,
    rows: HashMap<TransactionHash, Row>,
    sub_blocks: BTreeMap<u64, JournalSubBlock>,
    /// How many of the transactions each sender has.
    senders: HashMap<ContractAddress, usize>,
    /// What they take in packages.
    bytes: usize,
    next_seq: u64,
}

/// A transaction that is not finished.
#[derive(Debug, Clone)]
struct Row {
    seq: u64,
    sender: ContractAddress,
    /// What it takes in a package.
    bytes: usize,
    place: JournalPlace,
}

impl Row {
    fn new(seq: u64, transaction: &InnerTransaction, place: JournalPlace) -> Self {
        let sender = transaction.as_invoke().sender_address;
        Self { seq, sender, bytes: transaction.encoded_len(), place }
    }
}

/// What is to be written at once.
#[derive(Default)]
pub(super) struct Draft {
    batch: JournalBatch,
    rows: HashMap<TransactionHash, Row>,
    sub_blocks: BTreeMap<u64, Option<JournalSubBlock>>,
    new: u64,
}

impl Ledger {
    /// Of a journal that holds these.
    pub(super) fn new(
        journal: Arc<ThreadJournal>,
        transactions: &[JournalTransaction],
        sub_blocks: &[JournalSubBlock],
        next_seq: u64,
    ) -> Self {
        let mut ledger = Self {
            journal,
            rows: HashMap::new(),
            sub_blocks: sub_blocks.iter().map(|row| (row.id, row.clone())).collect(),
            senders: HashMap::new(),
            bytes: 0,
            next_seq,
        };
        for JournalTransaction { hash, seq, transaction, place, .. } in transactions {
            ledger.apply(*hash, Row::new(*seq, transaction, place.clone()));
        }
        ledger
    }

    /// Whether a transaction is here and not finished.
    pub(super) fn has(&self, hash: TransactionHash) -> bool {
        self.rows.contains_key(&hash)
    }

    /// How many transactions are not finished.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many bytes they take in packages.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many accounts sent them.
    pub(super) fn users(&self) -> usize {
        self.senders.len()
    }

    /// Adds an acknowledged transaction.
    pub(super) fn put_transaction(
        &self,
        draft: &mut Draft,
        hash: TransactionHash,
        transaction: InnerTransaction,
        received_at: u64,
        place: JournalPlace,
    ) {
        let seq = self.next_seq + draft.new;
        draft.new += 1;
        draft.rows.insert(hash, Row::new(seq, &transaction, place.clone()));
        draft.batch.put_transaction(JournalTransaction { seq, hash, transaction, received_at, place });
    }

    /// A transaction that is not finished is at this place now.
    pub(super) fn put_place(&self, draft: &mut Draft, hash: TransactionHash, place: JournalPlace) {
        let Some(row) = draft.rows.get(&hash).or_else(|| self.rows.get(&hash)) else { return };
        if row.place != place {
            let row = Row { place: place.clone(), ..row.clone() };
            draft.batch.put_place(row.seq, place);
            draft.rows.insert(hash, row);
        }
    }

    /// A transaction that was finished is not, after all: the block that has it was undone.
    pub(super) fn bring_back(&mut self, transaction: &JournalTransaction) {
        let JournalTransaction { hash, seq, transaction, place, .. } = transaction;
        self.apply_unfinished(*hash, Row::new(*seq, transaction, place.clone()));
    }

    /// A sub-block is as `row` says.
    pub(super) fn put_sub_block(&self, draft: &mut Draft, row: JournalSubBlock) {
        let known = self.sub_blocks.get(&row.id);
        if known == Some(&row) {
            return;
        }
        let had_proof = known.is_some_and(|known| has_proof(&known.stage));
        if had_proof && !has_proof(&row.stage) {
            draft.batch.drop_segment(row.id);
        }
        draft.batch.put_sub_block(row.clone());
        let unsettled = row.stage.settled_in().is_none().then(|| row.clone());
        draft.sub_blocks.insert(row.id, unsettled);
    }

    /// A sub-block is settled by this thread transaction.
    pub(super) fn settle(
        &self,
        draft: &mut Draft,
        row: JournalSubBlock,
        hash: TransactionHash,
        block: BlockNumber,
    ) {
        self.put_sub_block(draft, JournalSubBlock { stage: JournalStage::Settled { hash, block }, ..row });
    }

    /// Of the sub-blocks that are not settled, only these are left.
    pub(super) fn keep_sub_blocks(&self, draft: &mut Draft, rows: impl Iterator<Item = JournalSubBlock>) {
        let mut kept: BTreeSet<u64> = draft.sub_blocks.keys().copied().collect();
        for row in rows {
            kept.insert(row.id);
            self.put_sub_block(draft, row);
        }
        for id in self.sub_blocks.keys().filter(|id| !kept.contains(id)) {
            draft.batch.drop_sub_block(*id);
            draft.sub_blocks.insert(*id, None);
        }
    }

    /// A sub-block that is not settled any more is struck out.
    pub(super) fn drop_settled(draft: &mut Draft, id: u64) {
        draft.batch.drop_sub_block(id);
    }

    /// Keeps the bytes of a package of this segment alone.
    pub(super) fn put_segment(draft: &mut Draft, id: u64, bytes: Vec<u8>) {
        draft.batch.put_segment(id, bytes);
    }

    /// Writes a draft. It survives whatever happens after that.
    pub(super) fn write(&mut self, draft: Draft) -> Result<(), Outage> {
        if !draft.batch.is_empty() {
            self.journal.write(&draft.batch).map_err(Outage::journal)?;
        }
        self.next_seq += draft.new;
        for (hash, row) in draft.rows {
            self.apply(hash, row);
        }
        for (id, row) in draft.sub_blocks {
            match row {
                Some(row) => self.sub_blocks.insert(id, row),
                None => self.sub_blocks.remove(&id),
            };
        }
        Ok(())
    }

    /// Forgets what was finished long before `head`.
    pub(super) fn forget(&self, head: BlockNumber) -> Result<(), Outage> {
        match head.0.checked_sub(REMEMBERED_BLOCKS) {
            Some(block) => self.journal.forget_settled_before(BlockNumber(block)).map_err(Outage::journal),
            None => Ok(()),
        }
    }

    /// What was finished after block `number`.
    pub(super) fn finished_after(
        &self,
        number: BlockNumber,
    ) -> Result<(Vec<JournalTransaction>, Vec<JournalSubBlock>), Outage> {
        let contents = self.journal.settled_since(number.unchecked_next()).map_err(Outage::journal)?;
        Ok((contents.transactions, contents.sub_blocks))
    }

    fn apply(&mut self, hash: TransactionHash, row: Row) {
        if row.place.finished_in().is_none() {
            self.apply_unfinished(hash, row);
        } else if let Some(row) = self.rows.remove(&hash) {
            self.bytes -= row.bytes;
            if let Some(count) = self.senders.get_mut(&row.sender) {
                *count -= 1;
                if *count == 0 {
                    self.senders.remove(&row.sender);
                }
            }
        }
    }

    fn apply_unfinished(&mut self, hash: TransactionHash, row: Row) {
        let Row { sender, bytes, .. } = row;
        if self.rows.insert(hash, row).is_none() {
            *self.senders.entry(sender).or_default() += 1;
            self.bytes += bytes;
        }
    }
}

fn has_proof(stage: &JournalStage) -> bool {
    matches!(stage, JournalStage::Proven | JournalStage::Submitted { .. })
}
