//! The command line. Every option has an environment variable: `ZKTHREADS_` and its name in capitals.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use starknet_api::block::BlockTimestamp;
use starknet_api::core::{ChainId, ContractAddress};
use starknet_types_core::felt::Felt;

use crate::devnet::constants::DEFAULT_PORT;
use crate::devnet::manifest::Wishes;
use crate::launch::NodeConfig;
use crate::producer::BlockMode;

/// A Starknet node that settles zkThreads: batches of ordinary transactions, executed elsewhere and proven.
#[derive(Debug, Parser)]
#[command(name = "zkthreads", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a local chain with funded accounts, like starknet-devnet.
    Devnet(DevnetArgs),
    /// Execute signed transactions as a thread over a node's latest block, prove them, and write the package.
    Prove(ProveArgs),
    /// Check a package's proof and show what it says.
    Verify(VerifyArgs),
    /// Show a thread settle, from accounts to storage proof, on a devnet of its own.
    Demo,
}

/// Options of `zkthreads devnet`.
#[derive(Debug, Clone, Args)]
pub struct DevnetArgs {
    /// Seed of the predeployed accounts' keys; random if absent. The accounts are starknet-devnet's for the same seed.
    #[arg(long, env = "ZKTHREADS_SEED", value_name = "SEED")]
    pub seed: Option<u32>,
    /// Number of predeployed accounts [default: 10].
    #[arg(long, env = "ZKTHREADS_ACCOUNTS", value_name = "NUMBER")]
    pub accounts: Option<u8>,
    /// Balance of each predeployed account, in wei and in fri [default: 1000000000000000000000].
    #[arg(long, short = 'e', env = "ZKTHREADS_INITIAL_BALANCE", value_name = "DECIMAL")]
    pub initial_balance: Option<u128>,
    /// MAINNET, TESTNET, or any ASCII text of up to 31 characters [default: TESTNET, which is SN_SEPOLIA].
    #[arg(long, env = "ZKTHREADS_CHAIN_ID", value_name = "CHAIN_ID", value_parser = parse_chain_id)]
    pub chain_id: Option<ChainId>,
    /// Timestamp of the genesis block, seconds since the Unix epoch; now if absent. With `--seed`, makes genesis
    /// the same every time. Without effect on a chain that exists.
    #[arg(long, env = "ZKTHREADS_GENESIS_TIMESTAMP", value_name = "SECONDS")]
    pub genesis_timestamp: Option<u64>,
    /// Seconds between blocks, empty ones included; a block per batch of pending transactions if absent.
    #[arg(long, env = "ZKTHREADS_BLOCK_TIME", value_name = "SECONDS", value_parser = parse_seconds)]
    pub block_time: Option<Duration>,
    /// Address to listen at.
    #[arg(long, env = "ZKTHREADS_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_parser = parse_host)]
    pub host: IpAddr,
    /// Port to listen at; 0 takes a free one.
    #[arg(long, env = "ZKTHREADS_PORT", default_value_t = DEFAULT_PORT)]
    pub port: u16,
    /// Where the chain lives; started again with the same directory, the node continues. A temporary directory,
    /// deleted at the end, if absent.
    #[arg(long, env = "ZKTHREADS_DATA_DIR", value_name = "PATH")]
    pub data_dir: Option<PathBuf>,
}

/// Options of `zkthreads prove`.
#[derive(Debug, Clone, Args)]
pub struct ProveArgs {
    /// The node whose latest block to build on.
    #[arg(long, env = "ZKTHREADS_RPC", value_name = "URL", default_value = "http://127.0.0.1:5050/rpc")]
    pub rpc: String,
    /// A JSON list of signed INVOKE v3, as `starknet_addInvokeTransaction` takes them.
    #[arg(long, env = "ZKTHREADS_TRANSACTIONS", value_name = "FILE")]
    pub transactions: PathBuf,
    /// The only account that may settle the package; anyone if absent.
    #[arg(long, env = "ZKTHREADS_SUBMITTER", value_name = "ADDRESS", value_parser = parse_address)]
    pub submitter: Option<ContractAddress>,
    /// Where to write the package.
    #[arg(long, env = "ZKTHREADS_OUT", value_name = "FILE")]
    pub out: PathBuf,
}

