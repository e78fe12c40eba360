//! Transactions that the chain keeps conflicting with are parted from the others.

use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zkthreads_protocol::Conflict;
use zkthreads_rpc_api::thread::MetConflict;
use zkthreads_sub_block::{Cell, ExecutedInner};

use super::executing::Plan;
use super::{Replay, is_read_by, told, transactions};
use crate::thread::cells::{Cells, groups};
use crate::thread::config::HotPolicy;
use crate::thread::model::{Seed, Stage, SubBlock};
use crate::thread::outage::Outage;
use crate::thread::taint::Taint;

/// The conflict at which a sub-block's transactions that depend on the conflicting cells are parted from it, if none of them
/// has been changed before.
const PARTED_AT: u32 = 2;
/// How long a transaction is tried among the hot ones: its user waits for it.
const MAX_HOT_TIME: Duration = Duration::from_secs(180);

/// Hot sub-blocks at a time, as far as they are not larger than others for it.
const MAX_HOTS: usize = 8;

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
        let is_given_up = self.is_hopeless(seed.conflicts, seed.hot_since) && self.give_up(&touched, cause);
        if !is_given_up && apart.is_empty() {
            return touched;
        }
        // What comes later and depends on it goes behind it, too.
        self.taint.extend(cause.iter().map(Cell::from));
        self.taint.extend_with_writes(&touched);
        self.parted_for.extend(cause);
        if !is_given_up {
            self.part(touched, seed.conflicts, seed.hot_since);
        }
        seed.conflicts = 0;
        apart
    }

    /// Puts transactions aside that were in a sub-block with so many conflicts, and hot since `since` if they were before.
    pub(super) fn part(&mut self, tainted: Vec<Arc<ExecutedInner>>, conflicts: u32, since: Option<Instant>) {
        let since = since.unwrap_or_else(Instant::now);
        self.parted.extend(tainted.into_iter().map(|executed| Parted { executed, conflicts, since }));
    }

    /// Makes hot sub-blocks of what was parted from others: of what has nothing to do with each other, different ones, so that
    /// whoever makes one void does not touch the others. If there would be too many of them, they share some: each takes a proof
    /// and a thread transaction, and a stranger has a say in how many there are. They are cut at the first conflict anyway.
    pub(super) fn put_parted(&mut self, hots: &mut Vec<SubBlock>) -> Result<(), Outage> {
        let parted = take(&mut self.parted);
        let mut groups = groups(parted, |parted| &parted.executed.accesses);
        let places = MAX_HOTS.saturating_sub(hots.len()).max(1);
        if groups.len() > places {
            let most = groups.iter().map(Vec::len).sum::<usize>().div_ceil(places);
            groups = packed(groups, most);
        }
        for group in groups {
            let conflicts = group.iter().map(|parted| parted.conflicts).max().unwrap_or(0);
            let hot_since = group.iter().map(|parted| parted.since).min();
            let inner: Vec<_> = group.into_iter().map(|parted| parted.executed).collect();
            let why = self.parted_for.iter().filter(|conflict| is_read_by(&inner, Cell::from(*conflict)));
            let met: Vec<_> = why.map(|conflict| MetConflict::new(conflict, self.head.number)).collect();
            let (first, seed) = (hots.len(), Seed { conflicts, hot_since, ..self.seed() });
            self.execute_as(seed, Plan::anew(transactions(inner)), true, hots)?;
            for hot in hots.iter_mut().skip(first) {
                hot.seed.remember(met.iter().copied());
            }
        }
        Ok(())
    }

    /// Until when a hot sub-block is not proven: until the chain has left alone for a while what it reads, and until those of
    /// `before` are due that it depends on. Its proof would hardly be in time otherwise.
    pub(super) fn quiet_from(&self, cells: &Cells, before: &[SubBlock]) -> Option<Instant> {
        let now = Instant::now();
        let moved = cells.read_any(&self.changes.moved).then_some(now);
        let last = moved.max(cells.read_of(&self.hot).max().copied());
        let quiet = last.map(|last| last + self.rules.config.hot_quiet);
        let depends = |hot: &&SubBlock| hot.seed.hot_since.is_some() && !hot.cells.are_apart_from(cells);
        let waits = before.iter().filter(depends).filter_map(|hot| match hot.stage {
            Stage::Closed { not_before, .. } => not_before,
            _ => None,
        });
        quiet.max(waits.max()).filter(|quiet| *quiet > now)
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

/// Puts groups together, in order, until they have `most` members.
fn packed<T>(groups: Vec<Vec<T>>, most: usize) -> Vec<Vec<T>> {
    let mut packed: Vec<Vec<T>> = Vec::new();
    for group in groups {
        match packed.last_mut() {
            Some(last) if last.len() + group.len() <= most => last.extend(group),
            _ => packed.push(group),
        }
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::packed;

    #[test]
    fn groups_share_as_far_as_there_is_room() {
        let groups = vec![vec![1], vec![2, 3], vec![4, 5, 6, 7], vec![8]];
        assert_eq!(packed(groups, 3), [vec![1, 2, 3], vec![4, 5, 6, 7], vec![8]]);
    }
}
