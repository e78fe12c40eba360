//! A thread's journal holds what was written into it, whatever happens.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::core::{ChainId, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::BaseBlock;
use zkthreads_storage::{
    JournalBatch, JournalContents, JournalOwner, JournalPlace, JournalStage, JournalSubBlock,
    JournalTransaction, Storage, StorageError, ThreadJournal,
};

use crate::support::{address, inner_transaction};

pub(crate) fn owner() -> JournalOwner {
    JournalOwner { chain_id: ChainId::Sepolia, submitter: address(0x5b) }
}

pub(crate) fn open(path: &Path) -> Result<ThreadJournal, StorageError> {
    ThreadJournal::open(path, &owner())
}

fn hash(n: u64) -> TransactionHash {
    TransactionHash(Felt::from(n))
}

/// Transaction `seq`. Every eleventh has the hash of an earlier one: it came again.
pub(crate) fn transaction(seq: u64, place: JournalPlace) -> JournalTransaction {
    let named = if seq % 11 == 10 { seq - 5 } else { seq };
    JournalTransaction {
        seq,
        hash: hash(named),
        transaction: inner_transaction(named),
        received_at: 1_700_000_000_000 + seq,
        place,
    }
}

pub(crate) fn sub_block(id: u64, stage: JournalStage) -> JournalSubBlock {
    let base_block = BaseBlock {
        number: BlockNumber(id * 3),
        timestamp: BlockTimestamp(id + 1),
        sequencer: address(0x5e9),
    };
    JournalSubBlock {
        id,
        base_block,
        stage,
        attempts: id as u32,
        position: id + 1,
        hot: id.is_multiple_of(2),
    }
}

/// What a journal must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Model {
    transactions: BTreeMap<u64, JournalTransaction>,
    by_hash: BTreeMap<TransactionHash, u64>,
    sub_blocks: BTreeMap<u64, JournalSubBlock>,
    segments: BTreeMap<u64, Vec<u8>>,
    next_seq: u64,
    next_sub_block: u64,
}

impl Model {
    fn contents(
        &self,
        transaction: impl Fn(&JournalTransaction) -> bool,
        sub_block: impl Fn(&JournalSubBlock) -> bool,
    ) -> JournalContents {
        JournalContents {
            transactions: self.transactions.values().filter(|it| transaction(it)).cloned().collect(),
            sub_blocks: self.sub_blocks.values().filter(|it| sub_block(it)).cloned().collect(),
            next_seq: self.next_seq,
            next_sub_block: self.next_sub_block,
        }
    }

    /// Panics unless the journal holds exactly this.
    pub(crate) fn assert_is(&self, journal: &ThreadJournal) {
        let unsettled = self.contents(
            |transaction| transaction.place.finished_in().is_none(),
            |sub_block| sub_block.stage.settled_in().is_none(),
        );
        assert_eq!(journal.load().expect("readable"), unsettled);
        for since in (0..12).map(BlockNumber) {
            let settled = self.contents(
                |transaction| transaction.place.finished_in().is_some_and(|block| block >= since),
                |sub_block| sub_block.stage.settled_in().is_some_and(|block| block >= since),
            );
            assert_eq!(journal.settled_since(since).expect("readable"), settled);
        }
        for n in 0..=self.next_seq {
            let expected = self.by_hash.get(&hash(n)).map(|seq| &self.transactions[seq]);
            assert_eq!(journal.find(hash(n)).expect("readable").as_ref(), expected);
        }
        for id in 0..=self.next_sub_block {
            assert_eq!(journal.segment(id).expect("readable").as_ref(), self.segments.get(&id));
            assert_eq!(journal.sub_block(id).expect("readable").as_ref(), self.sub_blocks.get(&id));
        }
    }

    fn forget_before(&mut self, block: BlockNumber) {
        let is_old = |settled: Option<BlockNumber>| settled.is_some_and(|settled| settled < block);
        let old: Vec<_> =
            self.transactions.values().filter(|it| is_old(it.place.finished_in())).cloned().collect();
        for JournalTransaction { seq, hash, .. } in old {
            self.transactions.remove(&seq);
            if self.by_hash.get(&hash) == Some(&seq) {
                self.by_hash.remove(&hash);
            }
        }
        let old: Vec<_> =
            self.sub_blocks.values().filter(|it| is_old(it.stage.settled_in())).map(|it| it.id).collect();
        for id in old {
            self.sub_blocks.remove(&id);
            self.segments.remove(&id);
        }
    }

