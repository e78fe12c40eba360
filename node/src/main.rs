//! The `zkthreads` binary.

use std::io::{self, Write};
use std::process::ExitCode;

use zkthreads_node::commands::{self, Outcome};
use zkthreads_node::config::{Cli, ConfigError};
use zkthreads_node::log;

/// Wrong options, like clap's own.
const USAGE: u8 = 2;
/// What was checked is wrong.
const WRONG: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::load(std::env::args_os()) {
        Ok(cli) => cli,
        Err(ConfigError::Options(error)) => error.exit(),
        Err(ConfigError::File(error)) => {
            eprintln!("error: {error}");
            return ExitCode::from(USAGE);
        }
    };
    log::start(&cli);
    match commands::run(cli.command).await {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Wrong) => ExitCode::from(WRONG),
        Err(error) => {
            // Who hung up reads no reason.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
