//! Options of `zkthreads thread`.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use starknet_api::core::ContractAddress;
use zkthreads_batcher::thread::{
    DEFAULT_MAX_FRESH_CELLS, DEFAULT_MAX_FRESH_CELLS_PER_ACCOUNT, DEFAULT_MAX_UNSETTLED,
    DEFAULT_MAX_UNSETTLED_CELLS, HotPolicy,
};

use super::values::ContractChoice;
use super::{MetricsArgs, RpcArgs, values};
use crate::thread::{ProverOptions, ThreadDaemonConfig, ThreadLimits};

/// Where a thread serves JSON-RPC unless told otherwise: beside a devnet's.
const DEFAULT_PORT: &str = "5051";

const EXAMPLES: &str = "\
Examples:
  zkthreads thread --contracts any --submitter 0x1234 --submitter-key-file key
  zkthreads thread --node http://node:5050/rpc --contracts 0xabc,0xdef --submitter 0x1234 \\
      --submitter-key-file key --data-dir thread --prover-memory 8GiB --max-age 10
  zkthreads thread --config zkthreads.toml       options from the section [thread] of a file";

/// Options of `zkthreads thread`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = EXAMPLES,
    next_help_heading = "Thread",
    mut_arg("port", |port| port.default_value(DEFAULT_PORT)),
)]
pub struct ThreadArgs {
    /// JSON-RPC of the node whose chain the thread runs on and settles to.
    #[arg(long, env = "ZKTHREADS_NODE", value_name = "URL", default_value = "http://127.0.0.1:5050/rpc")]
    pub node: String,
    /// The contracts that transactions may write, separated by commas, or `any`. Reading is free.
    #[arg(long, env = "ZKTHREADS_CONTRACTS", value_name = "ADDRESSES", required = true, value_delimiter = ',',
        value_parser = values::contract)]
    pub contracts: Vec<ContractChoice>,
    /// The account that settles and pays for it.
    #[arg(long, env = "ZKTHREADS_SUBMITTER", value_name = "ADDRESS", value_parser = values::address)]
    pub submitter: ContractAddress,
    /// A file with that account's private key, hexadecimal, which nobody else may be able to read.
    #[arg(long, env = "ZKTHREADS_SUBMITTER_KEY_FILE", value_name = "FILE")]
    pub submitter_key_file: PathBuf,
    /// Where the thread lives; started again with the same directory, it continues. A temporary directory, deleted at
    /// the end, if absent.
    #[arg(long, env = "ZKTHREADS_DATA_DIR", value_name = "PATH")]
    pub data_dir: Option<PathBuf>,
    /// Where JSON-RPC is served.
    #[command(flatten)]
    pub rpc: RpcArgs,
    /// How sub-blocks are made and settled.
    #[command(flatten)]
    pub sub_blocks: SubBlockArgs,
    /// What is taken at most.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// How they are proven.
    #[command(flatten)]
    pub provers: ProverArgs,
    /// Where metrics are served.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

/// How sub-blocks are made and settled.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sub-blocks")]
pub struct SubBlockArgs {
    /// Transactions in a sub-block at most, 1 to 1024.
    #[arg(long, env = "ZKTHREADS_MAX_TRANSACTIONS", value_name = "NUMBER", default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub max_transactions: u32,
    /// Seconds that a sub-block stays open for more, 0.001 at least.
    #[arg(long, env = "ZKTHREADS_MAX_AGE", value_name = "SECONDS", default_value = "5", value_parser = values::seconds)]
    pub max_age: Duration,
    /// STRK, with up to 18 decimals, that settling may cost at most, a transaction; while it would cost more, the thread waits. No limit if absent.
    #[arg(long, env = "ZKTHREADS_MAX_FEE", value_name = "STRK", value_parser = values::tokens)]
    pub max_fee: Option<u128>,
    /// How far the bounds that are signed lie above the node's estimate, percent, 0 to 1000.
    #[arg(long, env = "ZKTHREADS_FEE_MARGIN", value_name = "PERCENT", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(..=1000))]
    pub fee_margin: u32,
    /// What happens to a transaction that the chain keeps conflicting with: it is sent to the chain as it is, tried
    /// again, or rejected. One that cannot be proven is sent to the chain, unless it is to be rejected.
    #[arg(long, env = "ZKTHREADS_ON_HOT", value_name = "WHAT", default_value = "forward")]
    pub on_hot: OnHot,
    /// After how many conflicts in turn that happens, 1 at least.
    #[arg(long, env = "ZKTHREADS_MAX_CONFLICTS", value_name = "NUMBER", default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub max_conflicts: u32,
}

