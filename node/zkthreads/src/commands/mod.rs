//! The subcommands of the binary, one file each.

pub mod check_class;
pub mod db;
pub mod devnet;
pub mod node;
pub mod prove;
pub mod prove_worker;
pub mod serve;
pub mod thread;
pub mod verify;

use anyhow::Result;

use crate::config::Command;
use crate::demo;

/// What became of a command that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was asked to.
    Done,
    /// It did, and what it was asked to check is wrong.
    Wrong,
}

/// Runs a command.
///
/// # Errors
/// If it fails.
pub async fn run(command: Command) -> Result<Outcome> {
    match command {
        Command::Devnet(arguments) => devnet::run(*arguments).await?,
        Command::Node(arguments) => node::run(arguments).await?,
        Command::Thread(arguments) => thread::run(*arguments).await?,
        Command::Prove(arguments) => prove::run(arguments).await?,
        Command::Verify(arguments) => return verify::run(&arguments),
        Command::CheckClass(arguments) => return check_class::run(&arguments),
        Command::Db(command) => return db::run(command),
        Command::Demo(arguments) => demo::run(arguments).await?,
        Command::ProveWorker => prove_worker::run()?,
    }
    Ok(Outcome::Done)
}
