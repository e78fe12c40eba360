//! The status.

use std::time::{Duration, Instant};

use zkthreads_rpc_api::thread::{
    NodeStatus, QueueStatus, StatusBase, SubBlockStage, SubBlockStatus, ThreadStatus, Throughput, TimeStatus,
};

use super::config::ThreadConfig;
use super::figures::Figures;
use super::job::NodeHealth;
use super::model::{Open, Seed, Stage, SubBlock};
use super::setback::Setback;
use super::work::{Settled, Work};

/// How everything is at one moment: what is counted fits what is listed. Rates and the provers are added when somebody
/// asks.
pub(super) fn status(
    config: &ThreadConfig,
    health: &NodeHealth,
    base_block: StatusBase,
    figures: &Figures,
    work: Result<&Work, &Setback>,
) -> ThreadStatus {
    let mut trouble = Vec::new();
    let (reachable, error) = match health {
        NodeHealth::Reachable => (true, None),
        NodeHealth::Away { reason } => {
            trouble.push(format!("the node does not answer: {reason}"));
            (false, Some(reason.clone()))
        }
    };
    let mut status = ThreadStatus {
        submitter: config.submitter,
        contracts: config.writable.as_ref().map(|writable| writable.iter().copied().collect()),
        node: NodeStatus { url: config.node_url.clone(), reachable, error },
        base_block,
        queue: QueueStatus::default(),
        users: 0,
        time: TimeStatus::default(),
        totals: figures.totals,
        throughput: Throughput::default(),
        sub_blocks: figures.sub_blocks.iter().cloned().collect(),
        provers: Vec::new(),
        trouble,
    };
    match work {
        Ok(work) => {
            status.time = time(work, base_block, figures);
            fill(&mut status, work);
        }
        Err(setback) => status.trouble.push(setback.to_string()),
    }
    status
}

/// Where a thread stands in time while the node is at `head`.
fn time(work: &Work, head: StatusBase, figures: &Figures) -> TimeStatus {
    let now = work.unsettled.open.block.context().base_block.timestamp;
    let oldest = work.unsettled.closed().map(|sub_block| sub_block.base_block().timestamp).min();
    TimeStatus {
        now,
        forecast_seconds: figures.forecasts.all(Instant::now()).as_secs(),
        lag_seconds: head.timestamp.0.saturating_sub(oldest.unwrap_or(now).0),
    }
}

fn fill(status: &mut ThreadStatus, work: &Work) {
    let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let count = |is: fn(&Stage) -> bool| {
        many(work.unsettled.closed().filter(|sub_block| is(&sub_block.stage)).count())
    };
    status.queue = QueueStatus {
        waiting: many(work.waiting.len()),
        unsettled: many(work.unsettled.len()),
        proving: count(|stage| matches!(stage, Stage::Proving { .. })),
        in_flight: count(|stage| matches!(stage, Stage::Submitted { .. })),
    };
    status.users = many(work.ledger.users());
    status.sub_blocks.extend(work.unsettled.closed().map(closed));
    status.sub_blocks.push(open(&work.unsettled.open));
    for sub_block in work.unsettled.closed() {
        match &sub_block.stage {
            Stage::Closed { failures, .. } | Stage::Proving { failures, .. } if failures.all > 0 => {
                status.trouble.push(format!(
                    "sub-block {} could not be proven, {} times in turn",
                    sub_block.seed.id, failures.all
                ));
            }
            Stage::Proven { .. } | Stage::Taken { .. } if sub_block.seed.unsent.is_some() => {
                let reason = sub_block.seed.unsent.as_deref().unwrap_or_default();
                status.trouble.push(format!("sub-block {} is not sent: {reason}", sub_block.seed.id));
            }
            _ if sub_block.seed.refusals > 0 => {
                status.trouble.push(format!(
                    "the node has refused sub-block {}, {} times",
                    sub_block.seed.id, sub_block.seed.refusals
                ));
            }
            _ => {}
        }
    }
}

/// A block, as the status has it.
pub(super) fn base_block(head: &starknet_api::block::BlockHeader) -> StatusBase {
    let header = &head.block_header_without_hash;
    StatusBase { block_number: header.block_number, block_hash: head.block_hash, timestamp: header.timestamp }
}

fn open(open: &Open) -> SubBlockStatus {
    let base_block = open.block.context().base_block.number;
    SubBlockStatus {
        transactions: u64::try_from(open.block.len()).unwrap_or(u64::MAX),
        steps: open.block.steps(),
        ..blank(&open.seed, SubBlockStage::Open, base_block)
    }
}

fn closed(sub_block: &SubBlock) -> SubBlockStatus {
    let stage = match &sub_block.stage {
        Stage::Closed { .. } => SubBlockStage::Closed,
        Stage::Proving { .. } => SubBlockStage::Proving,
        Stage::Proven { .. } | Stage::Taken { .. } => SubBlockStage::Proven,
        Stage::Submitted { .. } => SubBlockStage::Submitted,
    };
    let prover_stage = match &sub_block.stage {
        Stage::Proving { stage: Some(stage), .. } => Some(stage.to_string()),
        _ => None,
    };
    let took = sub_block.stage.proof().and_then(|proof| proof.took);
    SubBlockStatus {
        transactions: u64::try_from(sub_block.inner.len()).unwrap_or(u64::MAX),
        steps: sub_block.steps,
        prover_stage,
        proven_in_ms: took.map(milliseconds),
        transaction_hash: sub_block.stage.submitted().map(|(hash, _)| hash),
        ..blank(&sub_block.seed, stage, sub_block.base_block().number)
    }
}

/// Of a sub-block that was just settled.
pub(super) fn settled(settled: &Settled) -> SubBlockStatus {
    SubBlockStatus {
        stage: SubBlockStage::Settled,
        transaction_hash: Some(settled.thread),
        block_number: Some(settled.block),
        ..closed(&settled.sub_block)
    }
}

fn blank(
    seed: &Seed,
    stage: SubBlockStage,
    base_block_number: starknet_api::block::BlockNumber,
) -> SubBlockStatus {
    SubBlockStatus {
        id: seed.id.0,
        stage,
        attempt: seed.attempt,
        proofs: seed.proofs,
        sent: seed.sent,
        base_block_number,
        transactions: 0,
        steps: 0,
        opened_at: seed.opened_at,
        prover_stage: None,
        proven_in_ms: None,
        transaction_hash: None,
        block_number: None,
        conflicts: seed.met.to_vec(),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
