//! Work for clients. Each kind of it has a lane: so much of it runs at once, so much more waits, and beyond that a client
//! is told at once to come back. So whoever asks for much of one kind delays nobody who asks for another.
//!
//! A client that is gone has its work taken out of the lane, or ended if it runs and execution can stop. What a lane counts
//! is what runs, not who waits for it: work that cannot be ended keeps its turn until it is done.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zkthreads_execution::Cancellation;
use zkthreads_execution::busy::{Ended, within};

use crate::error::RpcError;
use crate::metrics;

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Looking something up. On a fork this may wait for the origin, on a thread for its node.
    Reading,
    /// Reading much of what is stored: whole blocks, events, proofs, classes.
    Scanning,
    /// Executing transactions and calls that change nothing.
    Execution,
    /// Checking a transaction before it is taken in.
    Admission,
    /// The same, of accounts whose validation takes long.
    SlowAdmission,
    /// Handing a thread an inner transaction: the thread's sequencer works, several at a time.
    Submission,
    /// Admission with a class to compile.
    Compilation,
    /// Verifying proofs for an answer.
    Proofs,
    /// Commands to a devnet, which wait for the block producer.
    Control,
}

/// How much work of one kind there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneLimits {
    /// Most that runs at once.
    pub running: usize,
    /// Most that waits for that.
    pub waiting: usize,
}

/// Limits of all lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanesLimits {
    /// Look-ups.
    pub reading: LaneLimits,
    /// Reading much: blocks, events, storage proofs, classes.
    pub scanning: LaneLimits,
    /// Calls, estimates, simulations.
    pub execution: LaneLimits,
    /// Transactions that are checked.
    pub admission: LaneLimits,
    /// Transactions whose validation takes long.
    pub slow_admission: LaneLimits,
    /// Inner transactions that a thread's sequencer is handed.
    pub submission: LaneLimits,
    /// Declarations that are checked and compiled. A compiler may take a gigabyte.
    pub compilation: LaneLimits,
    /// Questions that need a proof's verdict.
    pub proofs: LaneLimits,
    /// A devnet's commands.
    pub control: LaneLimits,
}

impl Default for LanesLimits {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let half = (cores / 2).max(1);
        Self {
            reading: LaneLimits { running: 32, waiting: 2048 },
            scanning: LaneLimits { running: half, waiting: 128 },
            execution: LaneLimits { running: cores, waiting: 256 },
            admission: LaneLimits { running: cores, waiting: 1024 },
            slow_admission: LaneLimits { running: 1, waiting: 64 },
            submission: LaneLimits { running: 128, waiting: 1024 },
            compilation: LaneLimits { running: 1, waiting: 16 },
            proofs: LaneLimits { running: 1, waiting: 32 },
            control: LaneLimits { running: 8, waiting: 256 },
        }
    }
}

impl LanesLimits {
    /// For work that waits for another node rather than for a processor.
    pub(crate) fn waiting_for_others(&self) -> Self {
        let more = |limits: LaneLimits| LaneLimits { running: limits.running.max(8), ..limits };
        Self {
            scanning: more(self.scanning),
            execution: more(self.execution),
            admission: more(self.admission),
            ..self.clone()
        }
    }
}

/// The lanes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Jobs {
    reading: Queue,
    scanning: Queue,
    execution: Queue,
    admission: Queue,
    slow_admission: Queue,
    submission: Queue,
    compilation: Queue,
    proofs: Queue,
    control: Queue,
    /// Longest that one job may execute.
    execution_time: Duration,
}

#[derive(Clone)]
struct Queue {
    /// What runs and what waits.
    places: Arc<Semaphore>,
    /// What runs.
    turns: Arc<Semaphore>,
}

impl Queue {
    fn new(limits: LaneLimits) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits.running.saturating_add(limits.waiting))),
            turns: Arc::new(Semaphore::new(limits.running)),
        }
    }
}

impl Jobs {
    pub(crate) fn new(limits: &LanesLimits, execution_time: Duration) -> Self {
        Self {
            execution_time,
            reading: Queue::new(limits.reading),
            scanning: Queue::new(limits.scanning),
            execution: Queue::new(limits.execution),
            admission: Queue::new(limits.admission),
            slow_admission: Queue::new(limits.slow_admission),
            submission: Queue::new(limits.submission),
            compilation: Queue::new(limits.compilation),
            proofs: Queue::new(limits.proofs),
            control: Queue::new(limits.control),
        }
    }