/// What is taken at most.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Storage cells that a sub-block makes at most out of such as held zero, 1 at least; then the next one is begun. Settling pays 402,000 L2 gas for each.
    #[arg(long, env = "ZKTHREADS_MAX_FRESH_CELLS", value_name = "NUMBER", default_value_t = DEFAULT_MAX_FRESH_CELLS,
        value_parser = values::at_least_one)]
    pub max_fresh_cells: usize,
    /// How many of them the transactions of one account may make in a sub-block, 1 at least; what makes more is refused.
    #[arg(long, env = "ZKTHREADS_MAX_FRESH_CELLS_PER_ACCOUNT", value_name = "NUMBER",
        default_value_t = DEFAULT_MAX_FRESH_CELLS_PER_ACCOUNT, value_parser = values::at_least_one)]
    pub max_fresh_cells_per_account: usize,
    /// Transactions that are not settled at most, executed or waiting, 1 at least; then none is taken.
    #[arg(long, env = "ZKTHREADS_MAX_UNSETTLED", value_name = "NUMBER", default_value_t = DEFAULT_MAX_UNSETTLED,
        value_parser = values::at_least_one)]
    pub max_unsettled: usize,
    /// What they take in packages at most, bytes, or with KiB, MiB, GiB.
    #[arg(long, env = "ZKTHREADS_MAX_UNSETTLED_BYTES", value_name = "SIZE", default_value = "64MiB",
        value_parser = values::memory)]
    pub max_unsettled_bytes: u64,
    /// How many cells they read and write at most, once executed, 1 at least; each counts for every transaction that does.
    #[arg(long, env = "ZKTHREADS_MAX_UNSETTLED_CELLS", value_name = "NUMBER",
        default_value_t = DEFAULT_MAX_UNSETTLED_CELLS, value_parser = values::at_least_one)]
    pub max_unsettled_cells: usize,
}

/// How sub-blocks are proven.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Proving")]
pub struct ProverArgs {
    /// How many sub-blocks are proven side by side, 1 to 64, each by a process of its own.
    #[arg(long, env = "ZKTHREADS_PROVERS", value_name = "NUMBER", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=64))]
    pub provers: u32,
    /// Memory that each may take, more than 3.5 GiB; sub-blocks are closed so that it suffices. Bytes, or with KiB, MiB, GiB.
    #[arg(long, env = "ZKTHREADS_PROVER_MEMORY", value_name = "SIZE", default_value = "6GiB",
        value_parser = values::memory)]
    pub prover_memory: u64,
    /// Seconds after which a proof is given up and begun anew, 0.001 at least.
    #[arg(long, env = "ZKTHREADS_PROVER_DEADLINE", value_name = "SECONDS", default_value = "600",
        value_parser = values::seconds)]
    pub prover_deadline: Duration,
}

/// What happens to a transaction that the chain keeps conflicting with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnHot {
    /// It is sent to the chain as it is.
    Forward,
    /// It is tried again, as long as it can be proven.
    Retry,
    /// It is rejected.
    Reject,
}

impl From<OnHot> for HotPolicy {
    fn from(on_hot: OnHot) -> Self {
        match on_hot {
            OnHot::Forward => Self::Forward,
            OnHot::Retry => Self::Retry,
            OnHot::Reject => Self::Reject,
        }
    }
}

