//! How many provers there are, and what they may take.

use std::path::PathBuf;
use std::time::Duration;

/// How many provers there are, and what they may take.
#[derive(Debug, Clone)]
pub struct ProverPoolConfig {
    /// Number of processes, at least one. The machine's cores are shared out among them.
    pub workers: usize,
    /// Most memory of each, bytes. See [`budget::max_steps`](crate::budget::max_steps) for what fits.
    pub memory_bytes: u64,
    /// Most time for one proof.
    pub deadline: Duration,
    /// The program to start, which calls [`main`](crate::main) for its only argument,
    /// [`SUBCOMMAND`](crate::SUBCOMMAND).
    pub program: PathBuf,
}
