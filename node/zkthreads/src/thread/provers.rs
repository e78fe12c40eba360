//! Brings sub-blocks to the provers, and proofs back.

use std::time::Duration;

use zkthreads_batcher::thread::{Job, ThreadHandle};
use zkthreads_workers::{ProverPool, WorkerError};

/// The pause after a failure, so that one that repeats itself does not keep the machine busy.
const PAUSE: Duration = Duration::from_secs(1);

/// Proves one sub-block of `thread` after the other, until the thread or the provers are stopped.
pub(super) async fn prove(thread: ThreadHandle, provers: ProverPool) {
    while let Ok(job) = thread.take_job().await {
        let cancelled = job.cancelled();
        let result = tokio::select! {
            result = prove_one(&thread, &provers, &job) => result,
            // Whatever is half proven is no use: its prover ends with the future.
            () = cancelled => {
                tracing::info!(sub_block = job.id.0, attempt = job.attempt, "its proof is not needed any more");
                continue;
            }
        };
        let failure = result.as_ref().err().map(ToString::to_string);
        let is_over = matches!(result, Err(WorkerError::Stopped));
        thread.proved(job.id, job.attempt, result);
        if is_over {
            return;
        }
        if let Some(reason) = failure {
            tracing::warn!(sub_block = job.id.0, attempt = job.attempt, reason, "not proven");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn prove_one(
    thread: &ThreadHandle,
    provers: &ProverPool,
    job: &Job,
) -> Result<zkthreads_workers::Proven, WorkerError> {
    let started = std::time::Instant::now();
    let proven =
        provers.prove(job.id.0, &job.executed, |stage| thread.proving(job.id, job.attempt, stage)).await?;
    tracing::info!(
        sub_block = job.id.0,
        attempt = job.attempt,
        steps = proven.steps,
        estimated = job.executed.steps,
        milliseconds = started.elapsed().as_millis(),
        "proven"
    );
    Ok(proven)
}
