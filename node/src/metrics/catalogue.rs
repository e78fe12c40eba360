//! Every metric of ours: what it is called, what it counts. Code anywhere in the workspace reports by these names
//! through the `metrics` facade; a test finds names that are not here.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What a metric does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the node restarts.
    Counter,
    /// It is what it is now.
    Gauge,
    /// It is a distribution.
    Histogram,
}

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// What it does over time.
    pub kind: Kind,
    /// What its values are in.
    pub unit: Unit,
    /// Its labels with their values.
    pub labels: &'static str,
    /// What it counts.
    pub text: &'static str,
}

const fn counter(name: &'static str, labels: &'static str, text: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit: Unit::Count, labels, text }
}

const fn gauge(name: &'static str, unit: Unit, labels: &'static str, text: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, labels, text }
}

const fn histogram(name: &'static str, unit: Unit, labels: &'static str, text: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, unit, labels, text }
}

/// All of them.
pub const METRICS: &[Metric] = &[
    counter("zkthreads_blocks_total", "", "Blocks committed"),
    gauge("zkthreads_block_height", Unit::Count, "", "Number of the latest block"),
    gauge("zkthreads_block_timestamp_seconds", Unit::Seconds, "", "Timestamp of the latest block, Unix time"),
    histogram("zkthreads_block_seconds", Unit::Seconds, "", "Time to seal and commit a block"),
    histogram("zkthreads_block_transactions", Unit::Count, "", "Transactions in a block"),
    counter(
        "zkthreads_transactions_total",
        "kind: invoke, declare, deploy_account, l1_handler, thread; outcome: succeeded, reverted, rejected",
        "Transactions executed into blocks, or found impossible to execute",
    ),
    counter("zkthreads_inner_transactions_total", "", "User transactions that settled in threads"),
    counter(
        "zkthreads_conflicts_total",
        "",
        "Threads that reverted because a value they had read was another by then",
    ),
    gauge(
        "zkthreads_mempool_transactions",
        Unit::Count,
        "class: ordinary, thread",
        "Transactions in the mempool",
    ),
    gauge("zkthreads_mempool_bytes", Unit::Bytes, "class: ordinary, thread", "Memory that they take"),
    gauge("zkthreads_verification_queue", Unit::Count, "", "Proofs that wait for verification"),
    counter("zkthreads_verifications_total", "outcome: accepted, refused", "Proofs verified"),
    counter("zkthreads_verification_microseconds_total", "", "Time that it took, without waiting"),
    counter("zkthreads_rpc_requests_total", "method; outcome: ok, error, failure", "Calls answered"),
    histogram("zkthreads_rpc_duration_seconds", Unit::Seconds, "method", "Time from a call to its answer"),
    counter("zkthreads_rpc_refused_total", "reason", "Connections and requests that were refused"),
    gauge("zkthreads_rpc_connections", Unit::Count, "", "Open connections, WebSockets included"),
    gauge("zkthreads_ws_connections", Unit::Count, "", "Open WebSockets"),
    gauge("zkthreads_ws_subscriptions", Unit::Count, "kind", "Subscriptions"),
    counter("zkthreads_ws_dropped_total", "reason", "WebSockets that the server closed"),
    gauge("zkthreads_database_disk_bytes", Unit::Bytes, "table", "Size of the database's files"),
    gauge("zkthreads_database_memtable_bytes", Unit::Bytes, "", "Size of what is not in table files yet"),
    gauge(
        "zkthreads_database_pending_compaction_bytes",
        Unit::Bytes,
        "",
        "Size of what waits for compaction",
    ),
    gauge("zkthreads_database_block_cache_bytes", Unit::Bytes, "", "Size of the cache of table blocks"),
    counter("zkthreads_database_block_cache_hits_total", "", "Reads that the cache answered"),
    counter("zkthreads_database_block_cache_misses_total", "", "Reads that it did not"),
    counter("zkthreads_database_background_errors_total", "", "Flushes and compactions that failed"),
];

/// Tells the recorder what each metric is.
pub fn describe() {
    for metric in METRICS {
        let Metric { name, kind, unit, text, .. } = *metric;
        match kind {
            Kind::Counter => describe_counter!(name, unit, text),
            Kind::Gauge => describe_gauge!(name, unit, text),
            Kind::Histogram => describe_histogram!(name, unit, text),
        }
    }
}