    /// Does work in a lane, on a thread for blocking work. If the future is dropped before, the work is not begun, or ends
    /// where execution can stop.
    ///
    /// # Errors
    /// [`RpcError::Busy`] if the lane is full, [`RpcError::TooMuchWork`] if it took too long.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> Result<R, RpcError> + Send + 'static,
    ) -> Result<R, RpcError> {
        let Queue { places, turns } = self.queue(lane);
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            metrics::refused(lane.name());
            return Err(RpcError::Busy { lane: lane.name() });
        };
        let ended = || RpcError::Internal { reason: "the server ends".to_owned() };
        let turn = Arc::clone(turns).acquire_owned().await.map_err(|_| ended())?;
        let cancellation = Cancellation::default();
        let _client = CancelOnDrop(cancellation.clone());
        let limit = self.execution_time;
        let job = spawn_blocking(move || {
            let _held = (place, turn);
            if cancellation.is_cancelled() {
                return Err(Ended::Cancelled);
            }
            within(limit, cancellation, work)
        });
        match job.await.map_err(|_| ended())? {
            Ok(answer) => answer,
            Err(Ended::TooLong(limit)) => Err(RpcError::TooMuchWork {
                reason: format!("it took more than {limit:?} of a processor's time"),
            }),
            Err(Ended::Cancelled) => Err(ended()),
        }
    }

    fn queue(&self, lane: Lane) -> &Queue {
        match lane {
            Lane::Reading => &self.reading,
            Lane::Scanning => &self.scanning,
            Lane::Execution => &self.execution,
            Lane::Admission => &self.admission,
            Lane::SlowAdmission => &self.slow_admission,
            Lane::Submission => &self.submission,
            Lane::Compilation => &self.compilation,
            Lane::Proofs => &self.proofs,
            Lane::Control => &self.control,
        }
    }
}

impl Lane {
    /// What clients and metrics are told.
    fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Scanning => "scanning",
            Self::Execution => "execution",
            Self::Admission => "admission",
            Self::SlowAdmission => "slow_admission",
            Self::Submission => "submission",
            Self::Compilation => "compilation",
            Self::Proofs => "proofs",
            Self::Control => "control",
        }
    }
}

/// Ends the work for a client that is gone.
struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::FutureExt;

    use super::*;

    const ONE_AND_ONE: LaneLimits = LaneLimits { running: 1, waiting: 1 };

    fn jobs() -> Jobs {
        Jobs::new(&LanesLimits { execution: ONE_AND_ONE, ..LanesLimits::default() }, Duration::MAX)
    }

    #[tokio::test]
    async fn a_full_lane_refuses_at_once_and_others_go_on() {
        let jobs = jobs();
        let (end, until) = mpsc::channel::<()>();
        let running = tokio::spawn({
            let jobs = jobs.clone();
            async move { jobs.run(Lane::Execution, move || Ok(until.recv().is_ok())).await }
        });
        while jobs.execution.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let mut waiting = Box::pin(jobs.run(Lane::Execution, || Ok(2)));
        assert!((&mut waiting).now_or_never().is_none());
        let refused = jobs.run(Lane::Execution, || Ok(3)).await;
        assert!(matches!(refused, Err(RpcError::Busy { lane: "execution" })));
        assert!(matches!(jobs.run(Lane::Reading, || Ok(4)).await, Ok(4)));

        end.send(()).unwrap();
        assert!(matches!(running.await.unwrap(), Ok(true)));
        assert!(matches!(waiting.await, Ok(2)));
    }

    #[tokio::test]
    async fn the_work_of_a_client_that_is_gone_is_not_begun_and_what_runs_keeps_its_turn() {
        let jobs = jobs();
        let (end, until) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let mut running = Box::pin(jobs.run(Lane::Execution, move || {
            begin.send(()).unwrap();
            Ok(until.recv().is_ok())
        }));
        assert!((&mut running).now_or_never().is_none());
        // Otherwise it would not be begun, either.
        begun.recv().unwrap();
        let mut waiting = Box::pin(jobs.run(Lane::Execution, || -> Result<(), RpcError> { panic!("begun") }));
        assert!((&mut waiting).now_or_never().is_none());

        drop((running, waiting));
        // The one place is free, the turn is not: the work cannot be ended.
        assert_eq!(jobs.execution.places.available_permits(), 1);
        let mut next = Box::pin(jobs.run(Lane::Execution, || Ok(5)));
        assert!((&mut next).now_or_never().is_none());
        end.send(()).unwrap();
        assert!(matches!(next.await, Ok(5)));
    }
}
