//! `zkthreads node`.

use anyhow::{Context, Result};

use super::serve;
use crate::config::NodeArgs;

/// Runs the sequencer of a chain that stays until SIGINT or SIGTERM.
///
/// # Errors
/// If the node does not start or fails later.
pub async fn run(arguments: NodeArgs) -> Result<()> {
    let metrics = arguments.metrics.metrics;
    let config = arguments.into_config().context("the node did not start")?;
    serve::run(config, metrics, |node, out| {
        writeln!(out, "zkthreads node listening on http://{}", node.address())
    })
    .await
}
