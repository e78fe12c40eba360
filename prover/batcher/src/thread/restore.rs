//! From the journal and the followed chain back to what the sequencer has in memory: when it starts, and after setbacks.
//!
//! Sub-blocks are executed again as they were: the same transactions in the same order, over the same base block and at the same
//! time, unless they are too old by now, or for what they read by now. If the result states what a stored proof proves, the proof
//! is kept. What blocks have by now is found there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use zkthreads_execution::Executor;
use zkthreads_protocol::{InnerTransaction, Package};
use zkthreads_rpc_api::{ChainEvent, ChainFeed};
use zkthreads_storage::{
    JournalBatch, JournalContents, JournalPlace, JournalStage, JournalSubBlock, JournalTransaction,
};
use zkthreads_sub_block::OpenSubBlock;

use super::SubBlockId;
use super::forwards::Forwards;
use super::heat::Heat;
use super::ledger::Ledger;
use super::model::{Open, Proof, Seed, Stage, SubBlock, Unsettled};
use super::outage::Outage;
use super::plan::Clock;
use super::replay::Replay;
use super::rules::{Rules, base_block, is_canonical};
use super::shared::Shared;
use super::waiting::WaitingRoom;
use super::work::{Turn, Work};
use super::{landed, wall_clock};

impl Work {
    /// What the journal holds, on top of the newest block.
    pub(super) fn restore(
        rules: &Rules,
        executor: &Executor,
        feed: &ChainFeed,
        shared: &Arc<Shared>,
    ) -> Result<Self, Outage> {
        let journal = &shared.journal;
        let contents = journal.load().map_err(Outage::journal)?;
        probe(shared, &contents)?;
        let JournalContents { transactions, mut sub_blocks, next_seq, next_sub_block } = contents;
        sub_blocks.sort_by_key(|row| (row.stage == JournalStage::Open, row.hot, row.position));
        let head = executor.latest_header()?;
        shared.set_head(&head);
        let ledger = Ledger::new(Arc::clone(journal), &transactions, &sub_blocks, next_seq);
        let below = executor.state_after(head.block_header_without_hash.block_number);
        let base = base_block(&head);
        let empty = OpenSubBlock::open(below, rules.context(base));
        let open = Open::new(Seed::new(SubBlockId(next_sub_block), 0), empty);
        let mut work = Self {
            rules: rules.clone(),
            executor: executor.clone(),
            feed: feed.clone(),
            shared: Arc::clone(shared),
            ledger,
            unsettled: Unsettled { fronts: Vec::new(), hots: Vec::new(), open },
            waiting: WaitingRoom::default(),
            forwards: Forwards::default(),
            heat: Heat::default(),
            was_hot: false,
            head,
            clock: Clock::new(base.timestamp, Instant::now()),
            next_id: next_sub_block + 1,
            next_lease: 0,
            turn: Turn { replayed: true, ..Turn::default() },
            shown: rpds::VectorSync::new_sync(),
        };
        let members = work.sort(transactions);
        work.restore_sub_blocks(sub_blocks, members)?;
        work.find_forwarded()?;
        work.look_after_waiting()?;
        work.end_turn()?;
        // Of blocks that came while there was no state.
        work.feed.publish(ChainEvent::Block(base.number, work.head.block_hash));
        Ok(work)
    }

    /// Puts aside what is in no sub-block; the rest by sub-block.
    fn sort(&mut self, transactions: Vec<JournalTransaction>) -> BTreeMap<u64, Vec<JournalTransaction>> {
        let mut members: BTreeMap<u64, Vec<(u32, JournalTransaction)>> = BTreeMap::new();
        for row in transactions {
            match row.place {
                JournalPlace::In { sub_block, index } => {
                    members.entry(sub_block).or_default().push((index, row))
                }
                JournalPlace::Forwarded => self.forwards.add(row.hash, row.transaction),
                _ => drop(self.waiting.add(row.hash, row.transaction, Instant::now())),
            }
        }
        let in_order = |mut rows: Vec<(u32, JournalTransaction)>| {
            rows.sort_by_key(|(index, _)| *index);
            rows.into_iter().map(|(_, row)| row).collect()
        };
        members.into_iter().map(|(id, rows)| (id, in_order(rows))).collect()
    }

