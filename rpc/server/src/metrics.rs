//! What the server counts, through the `metrics` facade: nothing happens unless the process installed a recorder.
//! The node describes these names where it describes all others.

use std::time::Duration;

use jsonrpsee::core::server::MethodResponse;
use jsonrpsee::types::error::INTERNAL_ERROR_CODE;
use metrics::{Gauge, counter, gauge, histogram};

use crate::error::SERVER_ERROR;

const REQUESTS: &str = "zkthreads_rpc_requests_total";
const DURATION: &str = "zkthreads_rpc_duration_seconds";
const CONNECTIONS: &str = "zkthreads_rpc_connections";
const REFUSED: &str = "zkthreads_rpc_refused_total";
const WEBSOCKETS: &str = "zkthreads_ws_connections";
const SUBSCRIPTIONS: &str = "zkthreads_ws_subscriptions";
const DROPPED: &str = "zkthreads_ws_dropped_total";

/// Counts a call. Outcomes: `ok`; `error`, which the caller caused; `failure`, which the node did.
pub(crate) fn call(method: &'static str, response: &MethodResponse, took: Duration) {
    let outcome = match response.as_error_code() {
        None => "ok",
        Some(INTERNAL_ERROR_CODE | SERVER_ERROR) => "failure",
        Some(_) => "error",
    };
    counter!(REQUESTS, "method" => method, "outcome" => outcome).increment(1);
    histogram!(DURATION, "method" => method).record(took);
}

/// Counts a call of a method that there is not, whatever its name.
pub(crate) fn unknown_method() {
    counter!(REQUESTS, "method" => "unknown", "outcome" => "error").increment(1);
}

/// Counts a connection or request that is refused.
pub(crate) fn refused(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

/// Counts a WebSocket that the server closed.
pub(crate) fn dropped(reason: &'static str) {
    counter!(DROPPED, "reason" => reason).increment(1);
}

/// One more of what a gauge shows, until it is dropped.
pub(crate) struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }

    pub(crate) fn connection() -> Self {
        Self::new(gauge!(CONNECTIONS))
    }

    pub(crate) fn websocket() -> Self {
        Self::new(gauge!(WEBSOCKETS))
    }

    pub(crate) fn subscription(kind: &'static str) -> Self {
        Self::new(gauge!(SUBSCRIPTIONS, "kind" => kind))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
