//! The daemon: one run of the thread after the other, for as long as nobody stops it.

use std::net::SocketAddr;

use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::connect::connect;
use super::key::read_key;
use super::manifest::ThreadManifest;
use super::run::{End, ThreadRun};
use super::setup::Setup;
use super::{ThreadDaemonConfig, ThreadDaemonError, chain};
use crate::launch::Launch;
use crate::metrics::ThreadSources;

/// A running `zkthreads thread`.
pub struct ThreadDaemon {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<Result<(), ThreadDaemonError>>,
    sources: ThreadSources,
    /// Deleted with the daemon.
    _temporary: Option<TempDir>,
}

impl ThreadDaemon {
    /// Checks the options, waits for the node if it is away, and starts to serve the thread.
    ///
    /// # Errors
    /// See [`ThreadDaemonError`].
    pub fn launch(config: ThreadDaemonConfig) -> Launch<Self, ThreadDaemonError> {
        Box::pin(Self::open(config))
    }

    async fn open(config: ThreadDaemonConfig) -> Result<Self, ThreadDaemonError> {
        let key = read_key(&config.key_file)?;
        let temporary = match &config.data_dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("zkthreads-thread-").tempdir()?),
        };
        let directory = match (&config.data_dir, &temporary) {
            (Some(path), _) => path.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => std::env::temp_dir(),
        };
        let manifest = ThreadManifest::read(&directory)?;
        if let Some(manifest) = &manifest {
            manifest.expect_options(config.submitter, config.contracts.as_ref())?;
        }
        let connection = connect(&config, key).await?;
        if let Some(manifest) = &manifest {
            manifest.expect_chain(&connection.chain_id)?;
        }
        let sources = ThreadSources::default();
        let setup = Setup { config, connection, directory, sources: sources.clone() };
        let run = ThreadRun::begin(&setup, setup.config.address).await?;
        let address = run.address();
        let (stop, stopped) = oneshot::channel();
        let supervisor = tokio::spawn(live(setup, run, stopped));
        Ok(Self { address, stop, supervisor, sources, _temporary: temporary })
    }

    /// What its metrics are read from.
    #[must_use]
    pub fn sources(&self) -> ThreadSources {
        self.sources.clone()
    }

    /// Where RPC listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the thread fails, which it should never.
    pub async fn failed(&mut self) -> ThreadDaemonError {
        match (&mut self.supervisor).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) => ThreadDaemonError::Sequencer { reason: "it was stopped".to_owned() },
            Err(error) => ThreadDaemonError::Sequencer { reason: error.to_string() },
        }
    }

    /// Takes no more transactions, answers the requests under way, and ends. What is not settled is in the journal.
    ///
    /// # Errors
    /// If the thread had failed.
    pub async fn stop(self) -> Result<(), ThreadDaemonError> {
        // If it has ended, it says why.
        let _ = self.stop.send(());
        self.supervisor
            .await
            .unwrap_or_else(|error| Err(ThreadDaemonError::Sequencer { reason: error.to_string() }))
    }
}

/// One run after the other, until it is stopped or fails. All at one address.
async fn live(
    setup: Setup,
    mut run: ThreadRun,
    mut stopped: oneshot::Receiver<()>,
) -> Result<(), ThreadDaemonError> {
    let address = run.address();
    loop {
        let end = tokio::select! {
            end = run.ended() => Some(end),
            _ = &mut stopped => None,
        };
        run.end().await;
        match end {
            None => return Ok(()),
            Some(End::Failed(error)) => return Err(error),
            Some(End::Refork) => {}
        }
        tracing::warn!("the node's chain is another one now: beginning again from its newest state");
        chain::forget(&setup.directory).await?;
        run = tokio::select! {
            run = ThreadRun::begin(&setup, address) => run?,
            _ = &mut stopped => return Ok(()),
        };
    }
}
