//! What sub-blocks are executed by.

use std::sync::Arc;

use starknet_api::block::BlockHeader;
use starknet_api::core::ChainId;
use zkthreads_execution::sub_block::{ExecutedInner, LeftOut, LeftOutReason, OpenSubBlock, SubBlockContext};
use zkthreads_execution::{ChainState, Executor};
use zkthreads_protocol::limits::MAX_INNER_TRANSACTIONS;
use zkthreads_protocol::{BaseBlock, InnerTransaction};
use zkthreads_storage::StorageError;

use super::config::ThreadConfig;
use super::setback::Setback;
use super::taint::Taint;

/// What sub-blocks are executed by.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) config: ThreadConfig,
    chain_id: ChainId,
    /// Blocks after which a base block is too old to begin settling with.
    max_base_age: u64,
}

/// A transaction to put into a sub-block.
pub(super) enum Step {
    /// To be executed.
    Execute(Box<InnerTransaction>),
    /// It was executed in a sub-block over the same base block.
    Again(Arc<ExecutedInner>),
}

impl Step {
    /// To be executed.
    pub(super) fn execute(transaction: InnerTransaction) -> Self {
        Self::Execute(Box::new(transaction))
    }

    /// The transaction itself.
    pub(super) fn into_transaction(self) -> InnerTransaction {
        match self {
            Self::Execute(transaction) => *transaction,
            Self::Again(executed) => executed.transaction.clone(),
        }
    }
}

/// Transactions that were executed one after the other.
pub(super) struct Run {
    /// Those that can be.
    pub(super) block: OpenSubBlock,
    /// Those that cannot.
    pub(super) left_out: Vec<LeftOut>,
    /// Those for which there is no room.
    pub(super) rest: Vec<Step>,
}

impl Rules {
    pub(super) fn new(executor: &Executor, config: ThreadConfig) -> Self {
        let chain = executor.config();
        Self { config, chain_id: chain.chain_id.clone(), max_base_age: chain.max_thread_age / 2 }
    }

    /// What the transactions of a sub-block over `base_block` see.
    pub(super) fn context(&self, base_block: BaseBlock) -> SubBlockContext {
        SubBlockContext {
            writable: self.config.writable.clone(),
            max_steps: Some(self.config.max_steps),
            max_time: self.config.max_time,
            ..SubBlockContext::new(self.chain_id.clone(), base_block, self.config.submitter)
        }
    }

    /// Transactions in a sub-block at most.
    pub(super) fn max_transactions(&self) -> usize {
        self.config.max_transactions.clamp(1, MAX_INNER_TRANSACTIONS)
    }

    /// Whether a sub-block over `base_block` should not be settled any more when the chain is at `head`.
    pub(super) fn is_stale(&self, base_block: BaseBlock, head: BaseBlock) -> bool {
        base_block.number > head.number || head.number.0 - base_block.number.0 > self.max_base_age
    }

    /// Puts transactions into a sub-block on `below`, as many as it holds. What was executed before and does not depend on
    /// `changed` cells is not executed again.
    pub(super) fn run(
        &self,
        below: ChainState,
        base_block: BaseBlock,
        steps: Vec<Step>,
        changed: &mut Taint,
    ) -> Result<Run, Setback> {
        let mut block = OpenSubBlock::open(below, self.context(base_block));
        let mut left_out = Vec::new();
        let mut queue = steps.into_iter();
        let mut rest = Vec::new();
        while block.len() < self.max_transactions() {
            let Some(step) = queue.next() else { break };
            let transaction = match &step {
                Step::Execute(transaction) => transaction.as_ref(),
                Step::Again(executed) if changed.reaches(executed) => &executed.transaction,
                Step::Again(executed) => {
                    if block.adopt(executed).is_err() {
                        rest.push(step);
                        break;
                    }
                    continue;
                }
            };
            match block.execute(transaction.clone()) {
                Ok(executed) => changed.extend_with_writes([&executed]),
                Err(refused) => match refused.reason {
                    LeftOutReason::Unreadable { reason } => return Err(Setback::State { reason }),
                    LeftOutReason::Full => {
                        rest.push(step);
                        break;
                    }
                    _ => left_out.push(*refused),
                },
            }
        }
        rest.extend(queue);
        Ok(Run { block, left_out, rest })
    }
}

/// A block, as the context of sub-blocks.
pub(super) fn base_block(header: &BlockHeader) -> BaseBlock {
    let header = &header.block_header_without_hash;
    BaseBlock { number: header.block_number, timestamp: header.timestamp, sequencer: header.sequencer.0 }
}

/// Whether `base` is still a block of the chain.
pub(super) fn is_canonical(executor: &Executor, base: BaseBlock) -> Result<bool, StorageError> {
    Ok(executor.storage().header(base.number)?.is_some_and(|header| base_block(&header) == base))
}
