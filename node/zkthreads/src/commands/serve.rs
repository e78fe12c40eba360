//! What `zkthreads devnet` and `zkthreads node` have in common: a node that runs until it is told to end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::launch::{Node, NodeConfig};
use crate::metrics::{MetricsServer, Recorder};
use crate::signals::Signals;

/// Runs a node, with metrics at an address if one is given, until SIGINT or SIGTERM. `announce` says that it is up.
///
/// # Errors
/// If the node does not start or fails later.
pub(super) async fn run(
    config: NodeConfig,
    metrics: Option<SocketAddr>,
    announce: impl FnOnce(&Node, &mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let signalled = Signals::catch()?.first();
    tokio::pin!(signalled);
    let recorder =
        metrics.map(|address| Recorder::install().map(|recorder| (address, recorder))).transpose()?;

    let mut node = tokio::select! {
        node = Node::launch(config) => node.context("the node did not start")?,
        () = &mut signalled => return Ok(()),
    };
    let mut out = io::stdout();
    let metrics = match recorder {
        Some((address, recorder)) => {
            let server = MetricsServer::start(address, recorder, Arc::new(node.sources())).await?;
            let _ = writeln!(out, "metrics at http://{}/metrics", server.address());
            Some(server)
        }
        None => None,
    };
    // A closed standard output is no reason to stop.
    let _ = announce(&node, &mut out).and_then(|()| out.flush());
    tokio::select! {
        error = node.failed() => return Err(error).context("the node stopped"),
        () = &mut signalled => {}
    }
    tracing::info!("shutting down");
    if let Some(metrics) = metrics {
        metrics.stop().await;
    }
    node.stop().await.context("the last block failed")
}
