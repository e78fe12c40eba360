//! Sub-blocks are handed to provers, and proofs taken back.

use std::sync::Arc;
use std::time::Instant;

use zkthreads_protocol::Package;
use zkthreads_sub_block::ExecutedSubBlock;
use zkthreads_workers::{Proven, WorkerError};

use super::SubBlockId;
use super::config::HotPolicy;
use super::model::{Proof, ProofFailures, Stage, SubBlock, patience};
use super::outage::Outage;
use super::plan::can_be_met;
use super::replay::Changes;
use super::work::Work;

/// Provers that one transaction may cost, by taking too long or by their death, before it counts as the cause.
const MAX_LOST_ALONE: u32 = 3;
/// The same of a sub-block that can be halved: nothing is lost by it.
const MAX_LOST: u32 = 2;
/// Failures of any kind after which a sub-block is halved.
const MAX_FAILURES: u32 = 6;

impl Work {
    /// The sub-block that is to be proven next. By turns it is the oldest front and the oldest hot one, if there are both: there
    /// is always another front where many users are, and the hot ones do not take more than every second prover.
    fn to_prove(&self, now: Instant) -> Option<(SubBlockId, u32)> {
        let oldest = |list: &[SubBlock]| list.iter().find(|it| is_due(it, now)).map(SubBlock::name);
        let (front, hot) = (oldest(&self.unsettled.fronts), oldest(&self.unsettled.hots));
        if self.was_hot { front.or(hot) } else { hot.or(front) }
    }

    /// The sub-block that is to be proven next; it is being proven from now on.
    pub(super) fn next_job(&mut self, now: Instant) -> Option<(&SubBlock, u64)> {
        let lease = self.lease();
        let name = self.to_prove(now)?;
        self.was_hot = self.unsettled.hots.iter().any(|hot| hot.name() == name);
        let sub_block = self.unsettled.find_mut(name)?;
        sub_block.seed.proofs = sub_block.seed.proofs.saturating_add(1);
        if let Stage::Closed { failures, .. } = sub_block.stage {
            sub_block.stage = Stage::Proving { lease, since: now, stage: None, failures };
        }
        Some((sub_block, lease))
    }

    /// Executes what is to be proven next again, if its time can hardly be met any more, and another one can.
    pub(super) fn renew_job(&mut self, now: Instant) -> Result<(), Outage> {
        let (rules, time) = (self.rules.limits(self.base_block()), self.clock.at(now));
        let left = self.shared.figures.lock().forecasts.left(now);
        let Some(name) = self.to_prove(now) else { return Ok(()) };
        let Some(base_block) = self.unsettled.find_mut(name).map(|sub_block| sub_block.base_block()) else {
            return Ok(());
        };
        if can_be_met(rules, base_block.timestamp, time, left) || !self.is_behind(base_block) {
            return Ok(());
        }
        tracing::info!(sub_block = %name.0, "its time cannot be met any more, it is executed again");
        self.replay(Vec::new(), |replay| replay.renewing(name), false)?;
        self.look_after_waiting()?;
        self.end_turn()
    }

