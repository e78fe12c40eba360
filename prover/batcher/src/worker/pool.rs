//! Provers that are kept alive.

use std::path::PathBuf;
use std::time::Duration;

use zkthreads_execution::sub_block::ExecutedSubBlock;

use super::error::WorkerError;
use super::stage::Stage;

/// How many provers there are, and what they may take.
#[derive(Debug, Clone)]
pub struct ProverPoolConfig {
    /// Number of processes, at least one. The machine's cores are shared out among them.
    pub workers: usize,
    /// Most memory of each, bytes. See [`budget::max_steps`](super::budget::max_steps) for what fits.
    pub memory_bytes: u64,
    /// Most time for one proof.
    pub deadline: Duration,
    /// The program to start, which calls [`main`](super::main) for its only argument,
    /// [`SUBCOMMAND`](super::SUBCOMMAND).
    pub program: PathBuf,
}

/// A proof of a sub-block, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The proof's bytes, as a package carries them.
    pub proof: Vec<u8>,
    /// Cairo steps of the OS run.
    pub steps: usize,
}

/// What one prover is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProverFigures {
    /// Its process.
    pub pid: u32,
    /// What it works on, by the caller's number; none if it waits for work.
    pub job: Option<u64>,
    /// How far that has come.
    pub stage: Option<Stage>,
    /// Memory it has now (resident), bytes.
    pub memory_bytes: u64,
}

/// Worker processes that prove sub-blocks. Cheap to clone; the processes end with the last clone.
#[derive(Clone)]
pub struct ProverPool {}

impl ProverPool {
    /// Starts the processes. Does not wait until they are ready.
    ///
    /// # Errors
    /// If there cannot be a thread to look after them.
    pub fn new(config: ProverPoolConfig) -> Result<Self, WorkerError>;

    /// Proves a sub-block: waits for a prover that has nothing to do, and for its proof. `job` is the caller's name
    /// for the work, for logs and [`Self::figures`]. `progress` hears of each stage, on the caller's task. Dropping
    /// the future gives the work up: the process that does it is killed and another one started.
    ///
    /// # Errors
    /// See [`WorkerError`].
    pub async fn prove(
        &self,
        job: u64,
        executed: &ExecutedSubBlock,
        progress: impl Fn(Stage),
    ) -> Result<Proven, WorkerError>;

    /// What the provers that are alive are doing now.
    #[must_use]
    pub fn figures(&self) -> Vec<ProverFigures>;
}
