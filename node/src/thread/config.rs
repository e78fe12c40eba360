//! What the daemon is launched with.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use starknet_api::core::ContractAddress;

use crate::config::OnHot;

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
    pub on_hot: OnHot,
    /// After how many conflicts in turn.
    pub max_conflicts: u32,
    /// How sub-blocks are proven.
    pub provers: ProverOptions,
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
