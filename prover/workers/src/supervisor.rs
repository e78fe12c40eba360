//! Keeps one worker alive and gives it work.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Mutex as Shared, mpsc, oneshot};
use tokio::time::sleep;
use zkthreads_program::input::OsInput;
use zkthreads_protocol::Statement;

use crate::config::ProverPoolConfig;
use crate::error::WorkerError;
use crate::message::Order;
use crate::process::Process;
use crate::proven::Proven;
use crate::stage::Stage;

/// Wait before the second start in a row that came to nothing; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A sub-block to prove.
pub(crate) struct Job {
    /// The caller's number.
    pub(crate) number: u64,
    /// What the thread OS is run on.
    pub(crate) input: OsInput,
    /// What it must state.
    pub(crate) statement: Statement,
    /// Hears of stages.
    pub(crate) progress: mpsc::UnboundedSender<Stage>,
    /// Closed by who gives the work up.
    pub(crate) reply: oneshot::Sender<Result<Proven, WorkerError>>,
}

/// What waits for a worker: one of the supervisors takes it.
pub(crate) type Queue = Arc<Shared<mpsc::UnboundedReceiver<Job>>>;

/// What one worker is doing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Activity {
    pub(crate) pid: u32,
    pub(crate) job: Option<u64>,
    pub(crate) stage: Option<Stage>,
}

/// Looks after one worker.
pub(crate) struct WorkerSupervisor {
    pub(crate) config: Arc<ProverPoolConfig>,
    pub(crate) threads: usize,
    pub(crate) queue: Queue,
    /// None while there is no process.
    pub(crate) activity: Arc<Mutex<Option<Activity>>>,
}

/// How a process's life ended.
enum End {
    /// The pool is gone.
    Stopped,
    /// It was killed, or died, after it had been of use.
    Used,
    /// It died of itself.
    Useless,
}

impl WorkerSupervisor {
    /// Starts one process after the other until the pool is gone.
    pub(crate) async fn run(self) {
        let mut useless = 0_u32;
        loop {
            let end = self.live().await;
            *self.activity.lock() = None;
            match end {
                End::Stopped => return,
                End::Used => useless = 0,
                End::Useless => {
                    sleep(wait(useless)).await;
                    useless = useless.saturating_add(1);
                }
            }
        }
    }

    /// One process's life.
    async fn live(&self) -> End {
        let mut process = match self.start().await {
            Ok(process) => process,
            Err(error) => {
                tracing::warn!("no prover: {error}");
                // Who waits longest learns it, and can do something about it.
                if let Ok(mut queue) = self.queue.try_lock()
                    && let Ok(job) = queue.try_recv()
                {
                    let _ = job.reply.send(Err(error));
                }
                return End::Useless;
            }
        };
        let pid = process.pid();
        let mut is_used = false;
        loop {
            self.doing(pid, None, None);
            let job = tokio::select! {
                job = next(&self.queue) => job,
                error = process.failure() => {
                    tracing::warn!(pid, "a prover that had nothing to do: {error}");
                    return if is_used { End::Used } else { End::Useless };
                }
            };
            let Some(Job { number, input, statement, progress, mut reply }) = job else {
                return End::Stopped;
            };
            if reply.is_closed() {
                continue;
            }
            self.doing(pid, Some(number), None);
            let order = Order { input: Cow::Owned(input), statement: Cow::Owned(statement) };
            let begun = |stage| {
                self.doing(pid, Some(number), Some(stage));
                // Who does not listen may still want the proof.
                let _ = progress.send(stage);
            };
            let result = tokio::select! {
                result = process.prove(&self.config, &order, begun) => result,
                () = reply.closed() => {
                    tracing::info!(pid, job = number, "a proof is given up");
                    process.kill().await;
                    return End::Used;
                }
            };
            let failure = result.as_ref().err().filter(|error| !error.is_final()).cloned();
            // Before the answer: whoever has it sees that nobody is at it any more.
            self.doing(pid, None, None);
            let _ = reply.send(result);
            if let Some(error) = failure {
                tracing::warn!(pid, job = number, "a proof failed: {error}");
                process.kill().await;
                let is_killed = matches!(error, WorkerError::Deadline { .. });
                return if is_used || is_killed { End::Used } else { End::Useless };
            }
            is_used = true;
        }
    }

    async fn start(&self) -> Result<Process, WorkerError> {
        let mut process = Process::spawn(&self.config)?;
        self.doing(process.pid(), None, None);
        process.get_ready(&self.config, self.threads).await?;
        Ok(process)
    }

    fn doing(&self, pid: u32, job: Option<u64>, stage: Option<Stage>) {
        *self.activity.lock() = Some(Activity { pid, job, stage });
    }
}

/// The next job; none if there will be no more.
async fn next(queue: &Queue) -> Option<Job> {
    queue.lock().await.recv().await
}

/// How long to wait after a useless process, of which there were so many right before.
fn wait(useless: u32) -> Duration {
    match useless.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_WAIT.saturating_mul(1 << doublings.min(16)).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound() {
        let waits = [0, 1, 2, 3, 8, u32::MAX].map(|useless| wait(useless).as_millis());
        assert_eq!(waits, [0, 100, 200, 400, 10_000, 10_000]);
    }
}
