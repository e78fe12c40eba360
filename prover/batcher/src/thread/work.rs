//! What the sequencer has in memory, and the one way in which it changes: in turns.
//!
//! A turn does something to the sub-blocks and notes it ([`Turn`]); then [`Work::end_turn`] writes all that has changed to
//! the journal, in one batch, and shows it to others after that. If the batch cannot be written, or the state not be
//! read, all of it is dropped, and the sequencer starts over from the journal ([`restore`](super::restore)).

use std::collections::BTreeSet;
use std::mem::{replace, take};
use std::sync::Arc;
use std::time::Instant;

use rpds::VectorSync;
use starknet_api::block::{BlockHeader, BlockNumber};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{BlockEnv, ChainState, ExecutedInBlock, Executor, PreConfirmed};
use zkthreads_protocol::{BaseBlock, InnerTransaction, Transaction};
use zkthreads_rpc_api::{ChainEvent, ChainFeed};
use zkthreads_storage::{JournalPlace, JournalSubBlock};
use zkthreads_sub_block::{Cell, ExecutedInner, LeftOut, LeftOutReason, OpenSubBlock};

use super::cells::Cells;
use super::forwards::Forwards;
use super::heat::Heat;
use super::ledger::{Draft, Ledger};
use super::model::{Open, Seed, SubBlock, Unsettled};
use super::outage::Outage;
use super::plan::{self, Clock, Schedule};
use super::replay::{Changes, Onto, Replay};
use super::rules::{Rules, base_block};
use super::shared::Shared;
use super::sub_block_report::Settled;
use super::waiting::WaitingRoom;
use super::wall_clock::unix_millis;
use super::{SubBlockId, sub_block_report};

/// What the sequencer has in memory.
pub(super) struct Work {
    pub(super) rules: Rules,
    pub(super) executor: Executor,
    pub(super) feed: ChainFeed,
    pub(super) shared: Arc<Shared>,
    pub(super) ledger: Ledger,
    pub(super) unsettled: Unsettled,
    pub(super) waiting: WaitingRoom,
    pub(super) forwards: Forwards,
    pub(super) heat: Heat,
    /// Whether the sub-block that was handed to a prover last is a hot one.
    pub(super) was_hot: bool,
    /// The newest block.
    pub(super) head: BlockHeader,
    /// The chain's time since then.
    pub(super) clock: Clock,
    pub(super) next_id: u64,
    pub(super) next_lease: u64,
    pub(super) turn: Turn,
    /// All unsettled transactions, as the pre-confirmed block has them.
    pub(super) shown: VectorSync<Arc<ExecutedInBlock>>,
}

/// What happened in a turn.
#[derive(Default)]
pub(super) struct Turn {
    /// Transactions that are acknowledged with it.
    pub(super) fresh: Vec<Fresh>,
    /// Where transactions are now; the last word counts.
    pub(super) places: Vec<(TransactionHash, JournalPlace)>,
    /// Transactions that were added to the open sub-block.
    pub(super) added: Vec<Arc<ExecutedInner>>,
    /// Sub-blocks that a thread transaction settled.
    pub(super) settled: Vec<Settled>,
    /// The same, of sub-blocks that were never executed here.
    pub(super) settled_rows: Vec<(JournalSubBlock, TransactionHash, BlockNumber)>,
    /// Bytes of proven segments.
    pub(super) segments: Vec<(SubBlockId, Vec<u8>)>,
    /// Settled sub-blocks that are not settled any more.
    pub(super) undone: Vec<u64>,
    /// Cells that do not hold what sub-blocks have read.
    pub(super) moved: BTreeSet<Cell>,
    /// Whether sub-blocks were put on another state: anything may be elsewhere then.
    pub(super) replayed: bool,
}

/// A transaction that was taken.
pub(super) struct Fresh {
    pub(super) hash: TransactionHash,
    pub(super) transaction: InnerTransaction,
    /// Milliseconds since 1970.
    pub(super) received_at: u64,
}

impl Turn {
    pub(super) fn is_fresh(&self, hash: TransactionHash) -> bool {
        self.fresh.iter().any(|fresh| fresh.hash == hash)
    }
}

impl Work {
    pub(super) fn base_block(&self) -> BaseBlock {
        base_block(&self.head)
    }

    /// Another block is the newest.
    pub(super) fn set_head(&mut self, head: BlockHeader) {
        self.shared.set_head(&head);
        self.clock = Clock::new(head.block_header_without_hash.timestamp, Instant::now());
        self.head = head;
    }

