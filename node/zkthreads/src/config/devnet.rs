//! Options of `zkthreads devnet`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use starknet_api::block::BlockTimestamp;
use starknet_api::core::ChainId;
use zkthreads_devnet::block_mode;
use zkthreads_devnet::manifest::DevnetRequest;
use zkthreads_fork::ForkRequest;
use zkthreads_genesis::account_class::AccountClass;
use zkthreads_genesis::balance::Balance;
use zkthreads_genesis::{HIGHEST_THREAD_LAG, chain_id};
use zkthreads_producer::BlockMode;

use super::{DevnetOptionArgs, HistoryArgs, MempoolArgs, MetricsArgs, RpcArgs, values};
use crate::chain::ChainOrigin;
use crate::launch::NodeConfig;

const EXAMPLES: &str = "\
Examples:
  zkthreads devnet --seed 0                      the same accounts every time
  zkthreads devnet --seed 0 --data-dir chain     survives a restart
  zkthreads devnet --block-time 2                a block every two seconds
  zkthreads devnet --fork-network URL            on top of another network's latest block
  zkthreads devnet --config zkthreads.toml       options from the section [devnet] of a file";

/// Options of `zkthreads devnet`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES, next_help_heading = "Chain")]
pub struct DevnetArgs {
    /// Seed of the predeployed accounts' keys, below 2^32; random if absent. The accounts are starknet-devnet's for the same seed.
    #[arg(long, env = "ZKTHREADS_SEED", value_name = "SEED")]
    pub seed: Option<u32>,
    /// Number of predeployed accounts, 0 to 255 [default: 10].
    #[arg(long, env = "ZKTHREADS_ACCOUNTS", value_name = "NUMBER")]
    pub accounts: Option<u8>,
    /// Balance of each predeployed account, in wei and in fri, up to 2^256 - 1 [default: 1000000000000000000000].
    #[arg(long, short = 'e', env = "ZKTHREADS_INITIAL_BALANCE", value_name = "DECIMAL")]
    pub initial_balance: Option<Balance>,
    /// Class of the predeployed accounts, OpenZeppelin's: `cairo1` is 1.0.0, `cairo0` is 0.5.1 [default: cairo1].
    #[arg(long, env = "ZKTHREADS_ACCOUNT_CLASS", value_name = "cairo0|cairo1", value_parser = values::account_class)]
    pub account_class: Option<AccountClass>,
    /// The same, any account that keeps its public key where OpenZeppelin's do: a Sierra artifact.
    #[arg(long, env = "ZKTHREADS_ACCOUNT_CLASS_CUSTOM", value_name = "PATH", value_parser = values::account_artifact, conflicts_with = "account_class")]
    pub account_class_custom: Option<AccountClass>,
    /// Declares Argent's accounts: 0.4.0, and the multisig 0.2.0.
    #[arg(long, env = "ZKTHREADS_PREDECLARE_ARGENT")]
    pub predeclare_argent: bool,
    /// MAINNET, TESTNET, or any ASCII text of 1 to 31 characters [default: TESTNET, which is SN_SEPOLIA].
    #[arg(long, env = "ZKTHREADS_CHAIN_ID", value_name = "CHAIN_ID", value_parser = chain_id::parse)]
    pub chain_id: Option<ChainId>,
    /// Timestamp of the genesis block, seconds since the Unix epoch, 0 or more [default: the start time]. With `--seed`, makes genesis
    /// the same every time. Without effect on a chain that exists.
    #[arg(long, env = "ZKTHREADS_GENESIS_TIMESTAMP", value_name = "SECONDS")]
    pub genesis_timestamp: Option<u64>,
    /// How far behind the chain's time a thread's own may be when it settles, seconds, up to ten years; 0 is the strict form, in
    /// which no transaction sees an earlier time than one before it [default: 600].
    #[arg(long, env = "ZKTHREADS_MAX_THREAD_LAG", value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(..=HIGHEST_THREAD_LAG))]
    pub max_thread_lag: Option<u64>,
    /// Where the chain lives; started again with the same directory, the node continues. A temporary directory,
    /// deleted at the end, if absent.
    #[arg(long, env = "ZKTHREADS_DATA_DIR", value_name = "PATH")]
    pub data_dir: Option<PathBuf>,
    /// Seconds between blocks, empty ones included, 0.001 at least; a block per batch of pending transactions if absent.
    #[arg(long, env = "ZKTHREADS_BLOCK_TIME", value_name = "SECONDS", value_parser = values::seconds)]
    pub block_time: Option<Duration>,
    /// What to fork.
    #[command(flatten)]
    pub fork: ForkArgs,
    /// What else starknet-devnet's users know.
    #[command(flatten)]
    pub options: DevnetOptionArgs,
    /// How much of the past is kept.
    #[command(flatten)]
    pub history: HistoryArgs,
    /// Where JSON-RPC is served.
    #[command(flatten)]
    pub rpc: RpcArgs,
    /// Where metrics are served.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// What the mempool may hold.
    #[command(flatten)]
    pub mempool: MempoolArgs,
}

/// What a devnet is a fork of.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Fork")]
pub struct ForkArgs {
    /// JSON-RPC 0.8 to 0.10 of a network on top of which the chain begins, http:// or https://.
    #[arg(long, env = "ZKTHREADS_FORK_NETWORK", value_name = "URL")]
    pub fork_network: Option<String>,
    /// Number of the block after which it begins, 0 or more; the network's latest at the first start if absent.
    #[arg(long, env = "ZKTHREADS_FORK_BLOCK", value_name = "NUMBER")]
    pub fork_block: Option<u64>,
    /// Where what was read from the network is kept, for one devnet at a time [default: in the data directory].
    #[arg(long, env = "ZKTHREADS_FORK_CACHE", value_name = "PATH")]
    pub fork_cache: Option<PathBuf>,
}

impl DevnetArgs {
    /// As the node takes it.
    #[must_use]
    pub fn into_config(self) -> NodeConfig {
        NodeConfig {
            address: self.rpc.address(),
            block_mode: match (self.block_time, self.options.block_generation_on) {
                (Some(interval), _) => BlockMode::Interval(interval),
                (None, generation) => generation.map_or(BlockMode::OnTransaction, block_mode),
            },
            data_dir: self.data_dir,
            origin: ChainOrigin::Devnet {
                request: DevnetRequest {
                    chain_id: self.chain_id,
                    seed: self.seed,
                    accounts: self.accounts,
                    initial_balance: self.initial_balance,
                    account_class: self.account_class.or(self.account_class_custom),
                    predeclare_argent: self.predeclare_argent,
                    max_thread_lag: self.max_thread_lag,
                    fork: ForkRequest {
                        url: self.fork.fork_network,
                        block: self.fork.fork_block,
                        cache: self.fork.fork_cache,
                    },
                },
                timestamp: self.genesis_timestamp.map(BlockTimestamp),
                options: Box::new(self.options.into_options()),
            },
            limits: self.mempool.limits(),
            state_history: self.history.state_history,
        }
    }
}
