//! Options of `zkthreads demo`.

use clap::Args;

/// Options of `zkthreads demo`.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Demo")]
pub struct DemoArgs {
    /// How long users trade, 4 to 3600.
    #[arg(long, env = "ZKTHREADS_SECONDS", value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(4..=3_600))]
    pub seconds: u64,
}
