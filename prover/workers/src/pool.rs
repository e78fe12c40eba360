//! Provers that are kept alive.

use std::num::NonZero;
use std::sync::Arc;
use std::{fs, io, thread};

use parking_lot::Mutex;
use tokio::sync::{Mutex as Shared, mpsc, oneshot};
use zkthreads_sub_block::ExecutedSubBlock;

use crate::config::ProverPoolConfig;
use crate::error::WorkerError;
use crate::proven::Proven;
use crate::stage::Stage;
use crate::supervisor::{Activity, Job, WorkerSupervisor};

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
        let supervisors: Vec<_> = (0..workers)
            .map(|_| WorkerSupervisor {
                config: Arc::clone(&config),
                threads: (cores / workers).max(1),
                queue: Arc::clone(&queue),
                activity: Arc::default(),
            })
            .collect();
        let activities = supervisors.iter().map(|supervisor| Arc::clone(&supervisor.activity)).collect();
        drop((config, queue));
        look_after(supervisors).map_err(|error| WorkerError::Spawn { reason: error.to_string() })?;
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
fn look_after(supervisors: Vec<WorkerSupervisor>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let keep = move || {
        runtime.block_on(async {
            let supervisors: Vec<_> =
                supervisors.into_iter().map(|supervisor| tokio::spawn(supervisor.run())).collect();
            for supervisor in supervisors {
                if let Err(error) = supervisor.await {
                    tracing::error!("the supervisor of a prover: {error}");
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