    /// When the next sub-block waits no more for being proven or sent.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let due = self.unsettled.closed().filter_map(|sub_block| match sub_block.stage {
            Stage::Closed { not_before, .. } | Stage::Proven { not_before, .. } => not_before,
            _ => None,
        });
        due.min()
    }

    /// Whoever took a job did not do it.
    pub(super) fn give_back_job(&mut self, name: (SubBlockId, u32), given_back: u64) {
        if let Some(sub_block) = self.unsettled.find_mut(name)
            && let Stage::Proving { lease, failures, .. } = sub_block.stage
            && lease == given_back
        {
            sub_block.stage = Stage::Closed { not_before: None, failures };
        }
    }

    /// A proof has come so far.
    pub(super) fn proving(&mut self, name: (SubBlockId, u32), reached: zkthreads_workers::Stage) {
        if let Some(sub_block) = self.unsettled.find_mut(name)
            && let Stage::Proving { stage, .. } = &mut sub_block.stage
        {
            *stage = Some(reached);
        }
    }

    /// Proving ended. What is obsolete is dropped.
    pub(super) fn proved(
        &mut self,
        name: (SubBlockId, u32),
        result: Result<Proven, WorkerError>,
    ) -> Result<(), Outage> {
        let Some(sub_block) = self.unsettled.find_mut(name) else { return Ok(()) };
        let Stage::Proving { since, failures, .. } = sub_block.stage else { return Ok(()) };
        match result {
            Ok(Proven { proof, .. }) => {
                let (proof, bytes) = packed(&sub_block.executed, proof);
                let proof = Proof { begun: Some(since), took: Some(since.elapsed()), ..proof };
                sub_block.stage = Stage::Proven { proof, not_before: None };
                self.turn.segments.push((name.0, bytes));
                self.end_turn()
            }
            Err(error) => self.not_proved(name, failures, &error),
        }
    }

    fn not_proved(
        &mut self,
        name: (SubBlockId, u32),
        mut failures: ProofFailures,
        error: &WorkerError,
    ) -> Result<(), Outage> {
        tracing::warn!(sub_block = %name.0, attempt = name.1, %error, "not proven");
        failures.all += 1;
        failures.lost += match error {
            // Each prover has the same bound of memory. But it may be the machine's that was short.
            WorkerError::OutOfMemory { .. } => MAX_LOST,
            WorkerError::Died { .. } | WorkerError::Deadline { .. } => 1,
            _ => 0,
        };
        let Some(sub_block) = self.unsettled.find_mut(name) else { return Ok(()) };
        if sub_block.inner.len() == 1 {
            if error.is_final() || failures.lost >= MAX_LOST_ALONE {
                return self.give_up(name, error);
            }
        } else if error.is_final() || failures.lost >= MAX_LOST || failures.all >= MAX_FAILURES {
            return self.halve(name);
        }
        sub_block.stage = Stage::Closed { not_before: patience(failures.all), failures };
        Ok(())
    }

    /// A transaction that cannot be proven even alone: the chain may have it, or nobody.
    fn give_up(&mut self, name: (SubBlockId, u32), error: &WorkerError) -> Result<(), Outage> {
        let mut changes = Changes::default();
        for executed in self.unsettled.remove(name).into_iter().flat_map(|sub_block| sub_block.inner) {
            if self.rules.config.on_hot == HotPolicy::Reject {
                changes.rejected.push((executed.hash, format!("it cannot be proven: {error}")));
            } else {
                changes.forwarded.push((executed.hash, executed.transaction.clone()));
            }
        }
        self.absorb(changes);
        self.replay(Vec::new(), |replay| replay, false)?;
        self.look_after_waiting()?;
        self.end_turn()
    }

    /// Makes two sub-blocks of one. Both do what the one did, so that nothing changes for those after it.
    fn halve(&mut self, name: (SubBlockId, u32)) -> Result<(), Outage> {
        self.replay(Vec::new(), |replay| replay.halving(name), false)?;
        self.look_after_waiting()?;
        self.end_turn()
    }
}

/// Whether a sub-block is to be proven.
fn is_due(sub_block: &SubBlock, now: Instant) -> bool {
    match &sub_block.stage {
        Stage::Closed { not_before, .. } => not_before.is_none_or(|not_before| not_before <= now),
        _ => false,
    }
}

/// The proven sub-block, and the bytes of a package of it alone.
pub(super) fn packed(executed: &Arc<ExecutedSubBlock>, proof: Vec<u8>) -> (Proof, Vec<u8>) {
    let package = Package::from(ExecutedSubBlock::clone(executed).into_segment(proof));
    let bytes = package.encode();
    let segment = package.segments.into_iter().next();
    let segment = Arc::new(segment.unwrap_or_else(|| unreachable!("a package has a segment")));
    (Proof { segment, bytes: bytes.len(), begun: None, took: None }, bytes)
}
