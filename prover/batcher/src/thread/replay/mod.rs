//! Puts all unsettled sub-blocks on another state: after a new block, after a reorg, and when the open one is completed.
//!
//! They are looked at in order, each on what those before it make of the new state. One whose preconditions all hold, and
//! of whose cells none is newer than itself, is untouched: it keeps its proof. One that the chain moved under, or the time
//! has left behind, is executed again over the newest block: never over its old one, whose transactions could not have seen what
//! they read now. At its second conflict, the transactions that depend on the conflicting cells are put behind the others, into
//! **hot** sub-blocks of their own; and those of all later sub-blocks that depend on them with them. So the rest settles, however
//! often the chain writes to these cells. Once the chain has changed a cell twice, what reads it is parted from the others before
//! it is proven with them ([`Heat`](crate::thread::heat::Heat)). What has nothing to do with each other is in different hot
//! sub-blocks, as long as there are few; at a conflict, what has nothing to do with it is taken out. What conflicts too often, or
//! is hot for too long, goes the way of [`HotPolicy`](crate::thread::HotPolicy). That something came too late is no conflict.
//! Fronts that stay as they are overtake those that do not, if they have nothing to do with them.
//!
//! No front depends on a hot sub-block, so hot ones hold up nobody. The open one may: when it is completed, what depends
//! on a hot one is parted from it.

mod executing;
mod overtaking;
mod parting;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use starknet_api::block::{BlockNumber, BlockTimestamp};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::ChainState;
use zkthreads_execution::thread::{conflicts, stale_cells};
use zkthreads_protocol::{BaseBlock, Conflict, InnerTransaction, SettleError, StaleCell, Statement};
use zkthreads_rpc_api::thread::MetConflict;
use zkthreads_storage::Storage;
use zkthreads_sub_block::{Cell, ExecutedInner, OpenSubBlock};

use crate::thread::SubBlockId;
use crate::thread::cells::Cells;
use crate::thread::model::{Open, Seed, SubBlock, Unsettled};
use crate::thread::outage::Outage;
use crate::thread::plan::Schedule;
use crate::thread::rules::Rules;
use crate::thread::taint::Taint;
use crate::thread::wall_clock::unix_millis;
use executing::Plan;
use parting::Parted;

/// What became of transactions.
#[derive(Debug, Default)]
pub(in crate::thread) struct Changes {
    /// A block has them.
    pub(in crate::thread) on_chain: Vec<(TransactionHash, BlockNumber)>,
    /// They cannot be executed any more, and why.
    pub(in crate::thread) rejected: Vec<(TransactionHash, String)>,
    /// The chain shall have them as they are.
    pub(in crate::thread) forwarded: Vec<(TransactionHash, InnerTransaction)>,
    /// They wait for those before them.
    pub(in crate::thread) displaced: Vec<(TransactionHash, InnerTransaction)>,
    /// Conflicts met.
    pub(in crate::thread) conflicts: u64,
    /// Sub-blocks with a cell that is newer than they are, though it holds what it held.
    pub(in crate::thread) stale: u64,
    /// Sub-blocks whose time, or base block, is too old.
    pub(in crate::thread) misses: u64,
    /// Cells that do not hold what they have read.
    pub(in crate::thread) moved: BTreeSet<Cell>,
    /// Proofs, finished or begun, of sub-blocks that were executed again.
    pub(in crate::thread) void_proofs: u64,
    /// How long provers worked on these.
    pub(in crate::thread) void_time: Duration,
}

/// What sub-blocks are put on.
pub(in crate::thread) struct Onto {
    /// The newest block.
    pub(in crate::thread) head: BaseBlock,
    /// The state after it.
    pub(in crate::thread) state: ChainState,
    /// The time for sub-blocks that are executed again.
    pub(in crate::thread) schedule: Schedule,
    /// The cells that the chain keeps changing, with when it did so last.
    pub(in crate::thread) hot: BTreeMap<Cell, Instant>,
    /// Those that are hot if it changes them once more.
    pub(in crate::thread) warm: BTreeMap<Cell, Instant>,
}

