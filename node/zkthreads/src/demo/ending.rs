//! What ends the demo early: a signal, nobody who reads it, a node or a thread that fails.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use tokio::task::JoinHandle;

use crate::signals::Signals;

use super::screen::Screen;

/// What whoever watches reads after a signal.
const ENDING: &str = "interrupted; ending the node, the thread and its prover";

/// Watches for what ends the demo early.
pub(crate) struct Endings {
    signalled: JoinHandle<()>,
    screen: Arc<Screen>,
}

impl Endings {
    /// A second signal ends the process at once, and `directory` with it.
    pub(crate) fn watch(signals: Signals, screen: &Arc<Screen>, directory: &Path) -> Self {
        let directory = directory.to_owned();
        // Whatever stays, nobody is left to be told.
        let signalled = signals.first_and_then(move || drop(fs::remove_dir_all(directory)));
        Self { signalled: tokio::spawn(signalled), screen: Arc::clone(screen) }
    }

    /// What `work` comes to, unless the demo is to end before.
    pub(crate) async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let screen = &self.screen;
        tokio::select! {
            done = work => done,
            _ = &mut self.signalled => {
                screen.close();
                screen.verbatim("");
                screen.say(ENDING);
                bail!("interrupted")
            }
            () = screen.unread() => bail!("nobody reads the demo's output any more"),
        }
    }
}
