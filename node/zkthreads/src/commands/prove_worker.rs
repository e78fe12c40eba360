//! `zkthreads prove-worker`: a process that proves what its parent tells it to.

use anyhow::Result;

/// Runs the command until standard input ends.
///
/// # Errors
/// If what stands there is no order.
pub fn run() -> Result<()> {
    Ok(zkthreads_workers::main()?)
}
