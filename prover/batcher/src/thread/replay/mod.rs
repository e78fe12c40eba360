//! Puts all unsettled sub-blocks on another state: after a new block, after a reorg, and when the open one is completed.
//!
//! They are looked at in order, each on what those before it make of the new state. One whose preconditions all hold is
//! untouched: it keeps its proof. One that the chain moved under is executed again: those of its transactions that depend
//! on what has changed, or all of them over the newest block, if its base block is gone or too old. At its second
//! conflict, the transactions that depend on the conflicting cells are put behind the others, into **hot** sub-blocks of
//! their own; and those of all later sub-blocks that depend on them with them. So the rest settles, however often the
//! chain writes to these cells. A hot sub-block that conflicts too often goes the way of [`HotPolicy`].
//!
//! No front depends on a hot sub-block, so hot ones hold up nobody. The open one may: when it is completed, what depends
//! on a hot one is parted from it.

mod executing;
mod parting;

use std::sync::Arc;

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::ChainState;
use zkthreads_execution::sub_block::{Cell, ExecutedInner, OpenSubBlock, conflicts};
use zkthreads_protocol::{BaseBlock, Conflict, InnerTransaction, SettleError, Statement};
use zkthreads_rpc::thread::MetConflict;
use zkthreads_storage::Storage;

use crate::thread::SubBlockId;
use crate::thread::model::{Open, Seed, SubBlock, Unsettled};
use crate::thread::rules::Rules;
use crate::thread::setback::Setback;
use crate::thread::taint::Taint;
use executing::Plan;

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
}

/// Where sub-blocks are put.
pub(in crate::thread) struct Replay<'a> {
    rules: &'a Rules,
    storage: &'a Storage,
    /// What sub-blocks that are executed again are based on.
    head: BaseBlock,
    /// When it is, seconds since 1970.
    now: u64,
    next_id: &'a mut u64,
    /// The state after what was put there so far.
    below: ChainState,
    /// A sub-block to make two of.
    halved: Option<(SubBlockId, u32)>,
    /// The blocks after this one were undone.
    gone_after: Option<BlockNumber>,
    taint: Taint,
    /// What depends on the taint, in order.
    parted: Vec<InnerTransaction>,
    /// Conflicts of the sub-blocks that it was parted from.
    parted_conflicts: u32,
    /// The conflicts that began it.
    parted_for: Vec<Conflict>,
    changes: Changes,
}

