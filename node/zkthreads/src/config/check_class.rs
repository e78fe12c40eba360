//! Options of `zkthreads check-class`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  zkthreads check-class target/dev/*.contract_class.json
  zkthreads check-class --json my.contract_class.json | jq .verdict

The exit code is 3 if threads do not run all of them.";

/// Options of `zkthreads check-class`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckClassArgs {
    /// Sierra classes, as a compiler or `starknet_getClass` gives them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print one JSON object per line.
    #[arg(long, env = "ZKTHREADS_JSON")]
    pub json: bool,
}
