//! What is read when metrics are asked for, because it is there anyway.

use std::sync::Arc;

use metrics::{counter, gauge};
use zkthreads_execution::{Executor, VerificationPool};
use zkthreads_storage::{Storage, StorageError};

use zkthreads_mempool::Mempool;

/// Whatever has figures that are metrics.
pub trait MetricsSource: Send + Sync {
    /// Reports them.
    fn collect(&self);
}

/// The parts of a node whose figures are metrics.
#[derive(Clone)]
pub struct Sources {
    storage: Storage,
    mempool: Arc<Mempool>,
    verification: VerificationPool,
}

impl MetricsSource for Sources {
    fn collect(&self) {
        collect_storage(&self.storage);
        self.collect_mempool();
        collect_verification(&self.verification);
    }
}

impl Sources {
    /// Those of a node.
    #[must_use]
    pub fn new(executor: &Executor, mempool: Arc<Mempool>) -> Self {
        Self { storage: executor.storage().clone(), mempool, verification: executor.verification().clone() }
    }

    fn collect_mempool(&self) {
        let figures = self.mempool.figures();
        for (class, usage) in [("ordinary", figures.ordinary), ("thread", figures.threads)] {
            gauge!("zkthreads_mempool_transactions", "class" => class).set(usage.transactions as f64);
            gauge!("zkthreads_mempool_bytes", "class" => class).set(usage.bytes as f64);
        }
    }
}

/// Reports a database and the chain in it. What cannot be read keeps its last value: a database that fails is told of
/// elsewhere, and louder.
pub(super) fn collect_storage(storage: &Storage) {
    if let Err(error) = collect_chain(storage).and_then(|()| collect_database(storage)) {
        tracing::debug!(%error, "metrics");
    }
}

fn collect_chain(storage: &Storage) -> Result<(), StorageError> {
    if let Some(latest) = storage.latest()? {
        gauge!("zkthreads_block_height").set(latest.0 as f64);
        if let Some(header) = storage.header(latest)? {
            let timestamp = header.block_header_without_hash.timestamp.0;
            gauge!("zkthreads_block_timestamp_seconds").set(timestamp as f64);
        }
    }
    Ok(())
}

fn collect_database(storage: &Storage) -> Result<(), StorageError> {
    let stats = storage.stats()?;
    for table in &stats.tables {
        gauge!("zkthreads_database_disk_bytes", "table" => table.name).set(table.disk_bytes as f64);
    }
    let memory: u64 = stats.tables.iter().map(|table| table.memory_bytes).sum();
    gauge!("zkthreads_database_memtable_bytes").set(memory as f64);
    gauge!("zkthreads_database_pending_compaction_bytes").set(stats.pending_compaction_bytes as f64);
    gauge!("zkthreads_database_block_cache_bytes").set(stats.block_cache_bytes as f64);
    counter!("zkthreads_database_block_cache_hits_total").absolute(stats.block_cache_hits);
    counter!("zkthreads_database_block_cache_misses_total").absolute(stats.block_cache_misses);
    counter!("zkthreads_database_background_errors_total").absolute(stats.background_errors);
    Ok(())
}

fn collect_verification(verification: &VerificationPool) {
    let figures = verification.figures();
    gauge!("zkthreads_verification_queue").set(figures.waiting as f64);
    for (outcome, count) in [("accepted", figures.accepted), ("refused", figures.refused)] {
        counter!("zkthreads_verifications_total", "outcome" => outcome).absolute(count);
    }
    let microseconds = u64::try_from(figures.time.as_micros()).unwrap_or(u64::MAX);
    counter!("zkthreads_verification_microseconds_total").absolute(microseconds);
}
