//! Which proven sub-blocks are sent next, in one thread transaction.

use std::time::Instant;

use zkthreads_protocol::limits::{MAX_PACKAGE_BYTES, MAX_SEGMENTS};
use zkthreads_protocol::{BaseBlock, Package};

use super::SubBlockId;
use super::model::{Proof, Stage, SubBlock};
use super::work::Work;

/// Sub-blocks that were taken as a bundle.
pub(super) struct TakenBundle {
    pub(super) sub_blocks: Vec<(SubBlockId, u32)>,
    pub(super) package: Package,
    pub(super) alive: Vec<tokio::sync::watch::Receiver<()>>,
    pub(super) lease: u64,
}

impl Work {
    /// The next proven sub-blocks: as many in a row as a package takes. A hot one goes alone: others would wait with it
    /// whenever the node says before it is sent that it conflicts.
    pub(super) fn next_bundle(&mut self, now: Instant) -> Option<TakenBundle> {
        let names = self.to_send(now);
        if names.is_empty() {
            return None;
        }
        let lease = self.lease();
        let (mut segments, mut alive) = (Vec::new(), Vec::new());
        for name in &names {
            let sub_block = self.unsettled.find_mut(*name)?;
            let proof = sub_block.stage.proof()?.clone();
            segments.push(proof.segment.as_ref().clone());
            alive.push(sub_block.alive.subscribe());
            sub_block.stage = Stage::Taken { proof, lease, since: now };
        }
        Some(TakenBundle { sub_blocks: names, package: Package { segments }, alive, lease })
    }

    /// The first that can be sent, and those that follow on it. It may overtake others that cannot be sent yet, if it has nothing
    /// to do with them and its time does not make them too late. Along a package, neither base blocks nor times go back; and the
    /// times lie close together, since all of it waits for the last of them.
    fn to_send(&self, now: Instant) -> Vec<(SubBlockId, u32)> {
        let is_proven = |sub_block: &SubBlock| matches!(sub_block.stage, Stage::Proven { .. });
        let is_taken = |sub_block: &SubBlock| matches!(sub_block.stage, Stage::Taken { .. });
        if !self.unsettled.closed().any(is_proven) || self.unsettled.closed().any(is_taken) {
            return Vec::new();
        }
        let (head, planned) = (self.base_block(), self.schedule(now).time);
        let max_spread = self.rules.limits(head).max_lag / 2;
        let mut overtaken: Vec<&SubBlock> = Vec::new();
        let is_allowed = |overtaken: &[&SubBlock], one: &SubBlock| {
            overtaken.iter().all(|other| may_overtake(one, other, max_spread))
        };
        let (mut names, mut bytes, mut ends): (_, _, Option<(BaseBlock, BaseBlock)>) = (Vec::new(), 0, None);
        let fronts = self.unsettled.fronts.iter().map(|front| (front, false));
        for (sub_block, is_hot) in fronts.chain(self.unsettled.hots.iter().map(|hot| (hot, true))) {
            let base = sub_block.base_block();
            let ready = ready(sub_block, now).filter(|_| !self.rules.is_stale(base, head, planned));
            match ends {
                None if sub_block.stage.submitted().is_some() => {}
                None => match ready.filter(|_| is_allowed(&overtaken, sub_block)) {
                    Some(proof) => {
                        names.push(sub_block.name());
                        bytes = proof.bytes;
                        ends = Some((base, base));
                        if is_hot {
                            break;
                        }
                    }
                    None => overtaken.push(sub_block),
                },
                Some((first, last)) => {
                    let Some(proof) = ready.filter(|_| !is_hot) else { break };
                    bytes += proof.bytes;
                    if !last.time().is_by(base.time())
                        || base.timestamp.0.saturating_sub(first.timestamp.0) > max_spread
                        || !is_allowed(&overtaken, sub_block)
                        || names.len() == MAX_SEGMENTS
                        || bytes > MAX_PACKAGE_BYTES
                    {
                        break;
                    }
                    names.push(sub_block.name());
                    ends = Some((first, base));
                }
            }
        }
        names
    }
}

/// Whether one sub-block may settle before another one that comes before it and cannot be sent yet.
fn may_overtake(one: &SubBlock, other: &SubBlock, max_spread: u64) -> bool {
    let (time, others) = (one.base_block().timestamp, other.base_block().timestamp);
    time.0.saturating_sub(others.0) <= max_spread && one.cells.are_apart_from(&other.cells)
}

/// The proof of what may be sent.
fn ready(sub_block: &SubBlock, now: Instant) -> Option<&Proof> {
    match &sub_block.stage {
        Stage::Proven { proof, not_before } if not_before.is_none_or(|not_before| not_before <= now) => {
            Some(proof)
        }
        _ => None,
    }
}
