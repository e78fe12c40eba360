//! What a thread is started with.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use starknet_api::core::ContractAddress;
use zkthreads_execution::Executor;
use zkthreads_rpc_api::ChainFeed;
use zkthreads_storage::ThreadJournal;

use zkthreads_workers::ProverFigures;

/// Most transactions that are not settled, executed or waiting, unless told otherwise.
pub const DEFAULT_MAX_UNSETTLED: usize = 20_000;
/// The same for their bytes: seven times as many as so many transfers have. In memory each is there about five times.
pub const DEFAULT_MAX_UNSETTLED_BYTES: usize = 64 << 20;
/// The same for the cells that they read and write: four times as many as so many transfers do, which read seven and write four.
/// All that is kept of an executed transaction takes 0.4 to 1.1 KB of memory for each: measured with 500 transfers in 20 sub-blocks,
/// and with as many transactions that write a hundred cells.
pub const DEFAULT_MAX_UNSETTLED_CELLS: usize = 1_000_000;
/// Most fresh cells in a sub-block, unless told otherwise: twenty for each of the fifty transfers that the usual prover has memory
/// for. At 402,000 L2 gas each they cost the submitter ten times what the package and its proof do.
pub const DEFAULT_MAX_FRESH_CELLS: usize = 1_024;
/// The same for those of one account: five for each of the fifty, if all of them are its.
pub const DEFAULT_MAX_FRESH_CELLS_PER_ACCOUNT: usize = 256;

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
    /// Storage cells of a sub-block at most that held zero before it and do not after it: the submitter pays for each.
    pub max_fresh_cells: usize,
    /// The same for what the transactions of one account make of them.
    pub max_fresh_cells_per_account: usize,
    /// How long a sub-block stays open after its first transaction.
    pub max_age: Duration,
    /// How often the chain may conflict with transactions before `on_hot` decides.
    pub max_conflicts: u32,
    /// What becomes of transactions that the chain keeps conflicting with.
    pub on_hot: HotPolicy,
    /// How long the chain has to leave a hot cell alone before what reads it is proven. About as long as the smallest proof takes:
    /// what is changed more often than that cannot be proven in time, whoever tries.
    pub hot_quiet: Duration,
    /// Transactions that are not settled, executed or waiting, at most.
    pub max_unsettled: usize,
    /// Bytes that these take in packages, at most.
    pub max_unsettled_bytes: usize,
    /// Cells that those in sub-blocks read and write, at most: each counts for every transaction that does.
    pub max_unsettled_cells: usize,
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
            max_fresh_cells: DEFAULT_MAX_FRESH_CELLS,
            max_fresh_cells_per_account: DEFAULT_MAX_FRESH_CELLS_PER_ACCOUNT,
            max_time: Duration::from_secs(1),
            max_age: Duration::from_secs(10),
            max_conflicts: 4,
            on_hot: HotPolicy::Forward,
            hot_quiet: Duration::from_secs(10),
            max_unsettled: DEFAULT_MAX_UNSETTLED,
            max_unsettled_bytes: DEFAULT_MAX_UNSETTLED_BYTES,
            max_unsettled_cells: DEFAULT_MAX_UNSETTLED_CELLS,
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
