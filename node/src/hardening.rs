//! Making up, in the background, for what classes of an older database lack: their hardened code (ADR 46).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use zkthreads_execution::Executor;

/// How long until it is looked again whether somebody met such a class: one that came with a dump, for instance.
const PAUSE: Duration = Duration::from_secs(1);

/// The work, on a thread of its own: a class may take seconds.
pub(crate) struct Hardening {
    stopped: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Hardening {
    /// Starts it.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub(crate) fn start(executor: Executor) -> io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let thread = std::thread::Builder::new().name("hardening".to_owned());
        let thread = thread.spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                match executor.harden_stored(&stop) {
                    Ok(0) => {}
                    Ok(classes) => {
                        tracing::info!(classes, "classes of an older database were compiled for threads")
                    }
                    Err(error) => tracing::warn!(%error, "classes could not be compiled for threads"),
                }
                std::thread::park_timeout(PAUSE);
            }
        })?;
        Ok(Self { stopped, thread })
    }

    /// Ends it, when it is done with the class that it is at.
    pub(crate) async fn stop(self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        // It does not panic, and if it did, there would be nothing to do.
        let _ = tokio::task::spawn_blocking(|| self.thread.join()).await;
    }
}
