//! Every metric of ours: what it is called, what it counts. Code anywhere in the workspace reports by these names
//! through the `metrics` facade; a test finds names that are not here.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

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

const fn a_counter(name: &'static str, labels: &'static str, text: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit: Unit::Count, labels, text }
}

const fn a_gauge(name: &'static str, unit: Unit, labels: &'static str, text: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, labels, text }
}

const fn a_histogram(name: &'static str, unit: Unit, labels: &'static str, text: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, unit, labels, text }
}

/// All of them.
pub const METRICS: &[Metric] = &[
    a_counter("zkthreads_blocks_total", "", "Blocks committed"),
    a_gauge("zkthreads_block_height", Unit::Count, "", "Number of the latest block"),
    a_gauge(
        "zkthreads_block_timestamp_seconds",
        Unit::Seconds,
        "",
        "Timestamp of the latest block, Unix time",
    ),
    a_histogram("zkthreads_block_seconds", Unit::Seconds, "", "Time to seal and commit a block"),
    a_histogram("zkthreads_block_transactions", Unit::Count, "", "Transactions in a block"),
    a_counter(
        "zkthreads_transactions_total",
        "kind: invoke, declare, deploy_account, l1_handler, thread; outcome: succeeded, reverted, rejected",
        "Transactions executed into blocks, or found impossible to execute",
    ),
    a_counter("zkthreads_inner_transactions_total", "", "User transactions that settled in threads"),
    a_counter(
        "zkthreads_conflicts_total",
        "",
        "Threads that reverted because a value they had read was another by then",
    ),
    a_gauge(
        "zkthreads_mempool_transactions",
        Unit::Count,
        "class: ordinary, thread",
        "Transactions in the mempool",
    ),
    a_gauge("zkthreads_mempool_bytes", Unit::Bytes, "class: ordinary, thread", "Memory that they take"),
    a_gauge("zkthreads_verification_queue", Unit::Count, "", "Proofs that wait for verification"),
    a_counter("zkthreads_verifications_total", "outcome: accepted, refused", "Proofs verified"),
    a_counter("zkthreads_verification_microseconds_total", "", "Time that it took, without waiting"),
    a_counter("zkthreads_rpc_requests_total", "method; outcome: ok, error, failure", "Calls answered"),
    a_histogram("zkthreads_rpc_duration_seconds", Unit::Seconds, "method", "Time from a call to its answer"),
    a_counter("zkthreads_rpc_refused_total", "reason", "Connections and requests that were refused"),
    a_gauge("zkthreads_rpc_connections", Unit::Count, "", "Open connections, WebSockets included"),
    a_gauge("zkthreads_ws_connections", Unit::Count, "", "Open WebSockets"),
    a_gauge("zkthreads_ws_subscriptions", Unit::Count, "kind", "Subscriptions"),
    a_counter("zkthreads_ws_dropped_total", "reason", "WebSockets that the server closed"),
    a_gauge("zkthreads_database_disk_bytes", Unit::Bytes, "table", "Size of the database's files"),
    a_gauge("zkthreads_database_memtable_bytes", Unit::Bytes, "", "Size of what is not in table files yet"),
    a_gauge(
        "zkthreads_database_pending_compaction_bytes",
        Unit::Bytes,
        "",
        "Size of what waits for compaction",
    ),
    a_gauge("zkthreads_database_block_cache_bytes", Unit::Bytes, "", "Size of the cache of table blocks"),
    a_counter("zkthreads_database_block_cache_hits_total", "", "Reads that the cache answered"),
    a_counter("zkthreads_database_block_cache_misses_total", "", "Reads that it did not"),
    a_counter("zkthreads_database_background_errors_total", "", "Flushes and compactions that failed"),
    a_counter(
        "zkthreads_thread_transactions_total",
        "outcome: received, settled, reverted, rejected, forwarded, on_chain",
        "What became of a thread's transactions; reverted ones are settled, too",
    ),
    a_counter("zkthreads_thread_sub_blocks_settled_total", "", "Sub-blocks settled"),
    a_counter("zkthreads_thread_conflicts_total", "", "Conflicts that a thread met"),
    a_counter("zkthreads_thread_resubmitted_total", "", "Sub-blocks that were sent again"),
    a_counter(
        "zkthreads_thread_too_late_total",
        "cause: time, newer_cell",
        "Sub-blocks that were executed again, without a conflict, because they were too old, or for what they read",
    ),
    a_counter(
        "zkthreads_thread_receipts_changed_total",
        "",
        "Receipts of a thread's pre-confirmed transactions that changed",
    ),
    a_gauge(
        "zkthreads_thread_forecast_seconds",
        Unit::Seconds,
        "",
        "How long a sub-block that is opened now takes to settle; at most one in a hundred takes longer",
    ),
    a_gauge(
        "zkthreads_thread_lag_seconds",
        Unit::Seconds,
        "",
        "How far a thread's oldest unsettled sub-block is behind the newest block",
    ),
    a_gauge(
        "zkthreads_thread_queue",
        Unit::Count,
        "state: waiting, unsettled",
        "Transactions that wait to be executed again, or are in sub-blocks that are not settled",
    ),
    a_gauge(
        "zkthreads_thread_sub_blocks",
        Unit::Count,
        "stage: open, closed, proving, proven, submitted",
        "Sub-blocks that are not settled",
    ),
    a_gauge(
        "zkthreads_thread_answer_seconds",
        Unit::Seconds,
        "quantile: 0.5, 0.99",
        "Time from a transaction's arrival to its answer, of the last 1,024",
    ),
    a_gauge("zkthreads_thread_node_reachable", Unit::Count, "", "1 if the thread's node answers, 0 if not"),
    a_gauge("zkthreads_thread_prover_memory_bytes", Unit::Bytes, "", "Memory of all provers"),
];

/// Tells the recorder what each metric is. Those without labels are there from the beginning, at zero.
pub(super) fn describe() {
    for metric in METRICS {
        let Metric { name, kind, unit, text, labels } = *metric;
        match kind {
            Kind::Counter if labels.is_empty() => counter!(name).absolute(0),
            Kind::Gauge if labels.is_empty() => gauge!(name).set(0.0),
            _ => {}
        }
        match kind {
            Kind::Counter => describe_counter!(name, unit, text),
            Kind::Gauge => describe_gauge!(name, unit, text),
            Kind::Histogram => describe_histogram!(name, unit, text),
        }
    }
}
