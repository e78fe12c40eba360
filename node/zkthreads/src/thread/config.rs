//! What the daemon is launched with.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use starknet_api::core::ContractAddress;
use zkthreads_batcher::thread::{
    DEFAULT_MAX_FRESH_CELLS, DEFAULT_MAX_FRESH_CELLS_PER_ACCOUNT, DEFAULT_MAX_UNSETTLED,
    DEFAULT_MAX_UNSETTLED_BYTES, DEFAULT_MAX_UNSETTLED_CELLS, HotPolicy,
};

/// What a thread's daemon is launched with.
#[derive(Debug, Clone)]
pub struct ThreadDaemonConfig {
    /// Where RPC listens; port 0 lets the system choose.
    pub address: SocketAddr,
    /// JSON-RPC of the node.
    pub node: String,
    /// The contracts that transactions may write; any if absent.
    pub contracts: Option<BTreeSet<ContractAddress>>,
    /// The account that settles.
    pub submitter: ContractAddress,
    /// Where its private key is.
    pub key_file: PathBuf,
    /// Where the thread lives; a temporary directory if absent.
    pub data_dir: Option<PathBuf>,
    /// Transactions in a sub-block at most.
    pub max_transactions: u32,
    /// How long a sub-block stays open for more.
    pub max_age: Duration,
    /// What a settlement may cost, fri; anything if absent.
    pub max_fee: Option<u128>,
    /// How far the signed bounds lie above the node's estimate, percent.
    pub fee_margin: u32,
    /// What happens to a transaction that the chain keeps conflicting with.
    pub on_hot: HotPolicy,
    /// After how many conflicts in turn.
    pub max_conflicts: u32,
    /// What is taken at most.
    pub limits: ThreadLimits,
    /// How sub-blocks are proven.
    pub provers: ProverOptions,
}

/// What a thread takes at most; [`ThreadConfig`](zkthreads_batcher::thread::ThreadConfig) has what each of them bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadLimits {
    /// Fresh cells of a sub-block.
    pub fresh_cells: usize,
    /// Fresh cells of one account in a sub-block.
    pub fresh_cells_per_account: usize,
    /// Transactions that are not settled.
    pub unsettled: usize,
    /// Their bytes.
    pub unsettled_bytes: usize,
    /// The cells that they read and write.
    pub unsettled_cells: usize,
}

impl Default for ThreadLimits {
    fn default() -> Self {
        Self {
            fresh_cells: DEFAULT_MAX_FRESH_CELLS,
            fresh_cells_per_account: DEFAULT_MAX_FRESH_CELLS_PER_ACCOUNT,
            unsettled: DEFAULT_MAX_UNSETTLED,
            unsettled_bytes: DEFAULT_MAX_UNSETTLED_BYTES,
            unsettled_cells: DEFAULT_MAX_UNSETTLED_CELLS,
        }
    }
}

/// How sub-blocks are proven.
#[derive(Debug, Clone)]
pub struct ProverOptions {
    /// How many side by side.
    pub workers: u32,
    /// Memory that each may take, bytes.
    pub memory_bytes: u64,
    /// After how long a proof is given up.
    pub deadline: Duration,
    /// The program that proves when it is called with `prove-worker`.
    pub program: PathBuf,
}
