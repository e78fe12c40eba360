//! How long the origin is asked again before it is given up.

use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

/// How often, and for how long, to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backoff {
    /// The first pause; each is about twice as long as the one before.
    pub(super) first: Duration,
    /// The longest.
    pub(super) longest: Duration,
    /// After so long, all tries and pauses together, nothing is begun any more.
    pub(super) total: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(200),
            longest: Duration::from_secs(5),
            total: Duration::from_secs(20),
        }
    }
}

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure<E> {
    /// The next may succeed.
    Passing {
        /// What happened.
        reason: String,
        /// How long the other side asks us to wait.
        retry_after: Option<Duration>,
    },
    /// None will.
    Final(E),
}

/// Why no try succeeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum GivenUp<E> {
    /// None was going to.
    #[error(transparent)]
    Final(E),
    /// Backoff came to its end.
    #[error("{tries} tries in {} s failed, the last: {reason}", .after.as_secs())]
    Backoff {
        /// How often it was tried.
        tries: u32,
        /// For how long.
        after: Duration,
        /// What happened last.
        reason: String,
    },
}

/// Time and chance.
pub(super) trait Timing {
    /// Time since some beginning.
    fn now(&self) -> Duration;
    /// Waits.
    fn pause(&self, pause: Duration) -> impl Future<Output = ()> + Send;
    /// A number from 0 to 1, another one each time.
    fn chance(&self) -> f64;
}

/// The real ones.
pub(super) struct RealTime(Instant);

impl RealTime {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Timing for RealTime {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn pause(&self, pause: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(pause)
    }

    fn chance(&self) -> f64 {
        // Each state hashes with keys of its own.
        RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
    }
}

impl Backoff {
    /// Tries until it succeeds, cannot succeed, or backoff is at its end. Each try is told how long it may take.
    pub(super) async fn persist<T, E, F: Future<Output = Result<T, Failure<E>>>>(
        &self,
        timing: &impl Timing,
        mut attempt: impl FnMut(Duration) -> F,
    ) -> Result<T, GivenUp<E>> {
        let begun = timing.now();
        let mut tries = 0;
        loop {
            let elapsed = timing.now().saturating_sub(begun);
            let failure = attempt(self.total.saturating_sub(elapsed)).await;
            tries += 1;
            let (reason, retry_after) = match failure {
                Ok(value) => return Ok(value),
                Err(Failure::Final(error)) => return Err(GivenUp::Final(error)),
                Err(Failure::Passing { reason, retry_after }) => (reason, retry_after),
            };
            let pause = self.pause(tries, timing.chance()).max(retry_after.unwrap_or_default());
            let after = timing.now().saturating_sub(begun);
            if after + pause >= self.total {
                return Err(GivenUp::Backoff { tries, after, reason });
            }
            timing.pause(pause).await;
        }
    }

    /// The pause after the given try, shortened by chance to as little as half of it, so that those who were turned
    /// away together do not come back together.
    fn pause(&self, tries: u32, chance: f64) -> Duration {
        let factor = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = self.first.saturating_mul(factor).min(self.longest);
        pause.mul_f64(1.0 - chance.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;
    use std::future::ready;

    use super::*;

    const PATIENCE: Backoff = Backoff {
        first: Duration::from_millis(100),
        longest: Duration::from_millis(1_000),
        total: Duration::from_secs(10),
    };

    /// Time that passes only in pauses, which it writes down.
    struct Paused {
        pauses: parking_lot::Mutex<Vec<u64>>,
        chance: f64,
    }

    impl Paused {
        fn new(chance: f64) -> Self {
            Self { pauses: Default::default(), chance }
        }
    }

    impl Timing for Paused {
        fn now(&self) -> Duration {
            Duration::from_millis(self.pauses.lock().iter().sum())
        }

        fn pause(&self, pause: Duration) -> impl Future<Output = ()> + Send {
            self.pauses.lock().push(u64::try_from(pause.as_millis()).unwrap());
            ready(())
        }

        fn chance(&self) -> f64 {
            self.chance
        }
    }

    fn passing<T, E>(retry_after: Option<u64>) -> Result<T, Failure<E>> {
        Err(Failure::Passing { reason: "later".into(), retry_after: retry_after.map(Duration::from_secs) })
    }

    #[tokio::test]
    async fn pauses_double_and_are_bounded() {
        let timing = Paused::new(0.0);
        let left = RefCell::new(Vec::new());
        let given_up = PATIENCE
            .persist(&timing, |time| {
                left.borrow_mut().push(time.as_millis());
                ready(passing::<(), Infallible>(None))
            })
            .await
            .unwrap_err();
        let pauses = [100, 200, 400, 800, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000];
        assert_eq!(*timing.pauses.lock(), pauses);
        assert_eq!(left.borrow()[..4], [10_000, 9_900, 9_700, 9_300]);
        assert!(timing.now() < PATIENCE.total);
        assert_eq!(
            given_up,
            GivenUp::Backoff { tries: 13, after: Duration::from_millis(9_500), reason: "later".into() }
        );
        assert_eq!(given_up.to_string(), "13 tries in 9 s failed, the last: later");
    }

    #[tokio::test]
    async fn chance_halves_a_pause_at_most() {
        let timing = Paused::new(1.0);
        PATIENCE.persist(&timing, |_| ready(passing::<(), Infallible>(None))).await.unwrap_err();
        assert_eq!(timing.pauses.lock()[..5], [50, 100, 200, 400, 500]);
    }

    #[tokio::test]
    async fn whoever_asks_for_time_gets_it() {
        let timing = Paused::new(0.5);
        let mut answers = vec![Ok(7), passing(Some(3)), passing(None)];
        let answer = PATIENCE.persist::<_, Infallible, _>(&timing, |_| ready(answers.pop().unwrap())).await;
        assert_eq!(answer, Ok(7));
        assert_eq!(*timing.pauses.lock(), [75, 3_000]);
    }

    /// Waiting as long as it asks for would take longer than we have.
    #[tokio::test]
    async fn whoever_asks_for_too_much_time_is_given_up() {
        let timing = Paused::new(0.0);
        let given_up = PATIENCE.persist(&timing, |_| ready(passing::<(), Infallible>(Some(60)))).await;
        assert!(matches!(given_up, Err(GivenUp::Backoff { tries: 1, .. })));
        assert!(timing.pauses.lock().is_empty());
    }

    #[tokio::test]
    async fn what_cannot_succeed_is_not_tried_again() {
        let timing = Paused::new(0.0);
        let given_up = PATIENCE.persist(&timing, |_| ready(Err::<(), _>(Failure::Final("no")))).await;
        assert_eq!(given_up, Err(GivenUp::Final("no")));
        assert!(timing.pauses.lock().is_empty());
    }
}
