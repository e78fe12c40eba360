//! Making up, in the background, for what classes of an older database lack: their hardened code (ADR 46).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use zkthreads_execution::Executor;

/// How long until it is looked again whether somebody met such a class: one that came with a dump, for instance.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest that it waits before it tries again what failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The work, on a thread of its own: a class may take seconds. It stops when this is dropped.
pub(crate) struct Hardening {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
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
        let thread = thread.spawn(move || work(&executor, &stop))?;
        Ok(Self { stopped, thread: Some(thread) })
    }

    /// Ends it, when it is done with the class that it is at.
    pub(crate) async fn stop(mut self) {
        self.end();
        if let Some(thread) = self.thread.take() {
            // It does not panic, and if it did, there would be nothing to do.
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }

    fn end(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Hardening {
    fn drop(&mut self) {
        self.end();
    }
}

fn work(executor: &Executor, stopped: &AtomicBool) {
    let mut pause = PAUSE;
    while !stopped.load(Ordering::SeqCst) {
        match executor.harden_stored(stopped) {
            Ok(classes) => {
                if classes > 0 {
                    tracing::info!(classes, "classes of an older database were compiled for threads");
                }
                pause = PAUSE;
            }
            Err(error) => {
                tracing::warn!(%error, "classes could not be compiled for threads");
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        std::thread::park_timeout(pause);
    }
}