    fn restore_sub_blocks(
        &mut self,
        rows: Vec<JournalSubBlock>,
        mut members: BTreeMap<u64, Vec<JournalTransaction>>,
    ) -> Result<(), Outage> {
        let returned = self.returned()?;
        let onto = self.onto();
        let head = onto.head;
        let (executor, storage) = (self.executor.clone(), self.executor.storage().clone());
        let (rules, shared) = (self.rules.clone(), Arc::clone(&self.shared));
        let mut replay = Replay::new(&rules, &storage, onto, &mut self.next_id);
        let (mut fronts, mut hots, mut open) = (Vec::new(), Vec::new(), None);
        replay.put_transactions(returned, &mut fronts)?;
        for row in rows {
            let inner = members.remove(&row.id).unwrap_or_default();
            let Some(first) = inner.first() else { continue };
            let mut stage = row.stage;
            if let JournalStage::Submitted { hash: thread, .. } = stage
                && let Some((block, _)) = landed::outcome(&storage, thread)?
            {
                if landed::has_settled(&storage, thread, first.hash)? {
                    for (index, transaction) in (0_u32..).zip(&inner) {
                        let place = JournalPlace::Settled { sub_block: row.id, index, block };
                        self.turn.places.push((transaction.hash, place));
                    }
                    self.turn.settled_rows.push((row, thread, block));
                    continue;
                }
                stage = JournalStage::Proven;
            }
            // What is on its way may settle until the chain has said that it does not.
            let is_sent = matches!(stage, JournalStage::Submitted { .. });
            let is_usable = is_canonical(&executor, row.base_block)?
                && (is_sent || !rules.is_stale(row.base_block, head, replay.base().timestamp));
            let base = if is_usable { row.base_block } else { replay.base() };
            let transactions = inner.into_iter().map(|row| row.transaction).collect();
            let (block, rest) = replay.restore(base, transactions)?;
            let hot_since = row.hot.then(Instant::now);
            let mut seed = Seed { attempt: row.attempts, position: row.position, hot_since, ..seed_of(&row) };
            // No front is on top of a hot one.
            let is_front = !row.hot && (stage != JournalStage::Open || hots.is_empty());
            let out = if is_front { &mut fronts } else { &mut hots };
            if stage == JournalStage::Open && rest.is_empty() {
                if !block.is_empty() {
                    open = Some(Open { seed, block, since: Some(Instant::now()) });
                }
            } else if !block.is_empty() {
                let segment = Self::stored_segment(&shared, &row)?;
                let had_proof = segment.is_some();
                let executed = SubBlock::close(seed.clone(), &block)?;
                match segment.filter(|proof| proof.segment.statement == executed.executed.statement) {
                    Some(proof) => out.push(SubBlock { stage: with_proof(stage, proof), ..executed }),
                    None => {
                        if had_proof {
                            seed = seed.again();
                        }
                        out.push(SubBlock { seed, ..executed });
                    }
                }
            }
            replay.put_transactions(rest, out)?;
        }
        let open = open.unwrap_or_else(|| replay.open());
        let changes = replay.into_changes();
        self.unsettled = Unsettled { fronts, hots, open };
        self.unsettled.number();
        self.absorb(changes);
        Ok(())
    }

    /// What is said to be settled in blocks that do not exist any more.
    fn returned(&mut self) -> Result<Vec<InnerTransaction>, Outage> {
        let (transactions, sub_blocks) = self.ledger.finished_after(self.base_block().number)?;
        self.turn.undone.extend(sub_blocks.iter().map(|row| row.id));
        let mut returned = Vec::new();
        for row in transactions {
            if !matches!(row.place, JournalPlace::Rejected { .. }) {
                self.ledger.bring_back(&row);
                returned.push(row.transaction);
            }
        }
        Ok(returned)
    }

    /// The proof of a sub-block that the journal has.
    fn stored_segment(shared: &Shared, row: &JournalSubBlock) -> Result<Option<Proof>, Outage> {
        if !matches!(row.stage, JournalStage::Proven | JournalStage::Submitted { .. }) {
            return Ok(None);
        }
        let Some(bytes) = shared.journal.segment(row.id).map_err(Outage::journal)? else {
            return Ok(None);
        };
        match Package::decode(&bytes) {
            Ok(package) => {
                let segment = package.segments.into_iter().next();
                Ok(segment.map(|segment| Proof {
                    segment: Arc::new(segment),
                    bytes: bytes.len(),
                    begun: None,
                    took: None,
                }))
            }
            Err(error) => {
                tracing::error!(sub_block = row.id, %error, "a stored proof is damaged, it is made again");
                Ok(None)
            }
        }
    }
}

/// Whether the journal can be written.
fn probe(shared: &Shared, contents: &JournalContents) -> Result<(), Outage> {
    let mut batch = JournalBatch::new();
    if let Some(row) = contents.transactions.first() {
        batch.put_place(row.seq, row.place.clone());
    }
    shared.journal.write(&batch).map_err(Outage::journal)
}

fn seed_of(row: &JournalSubBlock) -> Seed {
    Seed::new(SubBlockId(row.id), wall_clock::unix_millis() / 1_000)
}

fn with_proof(stage: JournalStage, proof: Proof) -> Stage {
    match stage {
        JournalStage::Submitted { hash, nonce } => Stage::Submitted { proof, hash, nonce },
        _ => Stage::Proven { proof, not_before: None },
    }
}
