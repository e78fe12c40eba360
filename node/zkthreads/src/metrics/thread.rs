//! What is read of a thread when metrics are asked for.

use std::sync::Arc;

use metrics::{counter, gauge};
use parking_lot::Mutex;
use zkthreads_batcher::thread::ThreadHandle;
use zkthreads_rpc_api::ThreadStatus;
use zkthreads_rpc_api::thread::SubBlockStage;
use zkthreads_storage::Storage;

use super::sources::{MetricsSource, collect_storage};

/// The parts of a thread whose figures are metrics. They change when the thread forks its node anew. Cheap to clone.
#[derive(Clone, Default)]
pub struct ThreadSources {
    now: Arc<Mutex<Option<(Storage, ThreadHandle)>>>,
}

impl ThreadSources {
    /// From now on it is these.
    pub fn set(&self, storage: Storage, thread: ThreadHandle) {
        *self.now.lock() = Some((storage, thread));
    }

    /// From now on there are none.
    pub fn clear(&self) {
        *self.now.lock() = None;
    }
}

impl MetricsSource for ThreadSources {
    fn collect(&self) {
        let now = self.now.lock();
        let Some((storage, thread)) = now.as_ref() else { return };
        collect_storage(storage);
        report(&thread.status());
    }
}

fn report(status: &ThreadStatus) {
    let totals = &status.totals;
    let outcomes = [
        ("received", totals.received),
        ("settled", totals.settled),
        ("reverted", totals.reverted),
        ("rejected", totals.rejected),
        ("forwarded", totals.forwarded),
        ("on_chain", totals.on_chain),
    ];
    for (outcome, count) in outcomes {
        counter!("zkthreads_thread_transactions_total", "outcome" => outcome).absolute(count);
    }
    counter!("zkthreads_thread_sub_blocks_settled_total").absolute(totals.sub_blocks_settled);
    counter!("zkthreads_thread_conflicts_total").absolute(totals.conflicts);
    counter!("zkthreads_thread_resubmitted_total").absolute(totals.resubmitted);
    for (cause, count) in [("time", totals.misses), ("newer_cell", totals.stale)] {
        counter!("zkthreads_thread_too_late_total", "cause" => cause).absolute(count);
    }
    counter!("zkthreads_thread_receipts_changed_total").absolute(totals.receipts_changed);
    gauge!("zkthreads_thread_forecast_seconds").set(status.time.forecast_seconds as f64);
    gauge!("zkthreads_thread_lag_seconds").set(status.time.lag_seconds as f64);

    for (state, count) in [("waiting", status.queue.waiting), ("unsettled", status.queue.unsettled)] {
        gauge!("zkthreads_thread_queue", "state" => state).set(count as f64);
    }
    let stages = [
        ("open", SubBlockStage::Open),
        ("closed", SubBlockStage::Closed),
        ("proving", SubBlockStage::Proving),
        ("proven", SubBlockStage::Proven),
        ("submitted", SubBlockStage::Submitted),
    ];
    for (name, stage) in stages {
        let count = status.sub_blocks.iter().filter(|sub_block| sub_block.stage == stage).count();
        gauge!("zkthreads_thread_sub_blocks", "stage" => name).set(count as f64);
    }

    let answers = &status.throughput;
    for (quantile, micros) in [("0.5", answers.median_micros), ("0.99", answers.p99_micros)] {
        gauge!("zkthreads_thread_answer_seconds", "quantile" => quantile).set(micros as f64 / 1e6);
    }
    gauge!("zkthreads_thread_node_reachable").set(f64::from(u8::from(status.node.reachable)));
    let memory: u64 = status.provers.iter().map(|prover| prover.memory_bytes).sum();
    gauge!("zkthreads_thread_prover_memory_bytes").set(memory as f64);
}
