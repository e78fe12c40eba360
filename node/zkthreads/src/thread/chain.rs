//! The node's chain in the thread's data directory: begun, opened, forgotten.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::task::spawn_blocking;
use zkthreads_batcher::follow::{self, BeginError, FORK_DEPTH};
use zkthreads_execution::Executor;
use zkthreads_fork::{CACHE, Fork};
use zkthreads_genesis::Rules;
use zkthreads_storage::Storage;

use super::ThreadDaemonError;
use super::connect::patiently;
use super::manifest::ThreadManifest;
use super::setup::Setup;
use crate::chain::DATABASE;

/// The pause before beginning anew when the node took back the block that was to be the first.
const PAUSE: Duration = Duration::from_millis(500);

/// Opens the database that follows the node, or begins one.
pub(super) async fn open(setup: &Setup) -> Result<Executor, ThreadDaemonError> {
    let node = &setup.connection.node;
    let thread_rules = patiently(|| async { Ok(node.rules().await?) }).await?;
    loop {
        let manifest = manifest(setup).await?;
        let storage = storage(setup, &manifest).await?;
        match patiently(|| async { Ok(follow::begin(node, &storage).await?) }).await {
            Ok(()) => {}
            Err(ThreadDaemonError::Begin(BeginError::NoBlock { number })) => {
                tracing::warn!(number = number.0, "the node took back the block to begin with");
                drop(storage);
                forget(&setup.directory).await?;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(error) => return Err(error),
        }
        let (_, head) = patiently(|| async { Ok(node.latest_block().await?) }).await?;
        let rules = Rules { sequencer_address: head.sequencer, ..Rules::devnet()? };
        return Ok(Executor::new(storage, rules.of(manifest.chain_id, thread_rules)?));
    }
}

/// What the directory was begun with, or a new beginning.
async fn manifest(setup: &Setup) -> Result<ThreadManifest, ThreadDaemonError> {
    let Setup { config, connection, directory, .. } = setup;
    if let Some(manifest) = ThreadManifest::read(directory)?
        && directory.join(DATABASE).exists()
    {
        return Ok(manifest);
    }
    let node = &connection.node;
    let fork = patiently(|| async { Ok(follow::fork_point(node, FORK_DEPTH).await?) }).await?;
    let manifest = ThreadManifest {
        chain_id: connection.chain_id.clone(),
        submitter: config.submitter,
        contracts: config.contracts.clone(),
        fork,
    };
    // Before the database, so that nobody opens it as another fork's.
    manifest.write(directory)?;
    Ok(manifest)
}

async fn storage(setup: &Setup, manifest: &ThreadManifest) -> Result<Storage, ThreadDaemonError> {
    let Setup { config, directory, .. } = setup;
    let fork = match manifest.fork {
        Some(point) => Some((point, Fork::open(directory, &config.node, point, None)?.base)),
        None => None,
    };
    let path = directory.join(DATABASE);
    let opening = spawn_blocking(move || Storage::open_following(&path, fork));
    Ok(opening.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?)
}

/// Removes what was followed of a chain that the node does not have any more. The journal stays.
pub(super) async fn forget(directory: &Path) -> io::Result<()> {
    let parts = [DATABASE, CACHE].map(|part| directory.join(part));
    let removing = spawn_blocking(move || {
        parts.iter().try_for_each(|part| match fs::remove_dir_all(part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    });
    removing.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