    /// Applies an operation here, and adds it to a batch.
    pub(crate) fn apply(&mut self, operation: &Operation, batch: &mut JournalBatch) {
        match operation {
            Operation::Transaction(place) => {
                let transaction = transaction(self.next_seq, place.clone());
                self.next_seq += 1;
                self.by_hash.insert(transaction.hash, transaction.seq);
                self.transactions.insert(transaction.seq, transaction.clone());
                batch.put_transaction(transaction);
            }
            Operation::Place(index, place) => {
                if let Some(transaction) = index.pick(&mut self.transactions) {
                    transaction.place = place.clone();
                    batch.put_place(transaction.seq, place.clone());
                }
            }
            Operation::SubBlock(stage) => {
                let sub_block = sub_block(self.next_sub_block, *stage);
                self.next_sub_block += 1;
                self.sub_blocks.insert(sub_block.id, sub_block.clone());
                batch.put_sub_block(sub_block);
            }
            Operation::Stage(index, stage) => {
                if let Some(sub_block) = index.pick(&mut self.sub_blocks) {
                    sub_block.stage = *stage;
                    sub_block.attempts += 1;
                    batch.put_sub_block(sub_block.clone());
                }
            }
            Operation::Segment(index, byte) => {
                if let Some(JournalSubBlock { id, .. }) = index.pick(&mut self.sub_blocks) {
                    let bytes = vec![*byte; 5_000];
                    self.segments.insert(*id, bytes.clone());
                    batch.put_segment(*id, bytes);
                }
            }
            Operation::DropSegment(index) => {
                if let Some(JournalSubBlock { id, .. }) = index.pick(&mut self.sub_blocks) {
                    self.segments.remove(id);
                    batch.drop_segment(*id);
                }
            }
            Operation::DropSubBlock(index) => {
                if let Some(JournalSubBlock { id, .. }) = index.pick(&mut self.sub_blocks).cloned() {
                    self.sub_blocks.remove(&id);
                    self.segments.remove(&id);
                    batch.drop_sub_block(id);
                }
            }
        }
    }
}

/// One of those that there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pick(pub(crate) usize);

impl Pick {
    fn pick<'a, V>(&self, from: &'a mut BTreeMap<u64, V>) -> Option<&'a mut V> {
        let index = self.0.checked_rem(from.len())?;
        from.values_mut().nth(index)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Transaction(JournalPlace),
    Place(Pick, JournalPlace),
    SubBlock(JournalStage),
    Stage(Pick, JournalStage),
    Segment(Pick, u8),
    DropSegment(Pick),
    DropSubBlock(Pick),
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Operation>),
    ForgetBefore(BlockNumber),
    Reopen,
}

fn pick() -> impl Strategy<Value = Pick> {
    any::<u16>().prop_map(|n| Pick(n.into()))
}

fn block() -> impl Strategy<Value = BlockNumber> {
    (0..10_u64).prop_map(BlockNumber)
}

fn place() -> impl Strategy<Value = JournalPlace> {
    prop_oneof![
        Just(JournalPlace::Waiting),
        Just(JournalPlace::Forwarded),
        (0..9_u64, 0..9_u32).prop_map(|(sub_block, index)| JournalPlace::In { sub_block, index }),
        (0..9_u64, 0..9_u32, block()).prop_map(|(sub_block, index, block)| JournalPlace::Settled {
            sub_block,
            index,
            block
        }),
        block().prop_map(|block| JournalPlace::OnChain { block }),
        (".{0,9}", block()).prop_map(|(reason, block)| JournalPlace::Rejected { reason, block }),
    ]
}

