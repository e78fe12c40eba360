//! One worker's process, as its parent sees it.

use std::collections::VecDeque;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use rustix::process::Signal;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::SUBCOMMAND;
use crate::config::ProverPoolConfig;
use crate::error::WorkerError;
use crate::frame::{self, FrameError};
use crate::message::{Answer, Order, Terms};
use crate::proven::Proven;
use crate::stage::Stage;

/// Lines of a worker's log that are kept to tell why it ended.
const LAST_WORDS: usize = 8;
/// What Rust's library says before it ends a process whose allocator has no more.
const ALLOCATION_FAILURE: &str = "memory allocation of";

/// A worker that is ready. Killed if dropped.
pub(crate) struct Process {
    child: Child,
    pid: u32,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    log: JoinHandle<VecDeque<String>>,
    memory_bytes: u64,
}

impl Process {
    /// Starts the process. It is not ready yet.
    pub(crate) fn spawn(config: &ProverPoolConfig) -> Result<Self, WorkerError> {
        let failed = |reason: String| WorkerError::Spawn { reason };
        let mut child = Command::new(&config.program)
            .arg(SUBCOMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // What a terminal's user interrupts is the parent, which then ends its workers.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(format!("{}: {error}", config.program.display())))?;
        match (child.id(), child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(pid), Some(orders), Some(answers), Some(log)) => Ok(Self {
                child,
                pid,
                orders,
                answers: BufReader::new(answers),
                log: tokio::spawn(relay_log(pid, log)),
                memory_bytes: config.memory_bytes,
            }),
            _ => Err(failed("it has ended".to_owned())),
        }
    }

    /// Sends the terms and waits until it can prove.
    pub(crate) async fn get_ready(
        &mut self,
        config: &ProverPoolConfig,
        threads: usize,
    ) -> Result<(), WorkerError> {
        let terms = Terms { memory_bytes: self.memory_bytes, threads };
        let ready = async {
            self.send(&encode(&terms)?).await?;
            match self.answer().await? {
                Answer::Ready => Ok(()),
                other => Err(unexpected(&other)),
            }
        };
        within(config, ready).await
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Has an order carried out. After an error other than a final one the process is of no more use.
    pub(crate) async fn prove(
        &mut self,
        config: &ProverPoolConfig,
        order: &Order<'_>,
        progress: impl Fn(Stage),
    ) -> Result<Proven, WorkerError> {
        let proven = async {
            self.send(&encode(order)?).await?;
            loop {
                match self.answer().await? {
                    Answer::Begun(stage) => progress(stage),
                    Answer::Done(proven) => return Ok(proven),
                    Answer::StatementMismatch => return Err(WorkerError::StatementMismatch),
                    Answer::Failed { reason } => return Err(WorkerError::Failed { reason }),
                    Answer::Ready => return Err(unexpected(&Answer::Ready)),
                }
            }
        };
        within(config, proven).await
    }

    /// Waits until a process of which nothing was asked ends or says something all the same.
    pub(crate) async fn failure(&mut self) -> WorkerError {
        match self.answer().await {
            Ok(answer) => unexpected(&answer),
            Err(error) => error,
        }
    }

    /// Ends it, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(pid = self.pid, "a prover cannot be killed: {error}");
        }
    }

    /// Sends a message. If nobody reads it any more, what the process said before it ended counts: that may be the reason.
    async fn send(&mut self, frame: &[u8]) -> Result<(), WorkerError> {
        match self.orders.write_all(frame).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    async fn answer(&mut self) -> Result<Answer, WorkerError> {
        match frame::read_async(&mut self.answers).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.end(FrameError::Cut).await),
            Err(error) => Err(self.end(error).await),
        }
    }

    /// Why a message failed: if its pipe is broken, or a frame cut, because the process ended.
    async fn end(&mut self, error: FrameError) -> WorkerError {
        if !matches!(error, FrameError::Io(_) | FrameError::Cut) {
            return WorkerError::Answer { reason: error.to_string() };
        }
        let status = match self.child.wait().await {
            Ok(status) => status,
            Err(error) => return WorkerError::Answer { reason: error.to_string() },
        };
        // The log ends with the process.
        let log = (&mut self.log).await.unwrap_or_default();
        why(status, &log, self.memory_bytes)
    }
}

fn why(status: ExitStatus, log: &VecDeque<String>, memory_bytes: u64) -> WorkerError {
    let aborted = status.signal() == Some(Signal::ABORT.as_raw());
    if aborted && log.back().is_some_and(|line| line.contains(ALLOCATION_FAILURE)) {
        return WorkerError::OutOfMemory { memory_bytes };
    }
    WorkerError::Died { status, last_words: log.back().cloned() }
}

/// Writes what the process logs to this one's log; returns the last of it.
async fn relay_log(pid: u32, log: ChildStderr) -> VecDeque<String> {
    let mut lines = BufReader::new(log).lines();
    let mut last: VecDeque<String> = VecDeque::with_capacity(LAST_WORDS);
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::info!(pid, "prover: {line}");
        // It ends with that; a backtrace may follow, as long as the stack is deep.
        if last.back().is_some_and(|line| line.contains(ALLOCATION_FAILURE)) {
            continue;
        }
        if last.len() == LAST_WORDS {
            last.pop_front();
        }
        last.push_back(line);
    }
    last
}

fn encode(message: &impl Serialize) -> Result<Vec<u8>, WorkerError> {
    frame::encode(message).map_err(|error| WorkerError::Failed { reason: format!("an order: {error}") })
}

fn unexpected(answer: &Answer) -> WorkerError {
    WorkerError::Answer { reason: format!("{answer:?} was not asked for") }
}

async fn within<T>(
    config: &ProverPoolConfig,
    work: impl Future<Output = Result<T, WorkerError>>,
) -> Result<T, WorkerError> {
    let deadline = config.deadline;
    timeout(deadline, work).await.unwrap_or(Err(WorkerError::Deadline { deadline }))
}
