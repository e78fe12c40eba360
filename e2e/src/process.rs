//! A child process of ours: started, read, killed.

use std::io::{BufRead, BufReader, Read};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::wait::PATIENCE;

/// Clock ticks per second, in what the system says of a process's time.
const TICKS: u32 = 100;

/// A running `zkthreads`. Killed when dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it. What it writes to standard error goes on to ours, and is kept.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let stderr = child.stderr.take().context("no standard error")?;
        let (sender, lines) = channel();
        // The receiver is gone with the process.
        read_lines(stdout, move |line| drop(sender.send(line)));
        let log = Arc::<Mutex<String>>::default();
        let kept = Arc::clone(&log);
        read_lines(stderr, move |line| {
            eprintln!("{line}");
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_str(&line);
            kept.push('\n');
        });
        Ok(Self { child, lines, log })
    }

    /// The next line that it prints.
    ///
    /// # Errors
    /// If it prints none in time, or has ended.
    pub fn line(&mut self) -> Result<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => bail!("it says nothing"),
            Err(RecvTimeoutError::Disconnected) => bail!("it ended: {}", self.child.wait()?),
        }
    }

    /// The URL after `listening on` in what it prints; earlier lines go to `before`.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn listening(&mut self, mut before: impl FnMut(&str) -> Result<()>) -> Result<String> {
        loop {
            let line = self.line()?;
            if let Some((_, url)) = line.split_once("listening on ") {
                return Ok(url.trim().to_owned());
            }
            before(&line)?;
        }
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// `kill -9`: it gets no chance to finish anything.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Errors
    /// If it ends with an error.
    pub fn stop(mut self) -> Result<()> {
        signal("-TERM", self.id())?;
        let status = self.child.wait()?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }

    /// Time that processors have spent on it. Whatever else the machine does is no part of it.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn cpu_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // After the name, which may contain anything, come eleven fields and then two times: its own and the system's.
        let (_, fields) = stat.rsplit_once(") ").context("no name")?;
        let mut times = fields.split(' ').skip(11).map(str::parse::<u32>);
        let mut next = || anyhow::Ok(times.next().context("no time")??);
        let ticks = next()? + next()?;
        Ok(Duration::from_secs(1) * ticks / TICKS)
    }

    /// Memory it holds, bytes.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kilobytes: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kilobytes * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address of this machine that no other test process uses. A port there stays free while nobody listens at it: neither
/// does the system give it to others, nor do connections to elsewhere begin there.
#[must_use]
pub fn own_address() -> Ipv4Addr {
    // Linux listens at all of 127.0.0.0/8, and process ids have 22 bits.
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 64 | high, middle, low)
}

/// Sends a signal (`-TERM`, `-KILL`, …) to a process.
///
/// # Errors
/// If there is no such process.
pub fn signal(signal: &str, process: u32) -> Result<()> {
    let status = Command::new("kill").args([signal, &process.to_string()]).status()?;
    ensure!(status.success(), "kill {signal} {process}: {status}");
    Ok(())
}

/// Reads to the end, so that the pipe never fills.
fn read_lines(from: impl Read + Send + 'static, mut take: impl FnMut(String) + Send + 'static) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            take(line);
        }
    });
}
