//! Transactions that the chain keeps conflicting with are parted from the others.

use std::mem::take;
use std::sync::Arc;

use zkthreads_execution::sub_block::{Cell, ExecutedInner};
use zkthreads_protocol::Conflict;

use super::executing::Plan;
use super::{Replay, told, transactions};
use crate::thread::config::HotPolicy;
use crate::thread::model::{Seed, SubBlock};
use crate::thread::setback::Setback;

/// The conflict at which a sub-block's transactions that depend on the conflicting cells are parted from it.
const PARTED_AT: u32 = 2;

impl Replay<'_> {
    /// At its second conflict: takes out of a sub-block what depends on the conflicting cells.
    pub(super) fn part_from(
        &mut self,
        seed: &mut Seed,
        inner: Vec<Arc<ExecutedInner>>,
        cause: &[Conflict],
    ) -> Vec<Arc<ExecutedInner>> {
        if seed.conflicts < PARTED_AT {
            return inner;
        }
        self.taint.extend(cause.iter().map(Cell::from));
        self.parted_for.extend(cause);
        let (kept, tainted) = self.taint.part(inner);
        self.part(tainted, seed.conflicts);
        seed.conflicts = 0;
        kept
    }

    pub(super) fn part(&mut self, tainted: Vec<Arc<ExecutedInner>>, conflicts: u32) {
        if !tainted.is_empty() {
            self.parted_conflicts = self.parted_conflicts.max(conflicts);
            self.parted.extend(transactions(tainted));
        }
    }

    /// Makes hot sub-blocks of what was parted from others.
    pub(super) fn put_parted(&mut self, hots: &mut Vec<SubBlock>) -> Result<(), Setback> {
        let parted = take(&mut self.parted);
        if parted.is_empty() {
            return Ok(());
        }
        let first = hots.len();
        let seed = self.seed();
        self.execute_as(seed, Plan::anew(parted), hots)?;
        for hot in hots.iter_mut().skip(first) {
            hot.seed.conflicts = self.parted_conflicts;
        }
        self.parted_conflicts = 0;
        Ok(())
    }

    /// A hot sub-block has conflicted too often. Whether it is given up.
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

    pub(super) fn is_too_often(&self, conflicts: u32) -> bool {
        conflicts >= self.rules.config.max_conflicts
    }
}
