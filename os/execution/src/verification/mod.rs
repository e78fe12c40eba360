//! Proof verification off the execution path.
//!
//! The mempool asks for the verdicts on the packages it holds ([`VerificationPool::submit`]). A few workers see to
//! them in turns ([`Rank`]), one package of a submitter at a time: a flood of one submitter's delays another's package by
//! one verification, unless it pays more, and no flood takes more than the workers' share of the machine. A block takes a
//! thread whose verdict is known, so it waits for no proof.

mod check;
mod crew;
mod queue;
mod verdicts;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use starknet_api::core::{ChainId, ContractAddress};
use zkthreads_protocol::{OsProgram, SegmentError, ThreadTransaction};

pub use check::{CheckedSegment, CheckedThread};
pub use queue::Rank;
pub use verdicts::KeptVerdict;

use check::Checker;
use crew::Crew;
use queue::FairQueue;
use verdicts::Verdicts;

/// What was found out about a package by looking at nothing but the package.
pub type Verdict = Result<Arc<CheckedThread>, Arc<SegmentError>>;

/// Checks packages on a few threads of its own and remembers the verdicts by package digest. Cheap to clone; the
/// workers end with the last clone.
#[derive(Clone)]
pub struct VerificationPool {
    workers: Arc<Workers>,
}

/// What the pool has done and has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerificationFigures {
    /// Packages that wait for a worker.
    pub waiting: usize,
    /// Packages checked and found good.
    pub accepted: u64,
    /// Packages checked and found bad.
    pub refused: u64,
    /// Time spent on both, on all cores together.
    pub time: Duration,
}

struct Workers {
    shared: Arc<Shared>,
    count: usize,
}

struct Shared {
    checker: Checker,
    verdicts: Arc<Verdicts>,
    queue: FairQueue<ContractAddress, Job>,
    /// Held by whoever computes a verdict in passing.
    outside: Mutex<()>,
    accepted: AtomicU64,
    refused: AtomicU64,
    microseconds: AtomicU64,
}

/// A package to check. Whoever asked holds it, and gives up by dropping it.
struct Job {
    thread: Weak<ThreadTransaction>,
    is_wanted: Box<dyn FnOnce(&ThreadTransaction) -> bool + Send>,
    then: Box<dyn FnOnce(KeptVerdict) + Send>,
}

impl VerificationPool {
    /// A pool for threads of `chain_id` that accepts proofs of `programs`. Half of the machine's cores work for it,
    /// at least one: the others are for blocks.
    #[must_use]
    pub fn new(chain_id: ChainId, programs: impl IntoIterator<Item = OsProgram>) -> Self {
        let wanted = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        // Two at least, so that the segments of a package are checked side by side on the smallest machine, too.
        let crew = Crew::new(wanted.max(2));
        let shared = Arc::new(Shared {
            checker: Checker::new(chain_id, programs, crew),
            verdicts: Arc::new(Verdicts::new()),
            queue: FairQueue::new(),
            outside: Mutex::new(()),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            microseconds: AtomicU64::new(0),
        });
        let started = (0..wanted).filter(|index| start_worker(*index, &shared));
        let count = started.count();
        Self { workers: Arc::new(Workers { shared, count }) }
    }

    /// Has a package checked for the account `submitter` in its turn, if it `is_wanted` then, and calls `then` with the
    /// verdict; both on a worker's thread. Nothing happens if `thread` is dropped before its turn. `false` if no worker
    /// could be started: whoever needs the verdict computes it.
    #[must_use]
    pub fn submit(
        &self,
        submitter: ContractAddress,
        rank: Rank,
        thread: &Arc<ThreadTransaction>,
        is_wanted: impl FnOnce(&ThreadTransaction) -> bool + Send + 'static,
        then: impl FnOnce(KeptVerdict) + Send + 'static,
    ) -> bool {
        let works = self.workers.count > 0;
        if works {
            let (is_wanted, then) = (Box::new(is_wanted), Box::new(then));
            self.shared().queue.push(
                submitter,
                rank,
                Job { thread: Arc::downgrade(thread), is_wanted, then },
            );
        }
        works
    }

    /// The verdict on a package. If it is not known, computes it now: one package at a time, so that what needs verdicts in
    /// passing takes one core, and for several segments those besides that nobody verifies on.
    ///
    /// # Errors
    /// Why the package cannot settle in any state.
    pub fn verdict(&self, thread: &ThreadTransaction) -> Verdict {
        self.known_verdict(thread).unwrap_or_else(|| {
            let _one_at_a_time = self.shared().outside.lock();
            self.shared().verdict(thread)
        })
    }

    /// Makes the verdict on a package known for as long as what is returned lives. If it is not known yet, computes it now; how
    /// many do so at once is the caller's business.
    #[must_use]
    pub fn keep(&self, thread: &ThreadTransaction) -> KeptVerdict {
        let shared = self.shared();
        shared.verdicts.keep(thread, shared.verdict(thread))
    }

    /// The same, if it is known already.
    #[must_use]
    pub fn keep_known(&self, thread: &ThreadTransaction) -> Option<KeptVerdict> {
        Some(self.shared().verdicts.keep(thread, self.known_verdict(thread)?))
    }

    /// The verdict, if it is known already.
    #[must_use]
    pub fn known_verdict(&self, thread: &ThreadTransaction) -> Option<Verdict> {
        self.shared().verdicts.known(thread)
    }

    /// What the pool has done and has to do.
    #[must_use]
    pub fn figures(&self) -> VerificationFigures {
        let shared = self.shared();
        VerificationFigures {
            waiting: shared.queue.waiting(),
            accepted: shared.accepted.load(Ordering::Relaxed),
            refused: shared.refused.load(Ordering::Relaxed),
            time: Duration::from_micros(shared.microseconds.load(Ordering::Relaxed)),
        }
    }

    fn shared(&self) -> &Shared {
        &self.workers.shared
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

impl Shared {
    fn verdict(&self, thread: &ThreadTransaction) -> Verdict {
        self.verdicts.get_with(thread, || {
            let started = Instant::now();
            let verdict = self.checker.check(thread).map(Arc::new).map_err(Arc::new);
            let microseconds = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
            let counter = if verdict.is_ok() { &self.accepted } else { &self.refused };
            counter.fetch_add(1, Ordering::Relaxed);
            verdict
        })
    }
}

fn start_worker(index: usize, shared: &Arc<Shared>) -> bool {
    let shared = Arc::clone(shared);
    let started = std::thread::Builder::new().name(format!("verifier-{index}")).spawn(move || work(&shared));
    if let Err(error) = &started {
        tracing::warn!(%error, "a verification worker is missing");
    }
    started.is_ok()
}

fn work(shared: &Shared) {
    while let Some(mut turn) = shared.queue.next() {
        let Some(Job { thread, is_wanted, then }) = turn.take() else { continue };
        let Some(thread) = thread.upgrade() else { continue };
        match catch_unwind(AssertUnwindSafe(|| is_wanted(&thread))) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(_) => tracing::error!("whether a proof is wanted cannot be said"),
        }
        let kept = shared.verdicts.keep(&thread, shared.verdict(&thread));
        // The caller's package must be able to go with the caller.
        drop(thread);
        if catch_unwind(AssertUnwindSafe(|| then(kept))).is_err() {
            tracing::error!("what waited for a verdict panicked");
        }
    }
}
