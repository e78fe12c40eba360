//! Executing transactions as sub-blocks, and what becomes of those that cannot be.

use std::sync::Arc;

use zkthreads_execution::sub_block::{Cell, ExecutedInner, LeftOut, LeftOutReason, OpenSubBlock};
use zkthreads_protocol::{BaseBlock, Conflict, InnerTransaction};

use super::{Replay, told, transactions};
use crate::thread::landed;
use crate::thread::model::{Open, Seed, SubBlock};
use crate::thread::rules::Step;
use crate::thread::setback::Setback;
use crate::thread::taint::Taint;

/// How transactions are put into sub-blocks.
pub(super) struct Plan {
    base_block: BaseBlock,
    steps: Vec<Step>,
    /// Cells that hold something else than they held when the transactions were executed.
    changed: Taint,
    /// Why it is done.
    cause: Vec<Conflict>,
}

impl Plan {
    /// Executes all of them over the block `head`.
    pub(super) fn anew(head: BaseBlock, transactions: Vec<InnerTransaction>) -> Self {
        let steps = transactions.into_iter().map(Step::execute).collect();
        Self { base_block: head, steps, changed: Taint::default(), cause: Vec::new() }
    }
}

impl Replay<'_> {
    /// Executes a sub-block of the journal as it was. Also what it has no room for.
    pub(in crate::thread) fn restore(
        &mut self,
        base_block: BaseBlock,
        transactions: Vec<InnerTransaction>,
    ) -> Result<(OpenSubBlock, Vec<InnerTransaction>), Setback> {
        let steps = transactions.into_iter().map(Step::execute).collect();
        let run = self.rules.run(self.below.clone(), base_block, steps, &mut Taint::default())?;
        self.leave_out(run.left_out, &[])?;
        self.below = run.block.state().clone();
        Ok((run.block, run.rest.into_iter().map(Step::into_transaction).collect()))
    }

    /// Puts transactions there that are in no sub-block.
    pub(in crate::thread) fn put_transactions(
        &mut self,
        transactions: Vec<InnerTransaction>,
        out: &mut Vec<SubBlock>,
    ) -> Result<(), Setback> {
        let seed = self.seed();
        self.execute(seed, Plan::anew(self.head, transactions), out)
    }

    /// How to execute transactions again: all of them over the newest block, or over the same base block those that
    /// depend on what has changed.
    pub(super) fn plan(
        &self,
        anew: bool,
        base_block: BaseBlock,
        kept: Vec<Arc<ExecutedInner>>,
        cause: Vec<Conflict>,
    ) -> Plan {
        if anew {
            return Plan { cause, ..Plan::anew(self.head, transactions(kept)) };
        }
        let mut changed = self.taint.clone();
        changed.extend(cause.iter().map(Cell::from));
        Plan { base_block, steps: kept.into_iter().map(Step::Again).collect(), changed, cause }
    }

    /// Executes the open sub-block again. If it has become too large, its first parts are completed.
    pub(super) fn execute_open(
        &mut self,
        open: Open,
        plan: Plan,
        out: &mut Vec<SubBlock>,
    ) -> Result<Open, Setback> {
        let Plan { base_block, mut steps, mut changed, cause } = plan;
        let (since, mut seed) = (open.since, open.seed.again());
        loop {
            let run = self.rules.run(self.below.clone(), base_block, steps, &mut changed)?;
            self.leave_out(run.left_out, &cause)?;
            self.below = run.block.state().clone();
            if run.block.is_empty() {
                return Ok(self.open());
            }
            if run.rest.is_empty() {
                return Ok(Open { seed, block: run.block, since });
            }
            out.push(SubBlock::close(seed, &run.block)?);
            (steps, seed) = (run.rest, self.seed());
        }
    }

    /// Executes transactions as sub-blocks, the first one from `seed`.
    pub(super) fn execute(&mut self, seed: Seed, plan: Plan, out: &mut Vec<SubBlock>) -> Result<(), Setback> {
        let Plan { base_block, mut steps, mut changed, cause } = plan;
        let mut next = Some(seed);
        while !steps.is_empty() {
            let run = self.rules.run(self.below.clone(), base_block, steps, &mut changed)?;
            self.leave_out(run.left_out, &cause)?;
            if !run.block.is_empty() {
                let seed = next.take().unwrap_or_else(|| self.seed());
                out.push(SubBlock::close(seed, &run.block)?);
            }
            self.below = run.block.state().clone();
            steps = run.rest;
        }
        Ok(())
    }

    /// Finds out what became of transactions that cannot be executed (any more).
    fn leave_out(&mut self, left_out: Vec<LeftOut>, cause: &[Conflict]) -> Result<(), Setback> {
        for LeftOut { transaction, hash, reason } in left_out {
            if let Some(block) = landed::block_of(self.storage, hash)? {
                self.changes.on_chain.push((hash, block));
            } else if matches!(&reason, LeftOutReason::Nonce { expected, found, .. } if found > expected) {
                self.changes.displaced.push((hash, transaction));
            } else {
                self.changes.rejected.push((hash, rejection(&reason, cause)));
            }
        }
        Ok(())
    }
}

/// Why a transaction that was acknowledged cannot be executed any more.
fn rejection(reason: &LeftOutReason, cause: &[Conflict]) -> String {
    if cause.is_empty() { reason.to_string() } else { format!("{reason}; {}", told(cause)) }
}
