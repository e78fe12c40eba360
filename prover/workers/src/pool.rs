//! Provers that are kept alive.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io, thread};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as Shared, mpsc, oneshot};
use zkthreads_sub_block::ExecutedSubBlock;

use crate::error::WorkerError;
use crate::keeper::{Activity, Job, Keeper};
use crate::stage::Stage;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone)]
pub struct ProverPool {
    jobs: mpsc::UnboundedSender<Job>,
    activities: Arc<[Arc<Mutex<Option<Activity>>>]>,
}

impl ProverPool {
    /// Starts the processes. Does not wait until they are ready.
    ///
    /// # Errors
    /// If there cannot be a thread to look after them.
    pub fn new(config: ProverPoolConfig) -> Result<Self, WorkerError> {
        let workers = config.workers.max(1);
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let (jobs, queue) = mpsc::unbounded_channel();
        let (config, queue) = (Arc::new(config), Arc::new(Shared::new(queue)));
        let keepers: Vec<_> = (0..workers)
            .map(|_| Keeper {
                config: Arc::clone(&config),
                threads: (cores / workers).max(1),
                queue: Arc::clone(&queue),
                activity: Arc::default(),
            })
            .collect();
        let activities = keepers.iter().map(|keeper| Arc::clone(&keeper.activity)).collect();
        drop((config, queue));
        look_after(keepers).map_err(|error| WorkerError::Spawn { reason: error.to_string() })?;
        Ok(Self { jobs, activities })
    }

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
    ) -> Result<Proven, WorkerError> {
        let (sender, mut stages) = mpsc::unbounded_channel();
        let (reply, mut answer) = oneshot::channel();
        let job = Job {
            number: job,
            input: executed.input.clone(),
            statement: executed.statement.clone(),
            progress: sender,
            reply,
        };
        self.jobs.send(job).map_err(|_| WorkerError::Stopped)?;
        loop {
            tokio::select! {
                biased;
                Some(stage) = stages.recv() => progress(stage),
                answer = &mut answer => return answer.unwrap_or(Err(WorkerError::Stopped)),
            }
        }
    }

    /// What the provers that are alive are doing now.
    #[must_use]
    pub fn figures(&self) -> Vec<ProverFigures> {
        let alive = self.activities.iter().filter_map(|activity| *activity.lock());
        let figures = alive.map(|Activity { pid, job, stage }| ProverFigures {
            pid,
            job,
            stage,
            memory_bytes: resident_bytes(pid).unwrap_or_default(),
        });
        figures.collect()
    }
}

/// Keeps workers on a thread of its own. It starts every process, and is there until the pool is gone: a worker ends
/// with the thread that started it.
fn look_after(keepers: Vec<Keeper>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let keep = move || {
        runtime.block_on(async {
            let keepers: Vec<_> = keepers.into_iter().map(|keeper| tokio::spawn(keeper.run())).collect();
            for keeper in keepers {
                if let Err(error) = keeper.await {
                    tracing::error!("the keeper of a prover: {error}");
                }
            }
        });
    };
    thread::Builder::new().name("provers".to_owned()).spawn(keep).map(drop)
}

/// Memory that a process has; none if it has ended.
fn resident_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = resident.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}
