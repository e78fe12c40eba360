//! Whether the node answers, and how long to wait before it is asked again.

use std::time::Duration;

/// Longest pause before a node that is away is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What has gone wrong lately, if anything.
#[derive(Debug)]
pub(super) struct Health {
    poll: Duration,
    trouble: Option<Trouble>,
}

#[derive(Debug)]
struct Trouble {
    reason: String,
    pause: Duration,
}

impl Health {
    /// All is well; asked every `poll`.
    pub(super) fn new(poll: Duration) -> Self {
        Self { poll, trouble: None }
    }

    /// Notes that it went well. `true` if it had not before.
    pub(super) fn is_well(&mut self) -> bool {
        self.trouble.take().is_some()
    }

    /// Notes that it went wrong. `true` if that is news.
    pub(super) fn is_ill(&mut self, reason: &str) -> bool {
        let before = self.trouble.take();
        let is_news = before.as_ref().is_none_or(|before| before.reason != reason);
        let pause = before.map_or(self.poll, |before| before.pause.saturating_mul(2).min(LONGEST_PAUSE));
        self.trouble = Some(Trouble { reason: reason.to_owned(), pause });
        is_news
    }

    /// How long to wait now.
    pub(super) fn pause(&self) -> Duration {
        self.trouble.as_ref().map_or(self.poll, |trouble| trouble.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_it_goes_wrong_and_each_change_is_news_once() {
        let mut health = Health::new(Duration::from_millis(100));
        assert!(!health.is_well());
        assert!(health.is_ill("away"));
        let pauses: Vec<_> = (0..8)
            .map(|_| {
                let pause = health.pause().as_millis();
                assert!(!health.is_ill("away"));
                pause
            })
            .collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert!(health.is_ill("nonsense"));
        assert_eq!(health.pause(), LONGEST_PAUSE);
        assert!(health.is_well());
        assert!(!health.is_well());
        assert_eq!(health.pause(), Duration::from_millis(100));
    }
}
