//! Transactions that the chain keeps conflicting with are parted from the others.

use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zkthreads_execution::sub_block::{Cell, ExecutedInner};
use zkthreads_protocol::Conflict;

use super::executing::Plan;
use super::{Replay, told, transactions};
use crate::thread::cells::{Cells, groups};
use crate::thread::config::HotPolicy;
use crate::thread::model::{Seed, SubBlock};
use crate::thread::setback::Setback;
use crate::thread::taint::Taint;

/// The conflict at which a sub-block's transactions that depend on the conflicting cells are parted from it, if none of them
/// has been changed before.
const PARTED_AT: u32 = 2;
/// How long a transaction is tried among the hot ones: its user waits for it.
const MAX_HOT_TIME: Duration = Duration::from_secs(180);

/// A transaction that was parted from others.
pub(super) struct Parted {
    executed: Arc<ExecutedInner>,
    /// Conflicts of the sub-block that it was in.
    conflicts: u32,
    /// Since when it has been hot.
    since: Instant,
}

impl Replay<'_> {
    /// At the second conflict of a sub-block, or of one of the cells: takes out of it what depends on the conflicting cells.
    pub(super) fn part_from(
        &mut self,
        seed: &mut Seed,
        inner: Vec<Arc<ExecutedInner>>,
        cause: &[Conflict],
    ) -> Vec<Arc<ExecutedInner>> {
        let is_hot = cause.iter().any(|conflict| self.warm.contains_key(&Cell::from(conflict)));
        if seed.conflicts < PARTED_AT && !is_hot {
            return inner;
        }
        self.taint.extend(cause.iter().map(Cell::from));
        self.parted_for.extend(cause);
        let (kept, tainted) = self.taint.part(inner);
        self.part(tainted, seed.conflicts, None);
        seed.conflicts = 0;
        kept
    }

    /// At each conflict of a hot sub-block: takes out of it what depends on the conflicting cells, or gives it up, so that the
    /// rest is in conflict no more. If there is no rest, it stays as it is.
    pub(super) fn cut(
        &mut self,
        seed: &mut Seed,
        inner: Vec<Arc<ExecutedInner>>,
        cause: &[Conflict],
    ) -> Vec<Arc<ExecutedInner>> {
        let mut taint = Taint::default();
        taint.extend(cause.iter().map(Cell::from));
        let (apart, touched) = taint.part(inner);
        if self.is_hopeless(seed.conflicts, seed.hot_since) && self.give_up(&touched, cause) {
            seed.conflicts = 0;
            return apart;
        }
        if apart.is_empty() {
            return touched;
        }
        self.part(touched, seed.conflicts, seed.hot_since);
        seed.conflicts = 0;
        apart
    }

    /// Puts transactions aside that were in a sub-block with so many conflicts, and hot since `since` if they were before.
    pub(super) fn part(&mut self, tainted: Vec<Arc<ExecutedInner>>, conflicts: u32, since: Option<Instant>) {
        let since = since.unwrap_or_else(Instant::now);
        self.parted.extend(tainted.into_iter().map(|executed| Parted { executed, conflicts, since }));
    }

    /// Makes hot sub-blocks of what was parted from others: of what has nothing to do with each other, different ones, so that
    /// whoever makes one void does not touch the others.
    pub(super) fn put_parted(&mut self, hots: &mut Vec<SubBlock>) -> Result<(), Setback> {
        let parted = take(&mut self.parted);
        for group in groups(parted, |parted| &parted.executed.accesses) {
            let conflicts = group.iter().map(|parted| parted.conflicts).max().unwrap_or(0);
            let hot_since = group.iter().map(|parted| parted.since).min();
            let inner = group.into_iter().map(|parted| parted.executed).collect();
            let (first, seed) = (hots.len(), self.seed());
            self.execute_as(seed, Plan::anew(transactions(inner)), true, hots)?;
            for hot in hots.iter_mut().skip(first) {
                hot.seed.conflicts = conflicts;
                hot.seed.hot_since = hot_since;
            }
        }
        Ok(())
    }

    /// Until when a hot sub-block is not proven: until the chain has left alone for a while what it reads. Its proof would hardly
    /// be in time otherwise.
    pub(super) fn quiet_from(&self, cells: &Cells) -> Option<Instant> {
        let now = Instant::now();
        let moved = cells.read_any(&self.changes.moved).then_some(now);
        let last = moved.max(cells.read_of(&self.hot).max().copied())?;
        Some(last + self.rules.config.hot_quiet).filter(|quiet| *quiet > now)
    }

    /// A hot sub-block has conflicted too often, or for too long. Whether it is given up.
    pub(super) fn give_up(&mut self, inner: &[Arc<ExecutedInner>], cause: &[Conflict]) -> bool {
        match self.rules.config.on_hot {
            HotPolicy::Retry => false,
            HotPolicy::Forward => {
                let given_up = inner.iter().map(|executed| (executed.hash, executed.transaction.clone()));
                self.changes.forwarded.extend(given_up);
                true
            }
            HotPolicy::Reject => {
                let reason = format!("the chain keeps changing what it reads: {}", told(cause));
                self.changes.rejected.extend(inner.iter().map(|executed| (executed.hash, reason.clone())));
                true
            }
        }
    }

    /// Whether to try it once more is hopeless after so many conflicts, and if it has been hot since `since`.
    pub(super) fn is_hopeless(&self, conflicts: u32, since: Option<Instant>) -> bool {
        conflicts >= self.rules.config.max_conflicts
            || since.is_some_and(|since| since.elapsed() >= MAX_HOT_TIME)
    }
}
