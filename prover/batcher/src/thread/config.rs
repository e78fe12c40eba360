//! What a thread is started with.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use starknet_api::core::ContractAddress;
use zkthreads_execution::Executor;
use zkthreads_rpc::ChainFeed;
use zkthreads_storage::ThreadJournal;

use crate::worker::ProverFigures;

/// Most transactions that are not settled, executed or waiting, unless told otherwise.
pub const DEFAULT_MAX_UNSETTLED: usize = 20_000;

/// How a thread makes its sub-blocks.
#[derive(Debug, Clone)]
pub struct ThreadConfig {
    /// Where the node is, for the status.
    pub node_url: String,
    /// The only account that may settle the thread's sub-blocks.
    pub submitter: ContractAddress,
    /// The contracts that transactions may write; any if absent.
    pub writable: Option<Arc<BTreeSet<ContractAddress>>>,
    /// Transactions in a sub-block at most.
    pub max_transactions: usize,
    /// Steps of the thread OS in a sub-block at most, so that its proof fits into a prover's memory.
    pub max_steps: u64,
    /// Longest that a transaction may keep a processor busy: nobody has paid for it, and others wait. The largest that a
    /// proof holds, of some million steps, takes half a second.
    pub max_time: Duration,
    /// How long a sub-block stays open after its first transaction.
    pub max_age: Duration,
    /// How often the chain may conflict with transactions before `on_hot` decides.
    pub max_conflicts: u32,
    /// What becomes of transactions that the chain keeps conflicting with.
    pub on_hot: HotPolicy,
    /// Transactions that are not settled, executed or waiting, at most.
    pub max_unsettled: usize,
    /// How long a transaction waits for those of its account that come before it.
    pub waiting_time: Duration,
}

impl ThreadConfig {
    /// A thread that `submitter` settles on the node at `node_url`, with the usual limits.
    #[must_use]
    pub fn new(node_url: String, submitter: ContractAddress) -> Self {
        Self {
            node_url,
            submitter,
            writable: None,
            max_transactions: 100,
            max_steps: 2_000_000,
            max_time: Duration::from_secs(1),
            max_age: Duration::from_secs(10),
            max_conflicts: 4,
            on_hot: HotPolicy::Forward,
            max_unsettled: DEFAULT_MAX_UNSETTLED,
            waiting_time: Duration::from_secs(300),
        }
    }
}

/// What becomes of transactions that the chain keeps conflicting with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HotPolicy {
    /// They are sent to the node as the ordinary transactions that they are.
    Forward,
    /// They are executed and proven again, for as long as it takes.
    Retry,
    /// They are rejected, and their users told why.
    Reject,
}

/// What the provers are doing, for the status.
pub type Provers = Arc<dyn Fn() -> Vec<ProverFigures> + Send + Sync>;

/// What a thread works with.
pub struct ThreadParts {
    /// Over a database that follows the node, with at least one block; the thread alone writes to it.
    pub executor: Executor,
    /// What was acknowledged; the thread alone writes to it.
    pub journal: ThreadJournal,
    /// Who is told what happens.
    pub feed: ChainFeed,
    /// What the provers are doing.
    pub provers: Provers,
    /// The rules.
    pub config: ThreadConfig,
}
