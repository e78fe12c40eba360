//! `zkthreads devnet`.

use std::io::{self, Write};

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::DevnetArgs;
use crate::devnet::banner::Banner;
use crate::launch::Node;

/// Runs a node until SIGINT or SIGTERM.
///
/// # Errors
/// If the node does not start or fails later.
pub async fn run(arguments: DevnetArgs) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let launch = Node::launch(arguments.into_config());
    let mut node = tokio::select! {
        node = launch => node.context("the node did not start")?,
        () = either(&mut interrupt, &mut terminate) => return Ok(()),
    };
    announce(&node);
    tokio::select! {
        error = node.failed() => return Err(error).context("the node stopped"),
        () = either(&mut interrupt, &mut terminate) => {}
    }
    tracing::info!("shutting down");
    node.stop().await.context("the last block failed")
}

/// Accounts on standard output, as starknet-devnet prints them, and then the line that says the node is up. A closed
/// standard output is no reason to stop.
fn announce(node: &Node) {
    let manifest = node.manifest();
    let banner = Banner {
        chain_id: &manifest.chain_id,
        accounts: node.accounts(),
        initial_balance: manifest.initial_balance,
        seed: manifest.seed,
    };
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{banner}\nzkthreads devnet listening on http://{}", node.address());
    let _ = out.flush();
}

async fn either(first: &mut Signal, second: &mut Signal) {
    tokio::select! {
        _ = first.recv() => {}
        _ = second.recv() => {}
    }
}
