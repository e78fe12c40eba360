//! Sub-blocks, as the status has them.

use std::time::Duration;

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use zkthreads_rpc_api::thread::{SubBlockStage, SubBlockStatus};

use super::model::{Open, Seed, Stage, SubBlock};

/// A sub-block that is settled.
pub(super) struct Settled {
    pub(super) sub_block: SubBlock,
    pub(super) hot: bool,
    pub(super) thread: TransactionHash,
    pub(super) block: BlockNumber,
}

pub(super) fn open(open: &Open) -> SubBlockStatus {
    let base_block = open.block.context().base_block.number;
    SubBlockStatus {
        transactions: u64::try_from(open.block.len()).unwrap_or(u64::MAX),
        steps: open.block.steps(),
        ..blank(&open.seed, SubBlockStage::Open, base_block)
    }
}

pub(super) fn closed(sub_block: &SubBlock) -> SubBlockStatus {
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

fn blank(seed: &Seed, stage: SubBlockStage, base_block_number: BlockNumber) -> SubBlockStatus {
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
