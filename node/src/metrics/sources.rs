//! What is read when metrics are asked for, because it is there anyway.

use std::sync::Arc;

use metrics::{counter, gauge};
use zkthreads_execution::{Executor, VerificationPool};
use zkthreads_storage::{Storage, StorageError};

use crate::mempool::Mempool;

/// The parts of a node whose figures are metrics.
#[derive(Clone)]
pub struct Sources {
    storage: Storage,
    mempool: Arc<Mempool>,
    verification: VerificationPool,
}

impl Sources {
    /// Those of a node.
    #[must_use]
    pub fn new(executor: &Executor, mempool: Arc<Mempool>) -> Self {
        Self { storage: executor.storage().clone(), mempool, verification: executor.verification().clone() }
    }

    /// Reports them. What cannot be read keeps its last value: a database that fails is told of elsewhere, and louder.
    pub(super) fn collect(&self) {
        if let Err(error) = self.collect_chain().and_then(|()| self.collect_database()) {
            tracing::debug!(%error, "metrics");
        }
        self.collect_mempool();
        self.collect_verification();
    }

    fn collect_chain(&self) -> Result<(), StorageError> {
        if let Some(latest) = self.storage.latest()? {
            gauge!("zkthreads_block_height").set(latest.0 as f64);
            if let Some(header) = self.storage.header(latest)? {
                let timestamp = header.block_header_without_hash.timestamp.0;
                gauge!("zkthreads_block_timestamp_seconds").set(timestamp as f64);
            }
        }
        Ok(())
    }

    fn collect_database(&self) -> Result<(), StorageError> {
        let stats = self.storage.stats()?;
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

    fn collect_mempool(&self) {
        let figures = self.mempool.figures();
        for (class, usage) in [("ordinary", figures.ordinary), ("thread", figures.threads)] {
            gauge!("zkthreads_mempool_transactions", "class" => class).set(usage.transactions as f64);
            gauge!("zkthreads_mempool_bytes", "class" => class).set(usage.bytes as f64);
        }
    }

    fn collect_verification(&self) {
        let figures = self.verification.figures();
        gauge!("zkthreads_verification_queue").set(figures.waiting as f64);
        for (outcome, count) in [("accepted", figures.accepted), ("refused", figures.refused)] {
            counter!("zkthreads_verifications_total", "outcome" => outcome).absolute(count);
        }
        let microseconds = u64::try_from(figures.time.as_micros()).unwrap_or(u64::MAX);
        counter!("zkthreads_verification_microseconds_total").absolute(microseconds);
    }
}
