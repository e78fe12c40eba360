//! How much of the time classes of the origin are compiled: whoever makes a contract's code run chooses which, and does not always
//! pay for it.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use zkthreads_storage::BaseStateError;

/// Compiling that may be done in advance: some hundred classes of the usual size.
const CREDIT: Duration = Duration::from_secs(30);
/// What was done in advance is made up for in so many times the time it took.
const PAUSES: u32 = 5;

/// The compiler's time. One class is compiled at a time, since each may take a gigabyte.
#[derive(Debug)]
pub(super) struct Compiling(Mutex<Debt>);

impl Compiling {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Debt { owed: Duration::ZERO, at: Instant::now() }))
    }

    /// Whether there is time for another class now.
    ///
    /// # Errors
    /// [`BaseStateError::Busy`] if there is none.
    pub(super) fn check_time(&self) -> Result<(), BaseStateError> {
        if self.0.lock().is_affordable(Instant::now()) {
            return Ok(());
        }
        let reason = "many classes were compiled lately, so this one has to wait".to_owned();
        Err(BaseStateError::Busy { reason })
    }

    /// Compiles, while nobody else does.
    pub(super) fn compile<T>(&self, compile: impl FnOnce() -> T) -> T {
        let mut debt = self.0.lock();
        let begun = Instant::now();
        let compiled = compile();
        debt.owe(begun.elapsed());
        compiled
    }
}

/// Time that was used in advance.
#[derive(Debug)]
struct Debt {
    owed: Duration,
    /// When that much was owed.
    at: Instant,
}

impl Debt {
    fn is_affordable(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at);
        self.owed = self.owed.saturating_sub(passed / PAUSES);
        self.at = now;
        self.owed < CREDIT
    }

    fn owe(&mut self, took: Duration) {
        self.owed = self.owed.saturating_add(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_made_up_for() {
        let at = Instant::now();
        let mut debt = Debt { owed: Duration::ZERO, at };
        for _ in 0..3 {
            assert!(debt.is_affordable(at));
            debt.owe(Duration::from_secs(12));
        }
        // 36 seconds are owed: six too many.
        assert!(!debt.is_affordable(at));
        assert!(!debt.is_affordable(at + Duration::from_secs(29)));
        assert!(debt.is_affordable(at + Duration::from_secs(31)));
        debt.owe(Duration::from_secs(1));
        assert!(!debt.is_affordable(at + Duration::from_secs(31)));
        // Nothing is saved up.
        assert!(debt.is_affordable(at + Duration::from_secs(10_000)));
        assert_eq!(debt.owed, Duration::ZERO);
    }
}
