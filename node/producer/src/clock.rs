//! What time it is on the chain.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockTimestamp;

/// How a clock was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockState {
    /// How far the chain is ahead of the system, seconds.
    pub ahead: i128,
    /// The next block's timestamp, if it is set.
    pub next: Option<u64>,
}

/// The system's clock, moved as a devnet's user wants it.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// The time since the Unix epoch.
    system: fn() -> Duration,
    /// What it showed when it was started, if not the system's time.
    start: Option<BlockTimestamp>,
    /// How far the chain is ahead of the system, seconds.
    ahead: i128,
    /// The next block's timestamp, if it is set.
    next: Option<BlockTimestamp>,
}

impl Clock {
    pub(crate) fn new(system: fn() -> Duration, start: Option<BlockTimestamp>) -> Self {
        let mut clock = Self { system, start, ahead: 0, next: None };
        if let Some(start) = start {
            clock.go_on_from(start);
        }
        clock
    }

    /// The next block's timestamp.
    pub(crate) fn next(&self) -> BlockTimestamp {
        self.next.unwrap_or_else(|| self.now())
    }

    /// How long it takes until the next block's timestamp is `time`; `None` if it stays what it was set to.
    pub(crate) fn until(&self, time: BlockTimestamp) -> Option<Duration> {
        if self.is_set() {
            return None;
        }
        let since_full_second = Duration::from_nanos((self.system)().subsec_nanos().into());
        let seconds = Duration::from_secs(time.0.saturating_sub(self.now().0));
        Some(seconds.saturating_sub(since_full_second))
    }

    /// Whether the next block's timestamp is set, even before its parent's.
    pub(crate) fn is_set(&self) -> bool {
        self.next.is_some()
    }

    /// Lets the next block have exactly this timestamp, and time go on from there.
    pub(crate) fn set(&mut self, time: BlockTimestamp) {
        self.go_on_from(time);
        self.next = Some(time);
    }

    /// Moves time forward.
    pub(crate) fn increase(&mut self, seconds: u64) {
        self.ahead = self.ahead.saturating_add(seconds.into());
        self.next = self.next.map(|next| BlockTimestamp(next.0.saturating_add(seconds)));
    }

    /// A block was made with this timestamp.
    pub(crate) fn used(&mut self, time: BlockTimestamp) {
        self.next.take_if(|next| *next == time);
    }

    /// How it was moved.
    pub(crate) fn state(&self) -> ClockState {
        ClockState { ahead: self.ahead, next: self.next.map(|next| next.0) }
    }

    /// Moves it so.
    pub(crate) fn set_state(&mut self, state: ClockState) {
        self.ahead = state.ahead;
        self.next = state.next.map(BlockTimestamp);
    }

    /// As when it was started.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.system, self.start);
    }

    fn go_on_from(&mut self, time: BlockTimestamp) {
        self.ahead = i128::from(time.0) - self.system_seconds();
    }

    fn now(&self) -> BlockTimestamp {
        let now = self.system_seconds().saturating_add(self.ahead);
        BlockTimestamp(u64::try_from(now.max(0)).unwrap_or(u64::MAX))
    }

    fn system_seconds(&self) -> i128 {
        (self.system)().as_secs().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::new(|| Duration::from_secs(1_000), None)
    }

    #[test]
    fn it_tells_how_long_a_time_is_away_that_comes_by_itself() {
        let mut clock = Clock::new(|| Duration::from_millis(1_000_250), None);
        let until = |clock: &Clock, time| clock.until(BlockTimestamp(time)).map(|time| time.as_millis());
        assert_eq!([999, 1_000, 1_001, 1_010].map(|time| until(&clock, time)), [0, 0, 750, 9_750].map(Some));
        clock.increase(5);
        assert_eq!(until(&clock, 1_010), Some(4_750));
        clock.set(BlockTimestamp(1_009));
        assert_eq!(until(&clock, 1_010), None);
        clock.used(BlockTimestamp(1_009));
        assert_eq!(until(&clock, 1_010), Some(750));
    }

    #[test]
    fn a_set_time_holds_for_one_block_and_then_goes_on() {
        let mut clock = clock();
        assert_eq!(clock.next(), BlockTimestamp(1_000));
        clock.set(BlockTimestamp(5_000));
        assert_eq!(clock.next(), BlockTimestamp(5_000));
        clock.used(BlockTimestamp(4_000));
        assert_eq!(clock.next, Some(BlockTimestamp(5_000)));
        clock.used(BlockTimestamp(5_000));
        assert_eq!((clock.next, clock.next()), (None, BlockTimestamp(5_000)));
        clock.increase(7);
        assert_eq!(clock.next(), BlockTimestamp(5_007));
        clock.reset();
        assert_eq!(clock.next(), BlockTimestamp(1_000));
    }

    #[test]
    fn increasing_moves_a_time_that_is_set() {
        let mut clock = clock();
        clock.set(BlockTimestamp(10));
        clock.increase(5);
        assert_eq!(clock.next(), BlockTimestamp(15));
        clock.used(BlockTimestamp(15));
        assert_eq!(clock.next(), BlockTimestamp(15));
    }

    #[test]
    fn it_starts_where_it_is_told_to() {
        let mut clock = Clock::new(|| Duration::from_secs(1_000), Some(BlockTimestamp(7)));
        assert_eq!((clock.next(), clock.is_set()), (BlockTimestamp(7), false));
        clock.increase(5);
        assert_eq!(clock.next(), BlockTimestamp(12));
        clock.reset();
        assert_eq!(clock.next(), BlockTimestamp(7));
    }

    #[test]
    fn no_time_overflows() {
        let mut clock = clock();
        clock.set(BlockTimestamp(u64::MAX));
        clock.increase(u64::MAX);
        assert_eq!(clock.next(), BlockTimestamp(u64::MAX));
        clock.used(BlockTimestamp(u64::MAX));
        assert_eq!(clock.next(), BlockTimestamp(u64::MAX));
        clock.set(BlockTimestamp(0));
        assert_eq!(clock.next(), BlockTimestamp(0));
    }
}
