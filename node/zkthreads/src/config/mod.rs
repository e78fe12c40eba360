//! The command line, the environment and the configuration file: one definition of every option.
//!
//! An option `--some-name` is also the environment variable `ZKTHREADS_SOME_NAME` and the key `some-name` of the
//! configuration file, in the section of its subcommand. The command line beats the environment, the environment
//! beats the file, the file beats the default. Each subcommand's options are in a file of their own; [`file`](mod@file) makes
//! the configuration file's values clap's defaults, so that a value means the same wherever it comes from.

mod chain;
mod check_class;
mod db;
mod demo;
mod devnet;
mod devnet_options;
pub mod file;
mod groups;
mod thread;
mod thread_daemon;
pub mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use chain::NodeArgs;
pub use check_class::CheckClassArgs;
pub use db::{CheckpointArgs, DataDir, DbCommand, PruneArgs};
pub use demo::DemoArgs;
pub use devnet::{DevnetArgs, ForkArgs};
pub use devnet_options::DevnetOptionArgs;
pub use file::FileError;
pub use groups::{HistoryArgs, MempoolArgs, MetricsArgs, RpcArgs};
pub use thread::{ProveArgs, VerifyArgs};
pub use thread_daemon::{ProverArgs, SubBlockArgs, ThreadArgs};
pub use values::ContractChoice;

const EXAMPLES: &str = "\
Examples:
  zkthreads demo                                    watch a thread at work
  zkthreads devnet --seed 0                         a local chain with funded accounts
  zkthreads node --data-dir chain --genesis my.toml a chain that stays
  zkthreads thread --contracts any ...              a thread on a node
  zkthreads db stats --data-dir chain               what a chain takes on disk

Exit codes: 0 success, 1 failure, 2 wrong options or configuration file,
3 what was checked is wrong, 128 + N ended at once by the second signal, N.

Each option --some-name is also the environment variable ZKTHREADS_SOME_NAME, and the key some-name
in the section of its subcommand in the configuration file.";

/// A Starknet node that settles zkThreads: batches of ordinary transactions, executed elsewhere and proven.
#[derive(Debug, Parser)]
#[command(name = "zkthreads", version, about, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What goes for every subcommand.
    #[command(flatten)]
    pub general: GeneralArgs,
}

/// Options of every subcommand.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "General")]
pub struct GeneralArgs {
    /// A TOML file with options: these at its top, a subcommand's in the section of its name.
    #[arg(long, global = true, env = "ZKTHREADS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What is logged to standard error: error, warn, info, debug, trace, or directives as RUST_LOG takes them
    /// [default: warn,zkthreads=info for devnet, node and thread, else error].
    #[arg(long, global = true, env = "RUST_LOG", value_name = "LEVEL", value_parser = values::log_level)]
    pub log_level: Option<String>,
    /// How it is written: for people, or as one JSON object per line.
    #[arg(long, global = true, env = "ZKTHREADS_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a local chain with funded accounts, like starknet-devnet.
    Devnet(Box<DevnetArgs>),
    /// Run the sequencer of a chain of one's own, which stays.
    Node(NodeArgs),
    /// Keep a thread alive beside a node: take users' transactions, prove them, settle them.
    Thread(Box<ThreadArgs>),
    /// Execute signed transactions as a thread over a node's latest block, prove them, and write the package.
    Prove(ProveArgs),
    /// Check a package's proof and show what it says.
    Verify(VerifyArgs),
    /// Say whether threads run a class, before it is declared.
    CheckClass(CheckClassArgs),
    /// Look into and after the database of a chain whose node is not running.
    #[command(subcommand)]
    Db(DbCommand),
    /// Show a thread at work: a node, users who trade, proofs, a conflict, and what it all costs.
    Demo(DemoArgs),
    /// Prove what a thread's daemon says on standard input.
    #[command(name = zkthreads_workers::SUBCOMMAND, hide = true)]
    ProveWorker,
}

/// Why the options are no good.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The command line or the environment, or help was asked for.
    #[error(transparent)]
    Options(#[from] clap::Error),
    /// The configuration file.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Cli {
    /// Reads the command line, the environment and, if they name one, the configuration file.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Self, ConfigError> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        // Which file, before anything else is judged: it may hold what the command line lacks.
        let early = Self::command().ignore_errors(true).try_get_matches_from(&arguments)?;
        let mut command = Self::command();
        if let Some(path) = early.get_one::<PathBuf>("config") {
            command = file::apply(command, path, &early)?;
        }
        let matches = command.clone().try_get_matches_from(arguments)?;
        Ok(Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