/// Options of `zkthreads verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// A package, as `zkthreads prove` writes it.
    pub file: PathBuf,
}

impl DevnetArgs {
    /// As the node takes it.
    #[must_use]
    pub fn into_config(self) -> NodeConfig {
        NodeConfig {
            address: SocketAddr::new(self.host, self.port),
            block_mode: self.block_time.map_or(BlockMode::OnTransaction, BlockMode::Interval),
            data_dir: self.data_dir,
            genesis_timestamp: self.genesis_timestamp.map(BlockTimestamp),
            genesis: Wishes {
                chain_id: self.chain_id,
                seed: self.seed,
                accounts: self.accounts,
                initial_balance: self.initial_balance,
            },
        }
    }
}

fn parse_chain_id(text: &str) -> Result<ChainId, String> {
    match text {
        "MAINNET" => Ok(ChainId::Mainnet),
        "TESTNET" => Ok(ChainId::Sepolia),
        _ if text.is_empty() || text.len() > 31 || !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err("a chain id is 1 to 31 printable ASCII characters".to_owned())
        }
        _ => Ok(ChainId::from(text.to_owned())),
    }
}

fn parse_host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    text.parse().map_err(|_| "an IP address or localhost is expected".to_owned())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|interval| *interval >= Duration::from_millis(1))
        .ok_or_else(|| "a positive number of seconds is expected".to_owned())
}

fn parse_address(text: &str) -> Result<ContractAddress, String> {
    let felt = Felt::from_hex(text).map_err(|error| error.to_string())?;
    felt.try_into().map_err(|_| "not a contract address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devnet(arguments: &[&str]) -> Result<NodeConfig, clap::Error> {
        let cli = Cli::try_parse_from(["zkthreads", "devnet"].iter().chain(arguments))?;
        match cli.command {
            Command::Devnet(arguments) => Ok(arguments.into_config()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn devnet_defaults_are_starknet_devnets() {
        let config = devnet(&[]).unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:5050");
        assert_eq!(config.block_mode, BlockMode::OnTransaction);
        assert_eq!(config.genesis, Wishes::default());
        let manifest = config.genesis.into_manifest();
        assert_eq!(manifest.chain_id, ChainId::Sepolia);
        assert_eq!(manifest.accounts, 10);
        assert_eq!(manifest.initial_balance, 1_000_000_000_000_000_000_000);
    }

    #[test]
    fn devnet_options_are_read() {
        let config = devnet(&[
            "--seed",
            "7",
            "--accounts",
            "3",
            "--initial-balance",
            "5",
            "--chain-id",
            "MY_CHAIN",
            "--block-time",
            "0.5",
            "--host",
            "localhost",
            "--port",
            "0",
            "--data-dir",
            "here",
        ])
        .unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:0");
        assert_eq!(config.block_mode, BlockMode::Interval(Duration::from_millis(500)));
        assert_eq!(config.data_dir, Some(PathBuf::from("here")));
        let expected = Wishes {
            chain_id: Some(ChainId::Other("MY_CHAIN".to_owned())),
            seed: Some(7),
            accounts: Some(3),
            initial_balance: Some(5),
        };
        assert_eq!(config.genesis, expected);
    }

    #[test]
    fn chain_ids_have_their_short_names() {
        assert_eq!(parse_chain_id("MAINNET"), Ok(ChainId::Mainnet));
        assert_eq!(parse_chain_id("SN_MAIN"), Ok(ChainId::Mainnet));
        assert_eq!(parse_chain_id("TESTNET"), Ok(ChainId::Sepolia));
        assert!(parse_chain_id("").is_err());
        assert!(parse_chain_id("café").is_err());
        assert!(parse_chain_id(&"x".repeat(32)).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in [["--block-time", "0"], ["--block-time", "-1"], ["--host", "nowhere"], ["--seed", "x"]] {
            assert!(devnet(&wrong).is_err(), "{wrong:?}");
        }
    }
}
