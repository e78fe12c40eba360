//! Options of `zkthreads db`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  zkthreads db stats --data-dir chain
  zkthreads db checkpoint --data-dir chain --to backup    a node can be started on backup
  zkthreads db prune --data-dir chain --state-history 1000
  zkthreads db migrate --data-dir chain                   after an upgrade, if a start says so";

/// What `zkthreads db` can do.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum DbCommand {
    /// Show how many rows and bytes each table holds.
    Stats(DataDir),
    /// Recompute what can be recomputed, and say what is wrong; the exit code is 3 if anything is.
    Check(DataDir),
    /// Forget the states of old blocks. Blocks, transactions, receipts and traces stay.
    Prune(PruneArgs),
    /// Make a copy of the data directory that a node can be started on. On the same file system it takes a moment and
    /// next to no space.
    Checkpoint(CheckpointArgs),
    /// Carry the databases of a chain, a thread or a fork's cache over to this version of the program. If it is interrupted,
    /// run it again.
    Migrate(DataDir),
}

/// The chain.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Chain")]
pub struct DataDir {
    /// Where the chain lives.
    #[arg(long, env = "ZKTHREADS_DATA_DIR", value_name = "PATH")]
    pub data_dir: PathBuf,
}

/// Options of `zkthreads db prune`.
#[derive(Debug, Clone, Args)]
pub struct PruneArgs {
    /// The chain.
    #[command(flatten)]
    pub chain: DataDir,
    /// Blocks, counted from the tip, whose state stays, 1 at least.
    #[arg(long, env = "ZKTHREADS_STATE_HISTORY", value_name = "BLOCKS",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub state_history: u64,
}

/// Options of `zkthreads db checkpoint`.
#[derive(Debug, Clone, Args)]
pub struct CheckpointArgs {
    /// The chain.
    #[command(flatten)]
    pub chain: DataDir,
    /// Where to put the copy; must not exist yet.
    #[arg(long, env = "ZKTHREADS_TO", value_name = "PATH")]
    pub to: PathBuf,
}