impl<'a> Replay<'a> {
    /// Onto `below`, the state after block `head`.
    pub(in crate::thread) fn new(
        rules: &'a Rules,
        storage: &'a Storage,
        (head, below): (BaseBlock, ChainState),
        now: u64,
        next_id: &'a mut u64,
    ) -> Self {
        Self {
            rules,
            storage,
            head,
            now,
            next_id,
            below,
            halved: None,
            gone_after: None,
            taint: Taint::default(),
            parted: Vec::new(),
            parted_conflicts: 0,
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

    /// Puts `returned` there, which are in no sub-block, and `old` on top. If `complete` is set, the open sub-block is
    /// completed and another one opened.
    pub(in crate::thread) fn run(
        mut self,
        returned: Vec<InnerTransaction>,
        old: Unsettled,
        complete: bool,
    ) -> Result<(Unsettled, Changes), Setback> {
        let Unsettled { fronts: old_fronts, hots: old_hots, mut open } = old;
        let (mut fronts, mut hots) = (Vec::new(), Vec::new());
        self.put_transactions(returned, &mut fronts)?;
        for sub_block in old_fronts {
            self.put(sub_block, false, &mut fronts)?;
        }
        let mut late = Vec::new();
        if complete && !open.block.is_empty() {
            let sub_block = SubBlock::close(open.seed, &open.block)?;
            late = self.put_independent(sub_block, &old_hots, &mut fronts)?;
            open = self.open();
        }
        for sub_block in old_hots {
            self.put(sub_block, true, &mut hots)?;
        }
        self.part(late, 0);
        self.put_parted(&mut hots)?;
        let open = self.put_open(open, &mut fronts, &mut hots)?;
        let mut new = Unsettled { fronts, hots, open };
        new.number();
        Ok((new, self.changes))
    }

    /// An open sub-block without transactions, on what is there so far.
    pub(in crate::thread) fn open(&mut self) -> Open {
        let block = OpenSubBlock::open(self.below.clone(), self.rules.context(self.head));
        Open::new(self.seed(), block)
    }

    /// What became of the transactions.
    pub(in crate::thread) fn into_changes(self) -> Changes {
        self.changes
    }

    /// Completes a sub-block without what depends on hot ones, which is returned.
    fn put_independent(
        &mut self,
        sub_block: SubBlock,
        hots: &[SubBlock],
        out: &mut Vec<SubBlock>,
    ) -> Result<Vec<Arc<ExecutedInner>>, Setback> {
        let mut taint = self.taint.clone();
        taint.extend_with_writes(hots.iter().flat_map(|hot| &hot.inner));
        let (kept, dependent) = taint.part(sub_block.inner.clone());
        self.put_part(sub_block, kept, !dependent.is_empty(), false, out)?;
        Ok(dependent)
    }

    /// Puts a complete sub-block there, without what depends on tainted cells.
    fn put(&mut self, sub_block: SubBlock, hot: bool, out: &mut Vec<SubBlock>) -> Result<(), Setback> {
        let (kept, tainted) = self.taint.part(sub_block.inner.clone());
        let is_part = !tainted.is_empty();
        // What is hot and tainted is in conflict: otherwise fresh conflicts would keep it from ever being given up.
        let conflicts = sub_block.seed.conflicts + u32::from(hot);
        let cause = self.parted_for.clone();
        if !(hot && self.is_too_often(conflicts) && self.give_up(&tainted, &cause)) {
            self.part(tainted, conflicts);
        }
        self.put_part(sub_block, kept, is_part, hot, out)
    }

    /// Puts there what is left of a sub-block: as it is, if all of it is left and its preconditions hold.
    fn put_part(
        &mut self,
        mut sub_block: SubBlock,
        mut kept: Vec<Arc<ExecutedInner>>,
        is_part: bool,
        hot: bool,
        out: &mut Vec<SubBlock>,
    ) -> Result<(), Setback> {
        if self.halved == Some(sub_block.name()) {
            let second = kept.split_off(kept.len() / 2);
            self.execute(sub_block.seed.again(), Plan::anew(self.head, transactions(kept)), out)?;
            return self.put_transactions(transactions(second), out);
        }
        let cause = self.conflicts(&sub_block.executed.statement, &kept)?;
        let is_outdated = self.is_outdated(&sub_block);
        if !is_part && cause.is_empty() && !is_outdated {
            self.below = self.below.with(&sub_block.executed.statement);
            out.push(sub_block);
            return Ok(());
        }
        if !cause.is_empty() {
            self.note(&mut sub_block.seed, &cause);
            if hot && self.is_too_often(sub_block.seed.conflicts) && self.give_up(&kept, &cause) {
                return Ok(());
            }
            if !hot {
                kept = self.part_from(&mut sub_block.seed, kept, &cause);
            }
        }
        let plan = self.plan(is_outdated, sub_block.base_block(), kept, cause);
        self.execute(sub_block.seed.again(), plan, out)
    }

    /// Puts the open sub-block there.
    fn put_open(
        &mut self,
        mut open: Open,
        fronts: &mut Vec<SubBlock>,
        hots: &mut Vec<SubBlock>,
    ) -> Result<Open, Setback> {
        let (mut kept, tainted) = self.taint.part(open.block.executed().to_vec());
        let is_part = !tainted.is_empty();
        self.part(tainted, open.seed.conflicts);
        self.put_parted(hots)?;
        if kept.is_empty() {
            return Ok(self.open());
        }
        let base_block = open.block.context().base_block;
        // On a state that is gone, the open one cannot even be completed.
        let is_outdated = self.gone_after.is_some() || self.rules.is_stale(base_block, self.head);
        let mut cause = Vec::new();
        if self.gone_after.is_none() {
            cause = self.conflicts(&open.block.close()?.statement, &kept)?;
            if !is_part && cause.is_empty() && !is_outdated {
                open.block.rebase(self.below.clone());
                return Ok(open);
            }
            if !cause.is_empty() {
                self.note(&mut open.seed, &cause);
                kept = self.part_from(&mut open.seed, kept, &cause);
                self.put_parted(hots)?;
            }
        }
        let plan = self.plan(is_outdated, base_block, kept, cause);
        self.execute_open(open, plan, if hots.is_empty() { fronts } else { hots })
    }

    /// The preconditions of a sub-block that do not hold, as far as `kept` of its transactions are concerned.
    fn conflicts(
        &self,
        statement: &Statement,
        kept: &[Arc<ExecutedInner>],
    ) -> Result<Vec<Conflict>, Setback> {
        let mut conflicts = conflicts(&self.below, statement)?;
        conflicts.retain(|conflict| {
            let cell = Cell::from(conflict);
            kept.iter().any(|executed| executed.accesses.reads.contains(&cell))
        });
        Ok(conflicts)
    }

    fn note(&mut self, seed: &mut Seed, cause: &[Conflict]) {
        let number = self.head.number;
        tracing::info!(sub_block = %seed.id, block = number.0, conflicts = cause.len(), first = ?cause.first(), "conflict");
        self.changes.conflicts += 1;
        seed.met(cause.iter().map(|conflict| MetConflict::new(conflict, number)));
    }

    fn is_gone(&self, base_block: BaseBlock) -> bool {
        self.gone_after.is_some_and(|number| base_block.number > number)
    }

    /// Whether a sub-block that is not on its way should be executed over a newer block.
    fn is_outdated(&self, sub_block: &SubBlock) -> bool {
        let base_block = sub_block.base_block();
        sub_block.is_refused
            || self.is_gone(base_block)
            || (sub_block.stage.submitted().is_none() && self.rules.is_stale(base_block, self.head))
    }

    fn seed(&mut self) -> Seed {
        let id = SubBlockId(*self.next_id);
        *self.next_id += 1;
        Seed::new(id, self.now)
    }
}

fn transactions(inner: Vec<Arc<ExecutedInner>>) -> Vec<InnerTransaction> {
    inner.into_iter().map(|executed| executed.transaction.clone()).collect()
}

fn told(cause: &[Conflict]) -> String {
    SettleError::Conflicts(cause.to_vec()).to_string()
}
