//! `zkthreads prove-worker`: a process that proves what its parent tells it to.

use anyhow::Result;
use zkthreads_batcher::worker;

/// Runs the command until standard input ends.
///
/// # Errors
/// If what stands there is no order.
pub fn run() -> Result<()> {
    Ok(worker::main()?)
}