    /// When sub-blocks that are opened now settle.
    pub(super) fn schedule(&self, now: Instant) -> Schedule {
        let head = self.base_block();
        let rules = self.rules.limits(head);
        let figures = self.shared.figures.lock();
        let (all, sending) = (figures.forecasts.all(now), figures.forecasts.sending(now));
        Schedule {
            time: plan::time(rules, head.timestamp, self.clock.at(now), all),
            gap: plan::gap(rules, sending),
        }
    }

    /// Whether what is executed at `base` would be executed over a newer block now, or at a later time.
    pub(super) fn is_behind(&self, base: BaseBlock) -> bool {
        base.number < self.base_block().number || base.timestamp < self.schedule(Instant::now()).time
    }

    /// What a sub-block is executed at that is opened now, on all there is.
    pub(super) fn next_base(&self) -> BaseBlock {
        let timestamp = self.schedule(Instant::now()).after(self.unsettled.latest());
        BaseBlock { timestamp, ..self.base_block() }
    }

    /// Opens the sub-block anew if it is empty and would be executed at another time now.
    fn refresh_open(&mut self) {
        if !self.unsettled.open.block.is_empty() {
            return;
        }
        let base = self.next_base();
        if self.unsettled.open.block.context().base_block != base {
            let below = self.unsettled.state().clone();
            self.unsettled.open.block = OpenSubBlock::open(below, self.rules.context(base));
        }
    }

    /// Executes a transaction in the open sub-block, or in the next one if this has no room for it.
    ///
    /// If this is too old for it, all of it is executed again over the newest block, once a block at most. Were it completed,
    /// whoever writes in every block what one user reads would leave the thread with sub-blocks of a few transactions, and each
    /// of them takes a proof.
    pub(super) fn execute(
        &mut self,
        transaction: InnerTransaction,
    ) -> Result<Result<Arc<ExecutedInner>, LeftOut>, Outage> {
        self.refresh_open();
        loop {
            let open = &mut self.unsettled.open;
            match open.block.execute(transaction.clone()) {
                Ok(executed) => {
                    if open.since.is_none() {
                        let now = Instant::now();
                        open.since = Some(now);
                        open.seed.opened_at = unix_millis() / 1_000;
                        open.seed.planned_at = Some(now);
                    }
                    let index = u32::try_from(open.block.len() - 1).unwrap_or(u32::MAX);
                    let place = JournalPlace::In { sub_block: open.seed.id.0, index };
                    self.turn.places.push((executed.hash, place));
                    self.turn.added.push(Arc::clone(&executed));
                    if open.block.len() >= self.rules.max_transactions() {
                        self.complete()?;
                    }
                    return Ok(Ok(executed));
                }
                Err(left_out) => match left_out.reason {
                    LeftOutReason::StaleBase if self.is_open_behind() => {
                        self.replay(Vec::new(), |replay| replay.renewing_open(), false)?;
                    }
                    LeftOutReason::Full | LeftOutReason::StaleBase
                        if !self.unsettled.open.block.is_empty() =>
                    {
                        self.complete()?;
                    }
                    // Over the newest block, at a time that is not before any other's here.
                    LeftOutReason::StaleBase => return Err(Outage::too_old()),
                    _ => return Ok(Err(*left_out)),
                },
            }
        }
    }

    /// Whether the open sub-block is over an older block than the newest.
    fn is_open_behind(&self) -> bool {
        self.unsettled.open.block.context().base_block.number
            < self.head.block_header_without_hash.block_number
    }

    /// Completes the open sub-block, unless it is empty, and opens the next one.
    pub(super) fn complete(&mut self) -> Result<(), Outage> {
        if self.unsettled.open.block.is_empty() {
            return Ok(());
        }
        if !self.unsettled.hots.is_empty() || self.depends_on_hot() {
            return self.replay(Vec::new(), |replay| replay, true);
        }
        let open = self.open();
        let Open { seed, block, .. } = replace(&mut self.unsettled.open, open);
        self.unsettled.fronts.push(SubBlock::close(seed, &block)?);
        self.unsettled.number();
        Ok(())
    }

    /// Whether a transaction of the open sub-block reads what the chain keeps changing.
    fn depends_on_hot(&self) -> bool {
        let hot = self.heat.hot(Instant::now());
        !hot.is_empty() && Cells::of(self.unsettled.open.block.executed()).read_of(&hot).next().is_some()
    }

