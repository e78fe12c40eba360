//! Executing transactions as sub-blocks, and what becomes of those that cannot be.

use std::sync::Arc;

use zkthreads_protocol::{BaseBlock, Conflict, InnerTransaction};
use zkthreads_sub_block::{ExecutedInner, LeftOut, LeftOutReason, OpenSubBlock};

use super::{Replay, told, transactions};
use crate::thread::landed;
use crate::thread::model::{Open, Seed, Stage, SubBlock};
use crate::thread::outage::Outage;
use crate::thread::rules::{Run, Step};

/// How transactions are put into sub-blocks.
pub(super) struct Plan {
    /// The base that they have had and keep; none if they are executed anew.
    kept_base: Option<BaseBlock>,
    steps: Vec<Step>,
    /// Why it is done.
    cause: Vec<Conflict>,
}

impl Plan {
    /// Executes all of them anew, over the newest block.
    pub(super) fn anew(transactions: Vec<InnerTransaction>) -> Self {
        let steps = transactions.into_iter().map(Step::execute).collect();
        Self { kept_base: None, steps, cause: Vec::new() }
    }

    /// The same, because of these conflicts.
    pub(super) fn anew_for(cause: Vec<Conflict>, inner: Vec<Arc<ExecutedInner>>) -> Self {
        Self { cause, ..Self::anew(transactions(inner)) }
    }

    /// Executes none of them: all that they read is as it was, and not newer than their base block.
    pub(super) fn keep(base_block: BaseBlock, inner: Vec<Arc<ExecutedInner>>) -> Self {
        let steps = inner.into_iter().map(Step::Again).collect();
        Self { kept_base: Some(base_block), steps, cause: Vec::new() }
    }

    /// The sub-block that it is done for, as one of the sub-blocks that come of it.
    fn seed(&self, seed: Seed) -> Seed {
        if self.kept_base.is_some() { seed.again() } else { seed.again().planned() }
    }
}

impl Replay<'_> {
    /// Executes a sub-block of the journal as it was, or over the newest block if it is too old for what it reads now. Also
    /// what it has no room for.
    pub(in crate::thread) fn restore(
        &mut self,
        base_block: BaseBlock,
        transactions: Vec<InnerTransaction>,
    ) -> Result<(OpenSubBlock, Vec<InnerTransaction>), Outage> {
        let steps =
            |transactions: Vec<InnerTransaction>| transactions.into_iter().map(Step::execute).collect();
        let mut run = self.rules.run(self.below.clone(), base_block, steps(transactions.clone()))?;
        if run.is_stale {
            run = self.rules.run(self.below.clone(), self.base(), steps(transactions))?;
        }
        let Run { block, left_out, rest, .. } = run;
        self.leave_out(left_out, &[])?;
        self.put_below(&block);
        Ok((block, rest.into_iter().map(Step::into_transaction).collect()))
    }

    /// Puts transactions there that are in no sub-block.
    pub(in crate::thread) fn put_transactions(
        &mut self,
        transactions: Vec<InnerTransaction>,
        out: &mut Vec<SubBlock>,
    ) -> Result<(), Outage> {
        let seed = self.seed();
        self.execute_as(seed, Plan::anew(transactions), false, out)
    }

    /// Executes the open sub-block again. If it has become too large, its first parts are completed.
    pub(super) fn execute_open(
        &mut self,
        open: Open,
        plan: Plan,
        out: &mut Vec<SubBlock>,
    ) -> Result<Open, Outage> {
        let (since, mut seed) = (open.since, plan.seed(open.seed));
        let Plan { kept_base, mut steps, cause } = plan;
        loop {
            let (block, rest) = self.put_steps(kept_base, steps, &cause)?;
            if block.is_empty() && rest.is_empty() {
                return Ok(self.open());
            }
            if rest.is_empty() {
                return Ok(Open { seed, block, since });
            }
            if !block.is_empty() {
                out.push(SubBlock::close(seed, &block)?);
                seed = self.seed();
            }
            steps = rest;
        }
    }

    /// Executes the transactions of a sub-block again, as one or more.
    pub(super) fn execute(
        &mut self,
        seed: Seed,
        plan: Plan,
        hot: bool,
        out: &mut Vec<SubBlock>,
    ) -> Result<(), Outage> {
        let seed = plan.seed(seed);
        self.execute_as(seed, plan, hot, out)
    }

    /// Executes transactions as sub-blocks, the first one from `seed`. If they are hot, they are not proven before it is quiet.
    pub(super) fn execute_as(
        &mut self,
        seed: Seed,
        plan: Plan,
        hot: bool,
        out: &mut Vec<SubBlock>,
    ) -> Result<(), Outage> {
        let Plan { kept_base, mut steps, cause } = plan;
        let (conflicts, hot_since) = (seed.conflicts, seed.hot_since);
        let mut next = Some(seed);
        while !steps.is_empty() {
            let (block, rest) = self.put_steps(kept_base, steps, &cause)?;
            if !block.is_empty() {
                let seed = next.take().unwrap_or_else(|| Seed { conflicts, hot_since, ..self.seed() });
                let mut sub_block = SubBlock::close(seed, &block)?;
                if hot && let Stage::Closed { not_before, .. } = &mut sub_block.stage {
                    *not_before = (*not_before).max(self.quiet_from(&sub_block.cells, out));
                }
                out.push(sub_block);
            }
            steps = rest;
        }
        Ok(())
    }

    /// Puts transactions into one sub-block there, over their base or the newest block. Also those that have no room in it.
    fn put_steps(
        &mut self,
        kept_base: Option<BaseBlock>,
        steps: Vec<Step>,
        cause: &[Conflict],
    ) -> Result<(OpenSubBlock, Vec<Step>), Outage> {
        let base_block = kept_base.unwrap_or_else(|| self.base());
        let Run { block, left_out, rest, is_stale } =
            self.rules.run(self.below.clone(), base_block, steps)?;
        if is_stale && block.is_empty() {
            return Err(Outage::too_old());
        }
        self.leave_out(left_out, cause)?;
        self.put_below(&block);
        Ok((block, rest))
    }

    /// What comes next is put on this sub-block.
    fn put_below(&mut self, block: &OpenSubBlock) {
        self.below = block.state().clone();
        if !block.is_empty() {
            self.latest = self.latest.max(Some(block.context().base_block.timestamp));
        }
    }

    /// Finds out what became of transactions that cannot be executed (any more).
    fn leave_out(&mut self, left_out: Vec<LeftOut>, cause: &[Conflict]) -> Result<(), Outage> {
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