fn stage() -> impl Strategy<Value = JournalStage> {
    prop_oneof![
        Just(JournalStage::Open),
        Just(JournalStage::Closed),
        Just(JournalStage::Proven),
        (0..9_u64).prop_map(|n| JournalStage::Submitted { hash: hash(n), nonce: Nonce(Felt::from(n)) }),
        (0..9_u64, block()).prop_map(|(n, block)| JournalStage::Settled { hash: hash(n), block }),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => place().prop_map(Operation::Transaction),
        4 => (pick(), place()).prop_map(|(pick, place)| Operation::Place(pick, place)),
        2 => stage().prop_map(Operation::SubBlock),
        4 => (pick(), stage()).prop_map(|(pick, stage)| Operation::Stage(pick, stage)),
        2 => (pick(), any::<u8>()).prop_map(|(pick, byte)| Operation::Segment(pick, byte)),
        1 => pick().prop_map(Operation::DropSegment),
        1 => pick().prop_map(Operation::DropSubBlock),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(operation(), 0..9).prop_map(Step::Write),
        1 => block().prop_map(Step::ForgetBefore),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn it_holds_what_was_written(steps in prop::collection::vec(step(), 1..20)) {
        let directory = tempfile::tempdir()?;
        let mut journal = open(directory.path()).expect("opens");
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Write(operations) => {
                    let mut batch = JournalBatch::new();
                    operations.iter().for_each(|operation| model.apply(operation, &mut batch));
                    journal.write(&batch).expect("written");
                }
                Step::ForgetBefore(block) => {
                    model.forget_before(block);
                    journal.forget_settled_before(block).expect("written");
                }
                Step::Reopen => {
                    drop(journal);
                    journal = open(directory.path()).expect("opens");
                }
            }
            model.assert_is(&journal);
        }
        drop(journal);
        model.assert_is(&open(directory.path()).expect("opens"));
    }
}

#[test]
fn a_journal_has_one_owner() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let journal = open(directory.path())?;
    assert!(matches!(open(directory.path()), Err(StorageError::InUse { .. })));
    drop(journal);
    for other in [
        JournalOwner { chain_id: ChainId::Mainnet, ..owner() },
        JournalOwner { submitter: address(0x5c), ..owner() },
    ] {
        let refused = ThreadJournal::open(directory.path(), &other);
        let Err(StorageError::OtherOwner { asked, found }) = refused else {
            panic!("not refused: {refused:?}");
        };
        assert_eq!((*asked, *found), (other, owner()));
    }
    let by_name = JournalOwner { chain_id: ChainId::Other("SN_SEPOLIA".to_owned()), ..owner() };
    assert_eq!(ThreadJournal::open(directory.path(), &by_name)?.load()?, JournalContents::default());
    Ok(())
}

#[test]
fn a_chain_is_no_journal() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let (chain, journal) = (directory.path().join("chain"), directory.path().join("journal"));
    drop(Storage::open(&chain)?);
    drop(open(&journal)?);
    assert!(open(&chain).is_err());
    assert!(Storage::open(&journal).is_err());
    drop((Storage::open(&chain)?, open(&journal)?));
    Ok(())
}

/// A place of a transaction that is not there: nothing of the batch is written.
#[test]
fn a_batch_is_written_as_a_whole() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let journal = open(directory.path())?;
    let mut batch = JournalBatch::new();
    assert!(batch.is_empty());
    batch.put_transaction(transaction(0, JournalPlace::Waiting)).put_place(1, JournalPlace::Forwarded);
    let refused = journal.write(&batch);
    assert!(matches!(refused, Err(StorageError::Inconsistent { .. })), "{refused:?}");
    assert_eq!(journal.load()?, JournalContents::default());
    batch.put_transaction(transaction(1, JournalPlace::Waiting));
    assert!(journal.write(&batch).is_err(), "in this order");
    let mut batch = JournalBatch::new();
    batch.put_transaction(transaction(1, JournalPlace::Waiting)).put_place(1, JournalPlace::Forwarded);
    journal.write(&batch)?;
    let found = journal.find(hash(1))?.expect("it is there");
    assert_eq!(found, transaction(1, JournalPlace::Forwarded));
    Ok(())
}

/// Numbers are not given again when what had them is forgotten.
#[test]
fn numbers_only_rise() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let journal = open(directory.path())?;
    let block = BlockNumber(3);
    let mut batch = JournalBatch::new();
    batch.put_transaction(transaction(7, JournalPlace::OnChain { block }));
    batch.put_sub_block(sub_block(4, JournalStage::Settled { hash: hash(1), block }));
    journal.write(&batch)?;
    journal.forget_settled_before(BlockNumber(4))?;
    assert_eq!(journal.settled_since(BlockNumber(0))?.transactions, []);
    drop(journal);
    let journal = open(directory.path())?;
    let contents = journal.load()?;
    assert_eq!((contents.next_seq, contents.next_sub_block), (8, 5));
    Ok(())
}
