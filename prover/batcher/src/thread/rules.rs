//! What sub-blocks are executed by.

use std::sync::Arc;

use starknet_api::block::{BlockHeader, BlockTimestamp};
use starknet_api::core::ChainId;
use zkthreads_execution::{ChainState, Executor, RuleLines, ThreadRules};
use zkthreads_protocol::limits::MAX_INNER_TRANSACTIONS;
use zkthreads_protocol::{BaseBlock, InnerTransaction};
use zkthreads_storage::StorageError;
use zkthreads_sub_block::{ClassCodes, ExecutedInner, LeftOut, LeftOutReason, OpenSubBlock, SubBlockContext};

use super::config::ThreadConfig;
use super::outage::Outage;
use super::plan::{MAX_FORECAST, is_plenty};

/// What sub-blocks are executed by.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) config: ThreadConfig,
    chain_id: ChainId,
    /// What the chain demands of threads.
    chain: RuleLines,
    /// Of all sub-blocks.
    codes: ClassCodes,
}

/// A transaction to put into a sub-block.
pub(super) enum Step {
    /// To be executed.
    Execute(Box<InnerTransaction>),
    /// It was executed in a sub-block over the same base block, and all that it reads is as it was then.
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
    /// Those for which there is no room, or for which the sub-block is too old.
    pub(super) rest: Vec<Step>,
    /// Whether it is too old for the first of them.
    pub(super) is_stale: bool,
}

impl Rules {
    pub(super) fn new(executor: &Executor, config: ThreadConfig) -> Self {
        let (chain, codes) = (executor.config(), ClassCodes::default());
        Self { config, chain_id: chain.chain_id.clone(), chain: chain.thread_rules.clone(), codes }
    }

    /// What the chain demands of what settles in the block after `head`.
    pub(super) fn limits(&self, head: BaseBlock) -> ThreadRules {
        self.chain.at(head.number.next().unwrap_or(head.number))
    }

    /// What the transactions of a sub-block over `base_block` see.
    pub(super) fn context(&self, base_block: BaseBlock) -> SubBlockContext {
        SubBlockContext {
            writable: self.config.writable.clone(),
            max_steps: Some(self.config.max_steps),
            max_fresh_cells: Some(self.config.max_fresh_cells),
            max_fresh_cells_per_account: Some(self.config.max_fresh_cells_per_account),
            max_time: self.config.max_time,
            codes: self.codes.clone(),
            ..SubBlockContext::new(self.chain_id.clone(), base_block, self.config.submitter)
        }
    }

    /// Transactions in a sub-block at most.
    pub(super) fn max_transactions(&self) -> usize {
        self.config.max_transactions.clamp(1, MAX_INNER_TRANSACTIONS)
    }

    /// Whether a sub-block executed at `base_block` should not be settled any more when the chain is at `head`: its block is
    /// older than half of what is allowed, its time almost too far back, or much further ahead than `planned`, which it would be
    /// executed at now: then somebody has put the clock back.
    pub(super) fn is_stale(&self, base_block: BaseBlock, head: BaseBlock, planned: BlockTimestamp) -> bool {
        let rules = self.limits(head);
        let Some(age) = head.number.0.checked_sub(base_block.number.0) else { return true };
        let lag = head.timestamp.0.saturating_sub(base_block.timestamp.0);
        let ahead = base_block.timestamp.0.saturating_sub(planned.0);
        let most_ahead = if is_plenty(rules) { 0 } else { MAX_FORECAST.as_secs() };
        age > rules.max_age / 2 || lag > rules.max_lag - rules.max_lag / 10 || ahead > most_ahead
    }

    /// Puts transactions that were acknowledged into a sub-block on `below`, as many as it holds.
    pub(super) fn run(
        &self,
        below: ChainState,
        base_block: BaseBlock,
        steps: Vec<Step>,
    ) -> Result<Run, Outage> {
        let mut block = OpenSubBlock::open(below, self.context(base_block));
        let mut left_out = Vec::new();
        let mut queue = steps.into_iter();
        let mut rest = Vec::new();
        let mut is_stale = false;
        while block.len() < self.max_transactions() {
            let Some(step) = queue.next() else { break };
            let transaction = match &step {
                Step::Execute(transaction) => transaction.as_ref(),
                Step::Again(executed) => {
                    if block.adopt(executed).is_err() {
                        rest.push(step);
                        break;
                    }
                    continue;
                }
            };
            let Err(refused) = block.execute_again(transaction.clone()) else { continue };
            match refused.reason {
                LeftOutReason::Unreadable { reason } => return Err(Outage::State { reason }),
                LeftOutReason::Full | LeftOutReason::StaleBase => {
                    is_stale = refused.reason == LeftOutReason::StaleBase;
                    rest.push(step);
                    break;
                }
                _ => left_out.push(*refused),
            }
        }
        rest.extend(queue);
        Ok(Run { block, left_out, rest, is_stale })
    }
}

/// A block, as the context of sub-blocks.
pub(super) fn base_block(header: &BlockHeader) -> BaseBlock {
    let header = &header.block_header_without_hash;
    BaseBlock { number: header.block_number, timestamp: header.timestamp, sequencer: header.sequencer.0 }
}

/// Whether `base` is, at its time or a later one, still a block of the chain.
pub(super) fn is_canonical(executor: &Executor, base: BaseBlock) -> Result<bool, StorageError> {
    let header = executor.storage().header(base.number)?.map(|header| base_block(&header));
    Ok(header.is_some_and(|header| header.sequencer == base.sequencer && header.timestamp <= base.timestamp))
}
