//! Prometheus metrics: a recorder for what the whole process reports, gauges that are read when they are asked for,
//! and a listener that serves both.

mod catalogue;
mod server;
mod sources;
mod thread;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

pub use catalogue::{Kind, METRICS, Metric};
pub use server::MetricsServer;
pub use sources::{MetricsSource, Sources};
pub use thread::ThreadSources;

/// From verifying a proof (milliseconds) to estimating a large fee (seconds).
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Transactions in a block.
const COUNTS: &[f64] = &[0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0];

/// Why no metrics are kept.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The recorder; a process has one.
    #[error("metrics: {0}")]
    Recorder(#[from] BuildError),
    /// The address cannot be listened on.
    #[error("metrics: cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: std::net::SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// What the process reported so far.
#[derive(Clone)]
pub struct Recorder {
    prometheus: PrometheusHandle,
    process: Collector,
}

impl Recorder {
    /// Keeps what is reported from now on, by the whole process. Until then reports cost nothing and go nowhere.
    ///
    /// # Errors
    /// If the process has a recorder already.
    pub fn install() -> Result<Self, MetricsError> {
        let prometheus = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
            .set_buckets_for_metric(Matcher::Full("zkthreads_block_transactions".to_owned()), COUNTS)?
            .install_recorder()?;
        let process = Collector::default();
        process.describe();
        catalogue::describe();
        Ok(Self { prometheus, process })
    }

    /// All metrics as Prometheus reads them, with those of the process and of `sources` as they are now.
    fn render(&self, sources: &dyn MetricsSource) -> String {
        self.process.collect();
        sources.collect();
        self.prometheus.render()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
