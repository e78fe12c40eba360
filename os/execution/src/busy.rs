//! How long an execution may keep a processor busy.
//!
//! Gas is what proving costs. What executing costs in time is another matter: a multiplication on the curve takes as long
//! as 400 steps and costs as much gas as 40, and builtins of classes below Sierra 1.7 cost nothing until they have run.
//! So an execution has limits of time besides, in the time that its thread had a processor: how busy others keep the
//! machine, or how long a disk or a fork's origin takes, makes no difference. They are far above what transactions take
//! whose gas Starknet would accept.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use blockifier::execution::common_hints::ExecutionMode;
use blockifier::execution::stop::{steps, stopped_if};
use rustix::time::{ClockId, clock_gettime};

/// How long the work for a transaction may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// For checking a transaction before it is taken in: its `__validate__`, and its constructor if it deploys an account.
    /// Nobody pays for this if it fails. A signature takes some milliseconds.
    pub validation: Duration,
    /// For all of a transaction that is executed in a block.
    pub execution: Duration,
    /// For sealing a block of several transactions, by an estimate. A transaction that takes more has a block of its own.
    pub sealing: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            validation: Duration::from_secs(1),
            execution: Duration::from_secs(10),
            sealing: Duration::from_secs(2),
        }
    }
}

/// Ends work that nobody waits for any more, wherever execution can stop. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Ends the work.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why work was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It took too long.
    TooLong(Duration),
    /// Nobody waits for it.
    Cancelled,
}

/// Runs `work` on this thread for at most `limit` of processor time, or until it is cancelled. What it executes then ends as
/// if no step was left, so a result that was ended says nothing about a transaction.
///
/// # Errors
/// Why it was ended.
pub fn within<R>(limit: Duration, cancellation: Cancellation, work: impl FnOnce() -> R) -> Result<R, Ended> {
    let (done, ended) = watched(move |_| limit, cancellation.clone(), work);
    match ended {
        Some(_) if cancellation.is_cancelled() => Err(Ended::Cancelled),
        Some(_) => Err(Ended::TooLong(limit)),
        None => Ok(done),
    }
}

/// As [`within`], with a limit for each part of a transaction. Tells in which part it was ended, besides what it came to.
pub(crate) fn watched<R>(
    limit: impl Fn(ExecutionMode) -> Duration + 'static,
    cancellation: Cancellation,
    work: impl FnOnce() -> R,
) -> (R, Option<ExecutionMode>) {
    let begun = processor_time();
    let ended = Rc::new(Cell::new(None));
    let end = Rc::clone(&ended);
    let stop = move |mode| {
        let over = cancellation.is_cancelled() || processor_time().saturating_sub(begun) >= limit(mode);
        if over && end.get().is_none() {
            end.set(Some(mode));
        }
        over
    };
    let done = stopped_if(stop, work);
    (done, ended.get())
}

/// Runs `work` on this thread for at most `limit` steps of the VM, and some more: it is asked from time to time. What it executes
/// then ends as if no step was left. Tells how many steps it took.
///
/// # Errors
/// How many steps it had taken when it was ended.
pub fn within_steps<R>(limit: u64, work: impl FnOnce() -> R) -> Result<(R, u64), u64> {
    let taken = || u64::from(steps());
    let done = stopped_if(move |_| taken() > limit, work);
    let taken = taken();
    if taken > limit { Err(taken) } else { Ok((done, taken)) }
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    // A clock never shows a time before zero.
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
