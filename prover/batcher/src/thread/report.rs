//! The status.

use std::time::Instant;

use zkthreads_rpc_api::thread::{NodeStatus, QueueStatus, StatusBase, ThreadStatus, Throughput, TimeStatus};

use super::config::ThreadConfig;
use super::figures::Figures;
use super::job::NodeHealth;
use super::model::Stage;
use super::outage::Outage;
use super::sub_block_report::{closed, open};
use super::work::Work;

/// How everything is at one moment: what is counted fits what is listed. Rates and the provers are added when somebody
/// asks.
pub(super) fn status(
    config: &ThreadConfig,
    health: &NodeHealth,
    base_block: StatusBase,
    figures: &Figures,
    work: Result<&Work, &Outage>,
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
        Err(outage) => status.trouble.push(outage.to_string()),
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
