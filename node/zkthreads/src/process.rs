//! The process: options, log, exit status.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::commands::{self, Outcome};
use crate::config::{Cli, Command, ConfigError};
use crate::log;

/// Wrong options, like clap's own.
const USAGE: u8 = 2;
/// What was checked is wrong.
const WRONG: u8 = 3;

/// Does what the command line says. Nothing is asynchronous outside, so that all is compiled with this crate and the binary
/// merely calls it.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::load(std::env::args_os()) {
        Ok(cli) => cli,
        Err(ConfigError::Options(error)) => error.exit(),
        Err(ConfigError::File(error)) => {
            eprintln!("error: {error}");
            return ExitCode::from(USAGE);
        }
    };
    log::start(&cli);
    match run(cli.command) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Wrong) => ExitCode::from(WRONG),
        Err(error) => {
            // Who hung up reads no reason.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<Outcome> {
    Runtime::new()?.block_on(commands::run(command))
}