/// Where sub-blocks are put.
pub(in crate::thread) struct Replay<'a> {
    rules: &'a Rules,
    storage: &'a Storage,
    /// What sub-blocks that are executed again are based on.
    head: BaseBlock,
    schedule: Schedule,
    hot: BTreeMap<Cell, Instant>,
    warm: BTreeMap<Cell, Instant>,
    next_id: &'a mut u64,
    /// The state after what was put there so far.
    below: ChainState,
    /// The latest time that what was put there so far has seen.
    latest: Option<BlockTimestamp>,
    /// A sub-block to make two of.
    halved: Option<(SubBlockId, u32)>,
    /// A sub-block to execute again, whose time cannot be met.
    renewed: Option<(SubBlockId, u32)>,
    /// Whether the open sub-block is to be executed again.
    is_open_renewed: bool,
    /// The blocks after this one were undone.
    gone_after: Option<BlockNumber>,
    taint: Taint,
    /// What depends on the taint, in order.
    parted: Vec<Parted>,
    /// The conflicts that began it.
    parted_for: Vec<Conflict>,
    changes: Changes,
}

impl<'a> Replay<'a> {
    pub(in crate::thread) fn new(
        rules: &'a Rules,
        storage: &'a Storage,
        onto: Onto,
        next_id: &'a mut u64,
    ) -> Self {
        let Onto { head, state, schedule, hot, warm } = onto;
        Self {
            rules,
            storage,
            head,
            schedule,
            hot,
            warm,
            next_id,
            below: state,
            latest: None,
            halved: None,
            renewed: None,
            is_open_renewed: false,
            gone_after: None,
            taint: Taint::default(),
            parted: Vec::new(),
            parted_for: Vec::new(),
            changes: Changes::default(),
        }
    }

    /// The blocks after `number` were undone: what is based on them is executed again.
    pub(in crate::thread) fn after_reorg(mut self, number: BlockNumber) -> Self {
        self.gone_after = Some(number);
        self
    }

    /// Makes two sub-blocks of this one. Both together do what the one did.
    pub(in crate::thread) fn halving(mut self, name: (SubBlockId, u32)) -> Self {
        self.halved = Some(name);
        self
    }

    /// Executes this sub-block again, at a time that it can meet.
    pub(in crate::thread) fn renewing(mut self, name: (SubBlockId, u32)) -> Self {
        self.renewed = Some(name);
        self
    }

    /// Executes the open sub-block again.
    pub(in crate::thread) fn renewing_open(mut self) -> Self {
        self.is_open_renewed = true;
        self
    }

    /// Puts `returned` there, which are in no sub-block, and `old` on top. If `complete` is set, the open sub-block is
    /// completed and another one opened.
    pub(in crate::thread) fn run(
        mut self,
        returned: Vec<InnerTransaction>,
        old: Unsettled,
        complete: bool,
    ) -> Result<(Unsettled, Changes), Outage> {
        let Unsettled { fronts: old_fronts, hots: old_hots, mut open } = old;
        let (mut fronts, mut hots) = (Vec::new(), Vec::new());
        self.put_transactions(returned, &mut fronts)?;
        self.put_fronts(old_fronts, &mut fronts)?;
        let mut late = Vec::new();
        if complete && !open.block.is_empty() {
            let sub_block = SubBlock::close(open.seed, &open.block)?;
            late = self.put_independent(sub_block, &old_hots, &mut fronts)?;
            open = self.open();
        }
        for sub_block in old_hots {
            self.put(sub_block, true, &mut hots)?;
        }
        self.part(late, 0, None);
        self.put_parted(&mut hots)?;
        let open = self.put_open(open, &mut fronts, &mut hots)?;
        let mut new = Unsettled { fronts, hots, open };
        new.number();
        Ok((new, self.changes))
    }

    /// An open sub-block without transactions, on what is there so far.
    pub(in crate::thread) fn open(&mut self) -> Open {
        let block = OpenSubBlock::open(self.below.clone(), self.rules.context(self.base()));
        Open::new(self.seed(), block)
    }

    /// What sub-blocks are executed at that are executed now: over the newest block, and at no earlier time than those before
    /// them, whose writes they may read.
    pub(in crate::thread) fn base(&self) -> BaseBlock {
        BaseBlock { timestamp: self.schedule.after(self.latest), ..self.head }
    }

    /// What became of the transactions.
    pub(in crate::thread) fn into_changes(self) -> Changes {
        self.changes
    }

    /// Completes a sub-block without what depends on hot ones, or on hot cells, which is returned.
    fn put_independent(
        &mut self,
        sub_block: SubBlock,
        hots: &[SubBlock],
        out: &mut Vec<SubBlock>,
    ) -> Result<Vec<Arc<ExecutedInner>>, Outage> {
        let mut taint = self.taint.clone();
        taint.extend(self.hot.keys().copied());
        taint.extend_with_writes(hots.iter().flat_map(|hot| &hot.inner));
        let (kept, dependent) = taint.part(sub_block.inner.clone());
        self.put_part(sub_block, kept, !dependent.is_empty(), false, out)?;
        Ok(dependent)
    }

