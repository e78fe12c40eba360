//! `zkthreads devnet`.

use anyhow::Result;
use zkthreads_devnet::banner::Banner;

use super::serve;
use crate::config::DevnetArgs;

/// Runs a devnet until SIGINT or SIGTERM. Prints the accounts as starknet-devnet does, and then the line that says
/// the node is up.
///
/// # Errors
/// If the node does not start or fails later.
pub async fn run(arguments: DevnetArgs) -> Result<()> {
    let metrics = arguments.metrics.metrics;
    serve::run(arguments.into_config(), metrics, |node, out| {
        if let Some(devnet) = node.devnet() {
            let manifest = &devnet.manifest;
            let banner = Banner {
                chain_id: &manifest.chain_id,
                accounts: &devnet.accounts,
                account_class: manifest.account_class,
                initial_balance: &manifest.initial_balance,
                seed: manifest.seed,
                fork: manifest.fork.as_ref(),
            };
            writeln!(out, "{banner}")?;
        }
        writeln!(out, "zkthreads devnet listening on http://{}", node.address())
    })
    .await
}
