//! A devnet's controls in a running node: what is loaded when it starts, what is dumped while it runs and at its end.

use std::sync::Arc;

use starknet_api::StarknetApiError;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::{JoinHandle, spawn_blocking};
use zkthreads_rpc_api::ChainEvent;
use zkthreads_rpc_api::devnet::{DevnetControl, DevnetError, DumpOn, DumpPlace, LoadSource};
use zkthreads_storage::Storage;

use crate::Devnet;
use crate::control::{Control, Parts};
use crate::dumping::LastDump;

/// The controls, and what happens by itself.
pub struct RunningDevnet {
    control: Arc<Control>,
    dumps: Option<JoinHandle<()>>,
}

/// Why a devnet does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The dump at `--dump-path`.
    #[error(transparent)]
    Load(#[from] DevnetError),
    /// A value that Starknet's types cannot hold.
    #[error(transparent)]
    Value(#[from] StarknetApiError),
}

impl RunningDevnet {
    /// Takes control. A chain that has just begun becomes the one of the dump, if there is any.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(devnet: Devnet, parts: Parts) -> Result<Self, StartError> {
        let (options, is_new) = (devnet.options.clone(), devnet.is_new);
        let events = parts.outcomes.feed.subscribe();
        let control = Arc::new(Control::new(devnet, parts)?);
        if let Some(path) = options.dump_path.filter(|path| is_new && path.exists()) {
            tracing::info!(path = %path.display(), "loading");
            let control = Arc::clone(&control);
            let load = spawn_blocking(move || control.load(LoadSource::File(path)));
            load.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        }
        let dumps = (options.dump_on == Some(DumpOn::Block))
            .then(|| tokio::spawn(dump_blocks(Arc::clone(&control), events)));
        Ok(Self { control, dumps })
    }

    /// What requests reach.
    #[must_use]
    pub fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// What is to be dumped when block production has ended; asked while it has not.
    pub async fn last_dump(&self) -> Option<LastDump> {
        let control = Arc::clone(&self.control);
        spawn_blocking(move || control.last_dump()).await.unwrap_or_default()
    }

    /// Gives control up and writes the last dump.
    pub async fn stop(self, last: Option<LastDump>, storage: Storage) {
        if let Some(dumps) = self.dumps {
            dumps.abort();
            // It ends as aborted.
            let _ = dumps.await;
        }
        let Some(last) = last else { return };
        let written = spawn_blocking(move || last.write(&storage)).await;
        if let Ok(Err(error)) = written {
            tracing::error!(%error, "the last dump failed");
        }
    }
}

/// Dumps after each block, or after several that came while it dumped.
async fn dump_blocks(control: Arc<Control>, mut events: Receiver<ChainEvent>) {
    loop {
        match events.recv().await {
            Ok(ChainEvent::Block(..) | ChainEvent::Reorg { .. } | ChainEvent::Restarted)
            | Err(RecvError::Lagged(_)) => {}
            Ok(_) => continue,
            Err(RecvError::Closed) => return,
        }
        events = events.resubscribe();
        let control = Arc::clone(&control);
        if let Ok(Err(error)) = spawn_blocking(move || control.dump(DumpPlace::Default)).await {
            tracing::error!(%error, "the dump failed");
        }
    }
}