    /// Puts a complete sub-block there, without what depends on tainted cells.
    fn put(&mut self, sub_block: SubBlock, hot: bool, out: &mut Vec<SubBlock>) -> Result<(), Outage> {
        let (kept, tainted) = self.taint.part(sub_block.inner.clone());
        let is_part = !tainted.is_empty();
        // What is hot and tainted is in conflict: otherwise fresh conflicts would keep it from ever being given up.
        let conflicts = sub_block.seed.conflicts + u32::from(hot);
        let since = sub_block.seed.hot_since;
        let cause = self.parted_for.clone();
        if !(hot && self.is_hopeless(conflicts, since) && self.give_up(&tainted, &cause)) {
            self.part(tainted, conflicts, since);
        }
        self.put_part(sub_block, kept, is_part, hot, out)
    }

    /// Whether a complete sub-block may be put there as it is.
    fn stays(&self, sub_block: &SubBlock) -> Result<bool, Outage> {
        let statement = &sub_block.executed.statement;
        Ok(self.halved != Some(sub_block.name())
            && !self.is_outdated(sub_block)
            && conflicts(&self.below, statement)?.is_empty()
            && stale_cells(&self.below, statement)?.is_empty())
    }

    /// Puts a complete sub-block there as it is.
    fn keep(&mut self, sub_block: SubBlock, out: &mut Vec<SubBlock>) {
        self.below = self.below.with(&sub_block.executed.statement);
        self.latest = self.latest.max(Some(sub_block.base_block().timestamp));
        out.push(sub_block);
    }

    /// Puts there what is left of a sub-block: as it is, if all of it is left and its preconditions hold.
    fn put_part(
        &mut self,
        mut sub_block: SubBlock,
        mut kept: Vec<Arc<ExecutedInner>>,
        is_part: bool,
        hot: bool,
        out: &mut Vec<SubBlock>,
    ) -> Result<(), Outage> {
        if self.halved == Some(sub_block.name()) {
            self.note_void(&sub_block);
            let second = kept.split_off(kept.len() / 2);
            let seed = Seed { hot_since: sub_block.seed.hot_since, ..self.seed() };
            self.execute(sub_block.seed, Plan::anew(transactions(kept)), hot, out)?;
            return self.execute_as(seed, Plan::anew(transactions(second)), hot, out);
        }
        let statement = &sub_block.executed.statement;
        let cause = self.conflicts(statement, &kept)?;
        let stale = stale_cells(&self.below, statement)?;
        let is_outdated = self.is_outdated(&sub_block);
        let base_block = sub_block.base_block();
        if !is_part && cause.is_empty() && stale.is_empty() && !is_outdated {
            self.keep(sub_block, out);
            return Ok(());
        }
        self.note_void(&sub_block);
        if cause.is_empty() {
            self.note_age(&sub_block.seed, base_block, sub_block.is_late, &read_by(&kept, &stale));
        } else {
            self.note(&mut sub_block.seed, &cause);
            let seed = &mut sub_block.seed;
            kept = if hot { self.cut(seed, kept, &cause) } else { self.part_from(seed, kept, &cause) };
        }
        let plan = plan(is_outdated, base_block, kept, cause, &stale);
        self.execute(sub_block.seed, plan, hot, out)
    }

    /// Puts the open sub-block there.
    fn put_open(
        &mut self,
        mut open: Open,
        fronts: &mut Vec<SubBlock>,
        hots: &mut Vec<SubBlock>,
    ) -> Result<Open, Outage> {
        let (mut kept, tainted) = self.taint.part(open.block.executed().to_vec());
        let is_part = !tainted.is_empty();
        self.part(tainted, open.seed.conflicts, None);
        self.put_parted(hots)?;
        if kept.is_empty() {
            return Ok(self.open());
        }
        let base_block = open.block.context().base_block;
        // On a state that is gone, the open one cannot even be completed.
        let mut is_outdated = self.gone_after.is_some() || self.is_open_renewed || self.is_stale(base_block);
        let (mut cause, mut stale) = (Vec::new(), Vec::new());
        if self.gone_after.is_none() {
            let statement = open.block.close()?.statement;
            cause = self.conflicts(&statement, &kept)?;
            stale = stale_cells(&self.below, &statement)?;
            if !is_part && cause.is_empty() && stale.is_empty() && !is_outdated {
                open.block.rebase(self.below.clone());
                return Ok(open);
            }
            if cause.is_empty() {
                self.note_age(&open.seed, base_block, false, &read_by(&kept, &stale));
            } else {
                self.note(&mut open.seed, &cause);
                kept = self.part_from(&mut open.seed, kept, &cause);
                let before = hots.len();
                self.put_parted(hots)?;
                // Executed again, what is below it now may have done something else.
                let cells = Cells::of(&kept);
                is_outdated |= hots.iter().skip(before).any(|hot| !hot.cells.are_apart_from(&cells));
            }
        }
        let plan = plan(is_outdated, base_block, kept, cause, &stale);
        self.execute_open(open, plan, if hots.is_empty() { fronts } else { hots })
    }