impl ThreadArgs {
    /// As the daemon takes it. The provers are processes of this binary.
    ///
    /// # Errors
    /// If the system does not tell where this binary is.
    pub fn into_config(self) -> io::Result<ThreadDaemonConfig> {
        let Self { sub_blocks, limits, provers, contracts, .. } = self;
        let only = contracts.iter().map(|choice| match choice {
            ContractChoice::Any => None,
            ContractChoice::One(contract) => Some(*contract),
        });
        Ok(ThreadDaemonConfig {
            address: self.rpc.address(),
            node: self.node,
            contracts: only.collect(),
            submitter: self.submitter,
            key_file: self.submitter_key_file,
            data_dir: self.data_dir,
            max_transactions: sub_blocks.max_transactions,
            max_age: sub_blocks.max_age,
            max_fee: sub_blocks.max_fee,
            fee_margin: sub_blocks.fee_margin,
            on_hot: sub_blocks.on_hot.into(),
            max_conflicts: sub_blocks.max_conflicts,
            limits: ThreadLimits {
                fresh_cells: limits.max_fresh_cells,
                fresh_cells_per_account: limits.max_fresh_cells_per_account,
                unsettled: limits.max_unsettled,
                unsettled_bytes: usize::try_from(limits.max_unsettled_bytes).unwrap_or(usize::MAX),
                unsettled_cells: limits.max_unsettled_cells,
            },
            provers: ProverOptions {
                workers: provers.provers,
                memory_bytes: provers.prover_memory,
                deadline: provers.prover_deadline,
                program: std::env::current_exe()?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{Cli, Command, ConfigError};

    fn thread(arguments: &[&str]) -> Result<ThreadDaemonConfig, ConfigError> {
        match Cli::load([&["zkthreads", "thread"], arguments].concat())?.command {
            Command::Thread(arguments) => Ok(arguments.into_config().unwrap()),
            other => panic!("{other:?}"),
        }
    }

    const WHO: [&str; 4] = ["--submitter", "0x7", "--submitter-key-file", "key"];

    #[test]
    fn what_a_thread_needs_is_asked_for() {
        assert!(matches!(thread(&WHO), Err(ConfigError::Options(_))), "no contracts");
        assert!(matches!(thread(&["--contracts", "any"]), Err(ConfigError::Options(_))), "no submitter");
        let config = thread(&[&WHO[..], &["--contracts", "0x2,0x1"]].concat()).unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:5051");
        assert_eq!(config.contracts, Some([1_u64, 2].map(ContractAddress::from).into()));
        assert_eq!(config.node, "http://127.0.0.1:5050/rpc");
        assert_eq!((config.provers.workers, config.provers.memory_bytes), (1, 6 << 30));
        assert_eq!((config.max_fee, config.fee_margin, config.on_hot), (None, 50, HotPolicy::Forward));
        assert_eq!(config.limits, ThreadLimits::default());
    }

    #[test]
    fn what_is_taken_at_most_can_be_told() {
        let limits = [
            "--max-fresh-cells=5",
            "--max-fresh-cells-per-account=4",
            "--max-unsettled=3",
            "--max-unsettled-bytes=2KiB",
            "--max-unsettled-cells=1",
        ];
        let config = thread(&[&WHO[..], &["--contracts", "any"], &limits].concat()).unwrap();
        let expected = ThreadLimits {
            fresh_cells: 5,
            fresh_cells_per_account: 4,
            unsettled: 3,
            unsettled_bytes: 2_048,
            unsettled_cells: 1,
        };
        assert_eq!(config.limits, expected);
        let nothing = [&WHO[..], &["--contracts", "any", "--max-unsettled=0"]].concat();
        assert!(matches!(thread(&nothing), Err(ConfigError::Options(_))));
    }

    #[test]
    fn any_lifts_the_restriction() {
        for contracts in ["any", "0x1,any"] {
            let config = thread(&[&WHO[..], &["--contracts", contracts]].concat()).unwrap();
            assert_eq!(config.contracts, None);
        }
    }

    #[test]
    fn the_file_has_a_section_for_threads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("zkthreads.toml");
        let content = "[thread]\ncontracts = [\"0x1\", \"0x2\"]\nsubmitter = \"0x7\"\nsubmitter-key-file = \"key\"\n\
                       max-age = 0.5\nprover-memory = \"8GiB\"\nmax-fee = \"0.5\"\non-hot = \"reject\"\nport = 7000\n";
        fs::write(&path, content).unwrap();
        let config = thread(&["--config", path.to_str().unwrap(), "--max-age", "3"]).unwrap();
        assert_eq!(config.contracts.map(|contracts| contracts.len()), Some(2));
        assert_eq!(config.address.port(), 7000);
        assert_eq!(config.max_age, Duration::from_secs(3));
        assert_eq!(config.provers.memory_bytes, 8 << 30);
        assert_eq!(config.max_fee, Some(500_000_000_000_000_000));
        assert_eq!(config.on_hot, HotPolicy::Reject);
    }
}
