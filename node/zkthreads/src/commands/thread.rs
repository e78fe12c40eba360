//! `zkthreads thread`.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::config::ThreadArgs;
use crate::metrics::{MetricsServer, Recorder};
use crate::signals::Signals;
use crate::thread::ThreadDaemon;

/// Keeps a thread alive until SIGINT or SIGTERM.
///
/// # Errors
/// If it does not start or fails later.
pub async fn run(arguments: ThreadArgs) -> Result<()> {
    let signalled = Signals::catch()?.first();
    tokio::pin!(signalled);
    let metrics = arguments.metrics.metrics;
    let recorder =
        metrics.map(|address| Recorder::install().map(|recorder| (address, recorder))).transpose()?;
    let config = arguments.into_config()?;

    let mut daemon = tokio::select! {
        daemon = ThreadDaemon::launch(config) => daemon.context("the thread did not start")?,
        () = &mut signalled => return Ok(()),
    };
    let mut out = io::stdout();
    let metrics = match recorder {
        Some((address, recorder)) => {
            let server = MetricsServer::start(address, recorder, Arc::new(daemon.sources())).await?;
            let _ = writeln!(out, "metrics at http://{}/metrics", server.address());
            Some(server)
        }
        None => None,
    };
    // A closed standard output is no reason to stop.
    let _ =
        writeln!(out, "zkthreads thread listening on http://{}", daemon.address()).and_then(|()| out.flush());
    tokio::select! {
        error = daemon.failed() => return Err(error).context("the thread stopped"),
        () = &mut signalled => {}
    }
    tracing::info!("shutting down");
    if let Some(metrics) = metrics {
        metrics.stop().await;
    }
    daemon.stop().await.context("the thread had failed")
}
