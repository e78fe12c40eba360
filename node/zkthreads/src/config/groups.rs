//! Options that several subcommands share.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use zkthreads_execution::admit::MAX_NONCE_GAP;
use zkthreads_genesis::constants::DEFAULT_PORT;
use zkthreads_mempool::{Budget, MempoolLimits};

use super::values;

/// Where JSON-RPC is served.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "RPC")]
pub struct RpcArgs {
    /// Address to listen at.
    #[arg(long, env = "ZKTHREADS_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_parser = values::host)]
    pub host: IpAddr,
    /// Port to listen at, up to 65535; 0 takes a free one.
    #[arg(long, env = "ZKTHREADS_PORT", default_value_t = DEFAULT_PORT)]
    pub port: u16,
}

impl RpcArgs {
    /// Both together.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }
}

/// How much of the past is kept.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Chain")]
pub struct HistoryArgs {
    /// Blocks, counted from the tip, 1 at least, whose state, storage proofs and calls stay available; all if absent. Blocks,
    /// transactions, receipts and traces always stay.
    #[arg(long, env = "ZKTHREADS_STATE_HISTORY", value_name = "BLOCKS",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub state_history: Option<u64>,
}

/// Where metrics are served.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Metrics")]
pub struct MetricsArgs {
    /// Serve Prometheus metrics at http://ADDRESS/metrics; port 0 takes a free one. None are kept if absent.
    #[arg(long, env = "ZKTHREADS_METRICS", value_name = "HOST:PORT")]
    pub metrics: Option<SocketAddr>,
}

/// What the mempool may hold.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Mempool")]
pub struct MempoolArgs {
    /// Transactions the mempool holds, threads apart, 0 or more.
    #[arg(long, env = "ZKTHREADS_MEMPOOL_TRANSACTIONS", value_name = "NUMBER", hide_short_help = true,
        default_value_t = MempoolLimits::default().ordinary.transactions)]
    pub mempool_transactions: usize,
    /// Memory they take, bytes, 0 or more.
    #[arg(long, env = "ZKTHREADS_MEMPOOL_BYTES", value_name = "BYTES", hide_short_help = true,
        default_value_t = MempoolLimits::default().ordinary.bytes)]
    pub mempool_bytes: usize,
    /// How many of one account wait, 0 or more.
    #[arg(long, env = "ZKTHREADS_MEMPOOL_PER_ACCOUNT", value_name = "NUMBER", hide_short_help = true,
        default_value_t = MempoolLimits::default().ordinary.account_transactions)]
    pub mempool_per_account: usize,
    /// Thread transactions the mempool holds, 0 or more.
    #[arg(long, env = "ZKTHREADS_MEMPOOL_THREADS", value_name = "NUMBER", hide_short_help = true,
        default_value_t = MempoolLimits::default().threads.transactions)]
    pub mempool_threads: usize,
    /// Memory they take, bytes, 0 or more.
    #[arg(long, env = "ZKTHREADS_MEMPOOL_THREAD_BYTES", value_name = "BYTES", hide_short_help = true,
        default_value_t = MempoolLimits::default().threads.bytes)]
    pub mempool_thread_bytes: usize,
    /// How many of one account wait, 0 or more.
    #[arg(long, env = "ZKTHREADS_MEMPOOL_THREADS_PER_ACCOUNT", value_name = "NUMBER", hide_short_help = true,
        default_value_t = MempoolLimits::default().threads.account_transactions)]
    pub mempool_threads_per_account: usize,
    /// How far a transaction's nonce may be ahead of its account's, 0 to 200.
    #[arg(long, env = "ZKTHREADS_MEMPOOL_NONCE_GAP", value_name = "NUMBER", hide_short_help = true,
        default_value_t = MAX_NONCE_GAP, value_parser = clap::value_parser!(u64).range(..=MAX_NONCE_GAP))]
    pub mempool_nonce_gap: u64,
    /// Seconds that a transaction waits before it is dropped, 0 or more.
    #[arg(long, env = "ZKTHREADS_MEMPOOL_TTL", value_name = "SECONDS", hide_short_help = true,
        default_value_t = MempoolLimits::default().ttl.as_secs())]
    pub mempool_ttl: u64,
}

impl MempoolArgs {
    /// As the mempool takes it.
    #[must_use]
    pub fn limits(self) -> MempoolLimits {
        let default = MempoolLimits::default();
        MempoolLimits {
            ordinary: Budget {
                transactions: self.mempool_transactions,
                bytes: self.mempool_bytes,
                account_transactions: self.mempool_per_account,
                ..default.ordinary
            },
            threads: Budget {
                transactions: self.mempool_threads,
                bytes: self.mempool_thread_bytes,
                account_transactions: self.mempool_threads_per_account,
                ..default.threads
            },
            nonce_gap: self.mempool_nonce_gap,
            ttl: Duration::from_secs(self.mempool_ttl),
            ..default
        }
    }
}
