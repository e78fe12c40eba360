//! Work for clients. Each kind of it has a lane: so much of it runs at once, so much more waits, and beyond that a client
//! is told at once to come back. So whoever asks for much of one kind delays nobody who asks for another.
//!
//! A client that is gone has its work taken out of the lane, or ended if it runs and execution can stop. What a lane counts
//! is what runs, not who waits for it: work that cannot be ended keeps its turn until it is done.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use starknet_types_core::felt::Felt;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zkthreads_execution::Cancellation;
use zkthreads_execution::busy::{Ended, within};

use crate::error::RpcError;
use crate::limits::{LaneLimits, LanesLimits};
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
    /// Reading a package that is asked about, and whose question it is.
    Packages,
    /// Verifying proofs for an answer.
    Proofs,
    /// The same for submitters who signed for it, one question of each.
    SignedProofs,
    /// Commands to a devnet, which wait for the block producer.
    Control,
}

/// Where work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaneSlot {
    /// In a lane.
    Lane(Lane),
    /// Where proofs are verified for an answer.
    Proofs {
        /// The submitter who asks, if it is one.
        account: Option<Felt>,
    },
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
    packages: Queue,
    proofs: Queue,
    signed_proofs: Queue,
    /// Accounts with a question among the signed.
    asking: Arc<Mutex<HashSet<Felt>>>,
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
            packages: Queue::new(limits.packages),
            proofs: Queue::new(limits.proofs),
            signed_proofs: Queue::new(limits.signed_proofs),
            asking: Arc::default(),
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

    /// As [`Self::run`]; proofs that an account asks about are verified in the lane for such, unless that is full or has one of its
    /// questions already.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) async fn run_at<R: Send + 'static>(
        &self,
        place: LaneSlot,
        work: impl FnOnce() -> Result<R, RpcError> + Send + 'static,
    ) -> Result<R, RpcError> {
        let account = match place {
            LaneSlot::Lane(lane) => return self.run(lane, work).await,
            LaneSlot::Proofs { account } => account,
        };
        let has_room = self.signed_proofs.places.available_permits() > 0;
        let asking = account.filter(|_| has_room).and_then(|account| Asking::begin(&self.asking, account));
        let lane = if asking.is_some() { Lane::SignedProofs } else { Lane::Proofs };
        let work = move || {
            let _asking = asking;
            work()
        };
        self.run(lane, work).await
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
            Lane::Packages => &self.packages,
            Lane::Proofs => &self.proofs,
            Lane::SignedProofs => &self.signed_proofs,
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
            Self::Packages => "packages",
            Self::Proofs => "proofs",
            Self::SignedProofs => "signed_proofs",
            Self::Control => "control",
        }
    }
}

/// An account's question, as long as it is asked.
struct Asking {
    accounts: Arc<Mutex<HashSet<Felt>>>,
    account: Felt,
}

impl Asking {
    /// `None` if the account asks already.
    fn begin(accounts: &Arc<Mutex<HashSet<Felt>>>, account: Felt) -> Option<Self> {
        let is_new = accounts.lock().insert(account);
        is_new.then(|| Self { accounts: Arc::clone(accounts), account })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.accounts.lock().remove(&self.account);
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
    async fn strangers_do_not_delay_who_signed_and_an_account_asks_one_question_at_a_time() {
        let limits =
            LanesLimits { proofs: ONE_AND_ONE, signed_proofs: ONE_AND_ONE, ..LanesLimits::default() };
        let jobs = Jobs::new(&limits, Duration::MAX);
        let begin = |account: Option<Felt>| {
            let (end, until) = mpsc::channel::<()>();
            let work = move || Ok(until.recv().is_ok());
            let mut asked = Box::pin({
                let jobs = jobs.clone();
                async move { jobs.run_at(LaneSlot::Proofs { account }, work).await }
            });
            assert!((&mut asked).now_or_never().is_none());
            (end, asked)
        };
        let waiting = |queue: &Queue| queue.places.available_permits();
        let _strangers = [begin(None), begin(None)];
        assert!(matches!(
            jobs.run_at(LaneSlot::Proofs { account: None }, || Ok(())).await,
            Err(RpcError::Busy { lane: "proofs" })
        ));

        let (end, mut one) = begin(Some(Felt::ONE));
        let again = jobs.run_at(LaneSlot::Proofs { account: Some(Felt::ONE) }, || Ok(())).await;
        assert!(matches!(again, Err(RpcError::Busy { lane: "proofs" })), "among the strangers");
        let (_, other) = begin(Some(Felt::TWO));
        assert_eq!(waiting(&jobs.signed_proofs), 0);
        end.send(()).unwrap();
        assert!(matches!((&mut one).await, Ok(true)));
        drop(other);
        while waiting(&jobs.signed_proofs) < 2 {
            tokio::task::yield_now().await;
        }
        assert!(
            matches!(jobs.run_at(LaneSlot::Proofs { account: Some(Felt::ONE) }, || Ok(7)).await, Ok(7)),
            "its question was answered"
        );
        assert!(
            matches!(jobs.run_at(LaneSlot::Proofs { account: Some(Felt::TWO) }, || Ok(8)).await, Ok(8)),
            "it is gone, and so is its question"
        );
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
