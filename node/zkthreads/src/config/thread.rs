//! Options of what stands on the thread's side: `zkthreads prove` and `zkthreads verify`.

use std::path::PathBuf;

use clap::Args;
use starknet_api::core::ContractAddress;

use super::values;

/// Options of `zkthreads prove`.
#[derive(Debug, Clone, Args)]
#[command(
    next_help_heading = "Thread",
    after_help = "\
Examples:
  zkthreads prove --transactions signed.json --out my.package
  zkthreads prove --rpc http://node:5050/rpc --submitter 0x1234 --transactions signed.json --out my.package"
)]
pub struct ProveArgs {
    /// The node whose latest block to build on.
    #[arg(long, env = "ZKTHREADS_RPC", value_name = "URL", default_value = "http://127.0.0.1:5050/rpc")]
    pub rpc: String,
    /// A JSON list of signed INVOKE v3, as `starknet_addInvokeTransaction` takes them.
    #[arg(long, env = "ZKTHREADS_TRANSACTIONS", value_name = "FILE")]
    pub transactions: PathBuf,
    /// The only account that may settle the package; anyone if absent.
    #[arg(long, env = "ZKTHREADS_SUBMITTER", value_name = "ADDRESS", value_parser = values::address)]
    pub submitter: Option<ContractAddress>,
    /// Where to write the package.
    #[arg(long, env = "ZKTHREADS_OUT", value_name = "FILE")]
    pub out: PathBuf,
}

/// Options of `zkthreads verify`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 the proof is valid, 3 it is not, 1 the file is no package.")]
pub struct VerifyArgs {
    /// A package, as `zkthreads prove` writes it.
    pub file: PathBuf,
}