    /// The preconditions of a sub-block that do not hold, as far as `kept` of its transactions are concerned.
    fn conflicts(&self, statement: &Statement, kept: &[Arc<ExecutedInner>]) -> Result<Vec<Conflict>, Outage> {
        let mut conflicts = conflicts(&self.below, statement)?;
        conflicts.retain(|conflict| is_read_by(kept, Cell::from(conflict)));
        Ok(conflicts)
    }

    fn note(&mut self, seed: &mut Seed, cause: &[Conflict]) {
        let number = self.head.number;
        tracing::info!(sub_block = %seed.id, block = number.0, conflicts = cause.len(), first = ?cause.first(), "conflict");
        self.changes.conflicts += 1;
        self.changes.moved.extend(cause.iter().map(Cell::from));
        seed.met(cause.iter().map(|conflict| MetConflict::new(conflict, number)));
    }

    /// Notes that the proof of a sub-block is void, if it was begun.
    fn note_void(&mut self, sub_block: &SubBlock) {
        if let Some(time) = sub_block.stage.proving_time() {
            self.changes.void_proofs += 1;
            self.changes.void_time += time;
        }
    }

    /// Notes that a sub-block without conflicts is too old, or that cells are newer than it.
    fn note_age(&mut self, seed: &Seed, base_block: BaseBlock, is_late: bool, stale: &[StaleCell]) {
        if let Some(first) = stale.first() {
            tracing::info!(sub_block = %seed.id, cells = stale.len(), ?first, "a cell is newer");
            self.changes.stale += 1;
        } else if is_late || (!self.is_gone(base_block) && self.is_stale(base_block)) {
            self.changes.misses += 1;
        }
    }

    /// Whether what was executed at `base_block` is too old, or much too early, where it would be put now.
    fn is_stale(&self, base_block: BaseBlock) -> bool {
        self.rules.is_stale(base_block, self.head, self.base().timestamp)
    }

    fn is_gone(&self, base_block: BaseBlock) -> bool {
        self.gone_after.is_some_and(|number| base_block.number > number)
    }

    /// Whether a sub-block that is not on its way should be executed over a newer block.
    fn is_outdated(&self, sub_block: &SubBlock) -> bool {
        let base_block = sub_block.base_block();
        sub_block.is_refused
            || sub_block.is_late
            || self.renewed == Some(sub_block.name())
            || self.is_gone(base_block)
            || (sub_block.stage.submitted().is_none() && self.is_stale(base_block))
    }

    fn seed(&mut self) -> Seed {
        let id = SubBlockId(*self.next_id);
        *self.next_id += 1;
        Seed::new(id, unix_millis() / 1_000).planned()
    }
}

/// How to put transactions there that were in a sub-block over `base_block`. What reads none of the cells that hold something
/// else now, or are newer, keeps that; everything else is executed over the newest block.
fn plan(
    is_outdated: bool,
    base_block: BaseBlock,
    kept: Vec<Arc<ExecutedInner>>,
    cause: Vec<Conflict>,
    stale: &[StaleCell],
) -> Plan {
    let has_moved = cause.iter().any(|conflict| is_read_by(&kept, Cell::from(conflict)));
    if is_outdated || has_moved || !read_by(&kept, stale).is_empty() {
        Plan::anew_for(cause, kept)
    } else {
        Plan::keep(base_block, kept)
    }
}

/// Those of the cells that one of the transactions reads.
fn read_by(inner: &[Arc<ExecutedInner>], stale: &[StaleCell]) -> Vec<StaleCell> {
    let is_read = |stale: &&StaleCell| is_read_by(inner, Cell { contract: stale.contract, cell: stale.cell });
    stale.iter().filter(is_read).copied().collect()
}

fn is_read_by(inner: &[Arc<ExecutedInner>], cell: Cell) -> bool {
    inner.iter().any(|executed| executed.accesses.reads.contains(&cell))
}

fn transactions(inner: Vec<Arc<ExecutedInner>>) -> Vec<InnerTransaction> {
    inner.into_iter().map(|executed| executed.transaction.clone()).collect()
}

fn told(cause: &[Conflict]) -> String {
    SettleError::Conflicts(cause.to_vec()).to_string()
}
