//! The `zkthreads` binary.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tracing_subscriber::EnvFilter;
use zkthreads_node::commands;
use zkthreads_node::config::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(&cli.command);
    match run(cli.command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Devnet(arguments) => commands::devnet::run(arguments).await?,
        Command::Prove(arguments) => commands::prove::run(arguments).await?,
        Command::Demo => zkthreads_node::demo::run().await?,
        Command::Verify(arguments) => {
            if !commands::verify::run(&arguments)? {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Standard output is for results. `RUST_LOG` overrides what is logged; only a devnet tells its doings unasked.
fn log_to_stderr(command: &Command) {
    let default = if matches!(command, Command::Devnet(_)) { "warn,zkthreads=info" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}
