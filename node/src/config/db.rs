//! Options of `zkthreads db`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What `zkthreads db` can do.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Show how many rows and bytes each table holds.
    Stats(DataDir),
    /// Recompute what can be recomputed, and say what is wrong; the exit code is 3 if anything is.
    Check(DataDir),
    /// Forget the state history and the trie nodes of old blocks. Blocks, transactions and receipts stay.
    Prune(PruneArgs),
    /// Make a copy of the data directory that a node can be started on. Takes next to no time and space on the same
    /// file system.
    Checkpoint(CheckpointArgs),
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
    /// Blocks, counted from the tip, whose state stays.
    #[arg(long, env = "ZKTHREADS_STATE_HISTORY", value_name = "BLOCKS")]
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