    /// Puts everything on the newest block: first `returned`, which were settled before, then all there is. With
    /// `complete`, the open sub-block is completed.
    pub(super) fn replay(
        &mut self,
        returned: Vec<InnerTransaction>,
        prepare: impl for<'a> FnOnce(Replay<'a>) -> Replay<'a>,
        complete: bool,
    ) -> Result<(), Outage> {
        let old = self.take_unsettled();
        let onto = self.onto();
        let storage = self.executor.storage();
        let replay = Replay::new(&self.rules, storage, onto, &mut self.next_id);
        let (unsettled, changes) = prepare(replay).run(returned, old, complete)?;
        self.unsettled = unsettled;
        self.turn.replayed = true;
        self.absorb(changes);
        Ok(())
    }

    /// What sub-blocks are put on now.
    pub(super) fn onto(&self) -> Onto {
        let now = Instant::now();
        Onto {
            head: self.base_block(),
            state: self.state_of_head(),
            schedule: self.schedule(now),
            hot: self.heat.hot(now),
            warm: self.heat.warm(now),
        }
    }

    /// Notes what became of transactions.
    pub(super) fn absorb(&mut self, changes: Changes) {
        let block = self.base_block().number;
        let Changes { on_chain, rejected, forwarded, displaced, moved, .. } = changes;
        self.turn.moved.extend(moved);
        let places = &mut self.turn.places;
        places.extend(on_chain.into_iter().map(|(hash, block)| (hash, JournalPlace::OnChain { block })));
        let rejected = rejected.into_iter();
        places.extend(rejected.map(|(hash, reason)| (hash, JournalPlace::Rejected { reason, block })));
        for (hash, transaction) in forwarded {
            self.forwards.add(hash, transaction);
            places.push((hash, JournalPlace::Forwarded));
        }
        for (hash, transaction) in displaced {
            places.push((hash, JournalPlace::Waiting));
            if let Some(replaced) = self.waiting.add(hash, transaction, Instant::now()) {
                let reason = "another transaction of the account has its nonce".to_owned();
                places.push((replaced.hash, JournalPlace::Rejected { reason, block }));
            }
        }
        let mut figures = self.shared.figures.lock();
        figures.totals.conflicts += changes.conflicts;
        figures.totals.stale += changes.stale;
        figures.totals.misses += changes.misses;
        figures.totals.void_proofs += changes.void_proofs;
        figures.totals.void_proving_ms += u64::try_from(changes.void_time.as_millis()).unwrap_or(u64::MAX);
    }

    /// Writes down what this turn has changed, and shows it.
    pub(super) fn end_turn(&mut self) -> Result<(), Outage> {
        let turn = take(&mut self.turn);
        let mut draft = Draft::default();
        for Fresh { hash, transaction, received_at } in &turn.fresh {
            let waiting = JournalPlace::Waiting;
            self.ledger.put_transaction(&mut draft, *hash, transaction.clone(), *received_at, waiting);
        }
        for (hash, place) in &turn.places {
            self.ledger.put_place(&mut draft, *hash, place.clone());
        }
        for settled in &turn.settled {
            let row = settled.sub_block.row(settled.hot);
            for (index, executed) in (0_u32..).zip(&settled.sub_block.inner) {
                let place = JournalPlace::Settled { sub_block: row.id, index, block: settled.block };
                self.ledger.put_place(&mut draft, executed.hash, place);
            }
            self.ledger.settle(&mut draft, row, settled.thread, settled.block);
        }
        for (row, thread, block) in &turn.settled_rows {
            self.ledger.settle(&mut draft, row.clone(), *thread, *block);
        }
        if turn.replayed {
            for (id, index, executed) in self.unsettled.transactions() {
                let place = JournalPlace::In { sub_block: id.0, index };
                self.ledger.put_place(&mut draft, executed.hash, place);
            }
        }
        for id in &turn.undone {
            Ledger::drop_settled(&mut draft, *id);
        }
        self.ledger.keep_sub_blocks(&mut draft, self.unsettled.rows());
        for (id, bytes) in &turn.segments {
            Ledger::put_segment(&mut draft, id.0, bytes.clone());
        }
        self.ledger.write(draft)?;
        self.count(&turn);
        self.show(turn)
    }

    /// Shows what is written down by now.
    fn show(&mut self, turn: Turn) -> Result<(), Outage> {
        let is_waiting_changed = turn.replayed
            || turn.places.iter().any(|(_, place)| !matches!(place, JournalPlace::In { .. }))
            || self.shared.waiting.read().len() != self.waiting.len();
        if is_waiting_changed {
            let waiting = self.waiting.iter().map(|waiter| (waiter.hash, waiter.transaction.clone()));
            *self.shared.waiting.write() = waiting.collect();
        }
        for Fresh { hash, transaction, .. } in turn.fresh {
            let sender = transaction.as_invoke().sender_address;
            let transaction = Arc::new(Transaction::Invoke(transaction.as_invoke().clone()));
            self.feed.publish(ChainEvent::Received { hash, sender, transaction });
        }
        let first = if turn.replayed {
            let now = self.all_in_block();
            let before = replace(&mut self.shown, now);
            self.show_block()?;
            self.show_changed(&before)?;
            None
        } else {
            let first = self.shown.len();
            for executed in &turn.added {
                self.shown.push_back_mut(Arc::clone(&executed.in_block));
            }
            if !turn.added.is_empty() {
                self.show_block()?;
            }
            Some(first)
        };
        let number = self.base_block().number.unchecked_next();
        for (offset, executed) in turn.added.iter().enumerate() {
            let index = match first {
                Some(first) => Some(first + offset),
                None => self.shown.iter().position(|shown| shown.transaction.hash == executed.hash),
            };
            if let Some(transaction) = index.and_then(|index| self.shown.get(index)) {
                let (transaction, index) = (Arc::clone(transaction), index.unwrap_or_default());
                self.feed.publish(ChainEvent::PreConfirmed { number, index, transaction });
            }
        }
        for (hash, place) in turn.places {
            if let JournalPlace::Rejected { reason, .. } = place {
                tracing::info!(hash = format_args!("{:#x}", hash.0), %reason, "transaction rejected");
                self.feed.publish(ChainEvent::Rejected { hash, reason });
            }
        }
        Ok(())
    }

    /// Tells again of transactions that had another result when they were told before.
    fn show_changed(&self, before: &VectorSync<Arc<ExecutedInBlock>>) -> Result<(), Outage> {
        let number = self.base_block().number.unchecked_next();
        let old: std::collections::HashMap<_, _> =
            before.iter().map(|executed| (executed.transaction.hash, executed)).collect();
        let mut changed = 0;
        for (index, executed) in self.shown.iter().enumerate() {
            let told = old.get(&executed.transaction.hash);
            if told.is_some_and(|told| told.transaction.receipt != executed.transaction.receipt) {
                let transaction = Arc::clone(executed);
                self.feed.publish(ChainEvent::PreConfirmed { number, index, transaction });
                changed += 1;
            }
        }
        self.shared.figures.lock().totals.receipts_changed += changed;
        Ok(())
    }

    /// Shows the pre-confirmed block as it is now.
    pub(super) fn show_block(&mut self) -> Result<(), Outage> {
        self.feed.set_pre_confirmed(Some(self.pre_confirmed()?));
        Ok(())
    }

    /// The newest block with all that is not settled on top, as the next transaction will see it.
    pub(super) fn pre_confirmed(&self) -> Result<PreConfirmed, Outage> {
        let (env, open) = (BlockEnv::of(&self.head)?, &self.unsettled.open.block);
        let (base, state) = (open.context().base_block, open.state().clone());
        Ok(PreConfirmed::of_thread(&self.head, env, base, self.shown.clone(), state)?)
    }

    pub(super) fn all_in_block(&self) -> VectorSync<Arc<ExecutedInBlock>> {
        self.unsettled.transactions().map(|(_, _, executed)| Arc::clone(&executed.in_block)).collect()
    }

    fn count(&self, turn: &Turn) {
        let now = Instant::now();
        let mut figures = self.shared.figures.lock();
        let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        figures.received(many(turn.fresh.len()), now);
        for (_, place) in &turn.places {
            match place {
                JournalPlace::OnChain { .. } => figures.totals.on_chain += 1,
                JournalPlace::Rejected { .. } => figures.totals.rejected += 1,
                JournalPlace::Forwarded => figures.totals.forwarded += 1,
                JournalPlace::Settled { .. } => figures.settled(1, now),
                JournalPlace::Waiting | JournalPlace::In { .. } => {}
            }
        }
        for settled in &turn.settled {
            let statement = &settled.sub_block.executed.statement;
            figures.settled(many(statement.inner_transactions.len()), now);
            figures.totals.reverted += many(statement.reverted_count());
            figures.settled_sub_block(sub_block_report::settled(settled));
        }
    }

    /// An open sub-block without transactions, on all there is.
    fn open(&mut self) -> Open {
        let below = self.unsettled.state().clone();
        let id = SubBlockId(self.next_id);
        self.next_id += 1;
        let seed = Seed::new(id, unix_millis() / 1_000);
        Open::new(seed, OpenSubBlock::open(below, self.rules.context(self.next_base())))
    }

    pub(super) fn state_of_head(&self) -> ChainState {
        self.executor.state_after(self.base_block().number)
    }

    /// Takes all sub-blocks; whoever does it puts others in their place.
    fn take_unsettled(&mut self) -> Unsettled {
        let block = OpenSubBlock::open(self.state_of_head(), self.rules.context(self.base_block()));
        let open = Open::new(Seed::new(SubBlockId(u64::MAX), 0), block);
        replace(&mut self.unsettled, Unsettled { fronts: Vec::new(), hots: Vec::new(), open })
    }

    pub(super) fn lease(&mut self) -> u64 {
        self.next_lease += 1;
        self.next_lease
    }
}
