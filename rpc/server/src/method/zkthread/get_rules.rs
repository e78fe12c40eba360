//! `zkthread_getRules`.

use serde::Serialize;
use zkthreads_execution::thread::constants::MAX_FORECAST_SECONDS;

use crate::context::RpcContext;
use crate::error::RpcError;
use crate::params::NoParams;

#[derive(Serialize)]
pub(super) struct Rules {
    lines: Vec<Line>,
    max_forecast: u64,
}

#[derive(Serialize)]
struct Line {
    from: u64,
    max_age: u64,
    max_lag: u64,
    hardening: u32,
}

/// What threads must keep to, by the height of the block that settles them: how many blocks below it their base block may be,
/// how many seconds their time may be behind the chain's, and in which way the code of classes is hardened. Besides, how many seconds ahead of it a package may wait.
pub(super) fn answer(context: &RpcContext, _: NoParams) -> Result<Rules, RpcError> {
    let lines = context.executor.config().thread_rules.lines().iter().map(|line| Line {
        from: line.from.0,
        max_age: line.rules.max_age,
        max_lag: line.rules.max_lag,
        hardening: line.rules.hardening,
    });
    Ok(Rules { lines: lines.collect(), max_forecast: MAX_FORECAST_SECONDS })
}
