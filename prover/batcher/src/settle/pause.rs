//! How long to wait before something is tried again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST: Duration = Duration::from_secs(15);

/// Pauses that grow while nothing succeeds. A random part keeps those apart that failed together.
#[derive(Debug, Clone)]
pub(super) struct Pauses {
    next: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Pauses {
    /// The next pause: at least half of what is due.
    pub(super) fn next(&mut self) -> Duration {
        let due = self.next;
        self.next = (due * 2).min(LONGEST);
        due / 2 + (due / 2).mul_f64(chance())
    }

    /// Something has succeeded.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// A number from 0 to 1: each hasher of the standard library begins with another random key.
fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    (random >> 32) as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_begin_anew() {
        let mut pauses = Pauses::default();
        let mut due = FIRST;
        for _ in 0..10 {
            let pause = pauses.next();
            assert!(pause >= due / 2 && pause <= due, "{pause:?} of {due:?}");
            due = (due * 2).min(LONGEST);
        }
        assert_eq!(due, LONGEST);
        pauses.reset();
        assert!(pauses.next() <= FIRST);
    }
}
