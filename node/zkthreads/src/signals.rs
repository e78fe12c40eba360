//! SIGINT, SIGTERM and SIGHUP: the first asks the process to end in an orderly way, the second ends it.

use std::fs;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, caught since this value was made.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal is gone; none if the process was told to outlive it, as `nohup` does.
    hangup: Option<Signal>,
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn catch() -> io::Result<Self> {
        let hangup = SignalKind::hangup();
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if is_ignored(hangup) { None } else { Some(signal(hangup)?) },
        })
    }

    /// Waits for the first. From then on the next one ends the process at once, with the exit code that a shell shows
    /// for a process that the signal killed.
    pub async fn first(self) {
        self.first_and_then(|| ()).await;
    }

    /// As [`Self::first`]; `at_the_second` is called before the next one ends the process.
    pub async fn first_and_then(mut self, at_the_second: impl FnOnce() + Send + 'static) {
        self.next().await;
        tokio::spawn(async move {
            let signal = self.next().await;
            tracing::warn!("a second signal: not waiting for anything");
            at_the_second();
            std::process::exit(128 + signal.as_raw_value());
        });
    }

    async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = hung_up(&mut self.hangup) => SignalKind::hangup(),
        }
    }
}

async fn hung_up(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether the process was started with a signal ignored.
fn is_ignored(signal: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // The lowest bit is signal 1.
    ignored >> (signal.as_raw_value() - 1) & 1 == 1
}
