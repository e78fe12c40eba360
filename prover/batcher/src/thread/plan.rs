//! The time that a sub-block's transactions see. It is fixed when the sub-block opens.
//!
//! The chain settles a sub-block from that time on, and only while nobody has seen a time that is too much later. So the time is
//! when the sub-block is expected to be there, as far as the chain's rule demands it: what has to be forecast is how long filling,
//! proving, checking and sending take, and this thread's own sub-blocks say it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use starknet_api::block::BlockTimestamp;
use zkthreads_execution::ThreadRules;
use zkthreads_execution::thread::constants::MAX_FORECAST_SECONDS;

/// Latencies that are remembered. The next one exceeds the longest of so many once in 129 times.
const REMEMBERED: usize = 128;
/// Fewer are not gone by.
const ENOUGH: usize = 8;
/// Fewer do not say what one in a hundred exceeds: a quarter is added to the longest of them.
const TELLING: usize = 99;
/// What is expected before there are enough: of filling a sub-block and proving it, of proving it alone, and of sending it.
const FIRST_PROVEN: Duration = Duration::from_secs(50);
const FIRST_PROVING: Duration = Duration::from_secs(30);
const FIRST_SENDING: Duration = Duration::from_secs(8);
/// From when a package is sent until a block can have it: it was checked before, so that its proof is known to be good.
const ARRIVAL: Duration = Duration::from_secs(2);
/// How long a latency counts that is longer than any forecast may be: while it does, nothing is taken, and without that nothing
/// would be measured any more.
const EXCESS_COUNTS: Duration = Duration::from_secs(60);

/// The longest forecast.
pub(super) const MAX_FORECAST: Duration = Duration::from_secs(MAX_FORECAST_SECONDS);

/// The chain's time between two blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    block: BlockTimestamp,
    came: Instant,
}

impl Clock {
    /// The newest block, of this time, came at `came`.
    pub(super) fn new(block: BlockTimestamp, came: Instant) -> Self {
        Self { block, came }
    }

    /// What the time of a block would be that was made at `now`.
    pub(super) fn at(&self, now: Instant) -> BlockTimestamp {
        BlockTimestamp(self.block.0.saturating_add(now.saturating_duration_since(self.came).as_secs()))
    }
}

/// Whether a sub-block is proven long before its base block's own time is too far back, so that it has that time.
pub(super) fn is_plenty(rules: ThreadRules) -> bool {
    rules.max_lag >= MAX_FORECAST_SECONDS
}

/// The time of a sub-block over a block of time `base`, of which `left` lies ahead at `now`.
pub(super) fn time(
    rules: ThreadRules,
    base: BlockTimestamp,
    now: BlockTimestamp,
    left: Duration,
) -> BlockTimestamp {
    if is_plenty(rules) {
        return base;
    }
    let ready = after(now, left.min(MAX_FORECAST));
    base.max(BlockTimestamp(ready.0.saturating_sub(rules.max_lag / 2)))
}

/// The time for a sub-block, whatever comes before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// When it is expected to be there.
    pub(super) time: BlockTimestamp,
    /// How much later than the one before it is, at least.
    pub(super) gap: u64,
}

impl Schedule {
    /// The time of a sub-block on top of others, the latest of which is of time `latest`, if there are any. It is no earlier:
    /// the sub-block may read what they write.
    pub(super) fn after(&self, latest: Option<BlockTimestamp>) -> BlockTimestamp {
        let next = latest.map(|latest| BlockTimestamp(latest.0.saturating_add(self.gap)));
        next.map_or(self.time, |next| next.max(self.time))
    }
}

/// Seconds between the times of two sub-blocks that are sent one after the other, if that takes `sending`: the second is sent
/// once the first is in a block, which is at its time at the earliest.
pub(super) fn gap(rules: ThreadRules, sending: Duration) -> u64 {
    after(BlockTimestamp(0), sending).0.saturating_sub(rules.max_lag)
}

/// Whether a sub-block of this time is likely to be there in time if `left` lies ahead at `now`.
pub(super) fn can_be_met(
    rules: ThreadRules,
    time: BlockTimestamp,
    now: BlockTimestamp,
    left: Duration,
) -> bool {
    after(now, left).0.saturating_sub(time.0) <= rules.max_lag
}

fn after(now: BlockTimestamp, left: Duration) -> BlockTimestamp {
    let seconds = left.as_secs().saturating_add(u64::from(left.subsec_nanos() > 0));
    BlockTimestamp(now.0.saturating_add(seconds))
}

/// How long it takes until sub-blocks settle. That the node holds them until their time comes, and that the next one waits for
/// that, is left out on purpose: it follows from the forecast, which would never become shorter again.
#[derive(Debug, Default)]
pub(super) struct Forecasts {
    proven: Latencies,
    proving: Latencies,
    sending: Latencies,
}

/// How long a sub-block took that was sent for the first time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    /// From opening it until it was proven.
    pub(super) proven: Duration,
    /// Proving it.
    pub(super) proving: Duration,
    /// Checking, signing and sending it.
    pub(super) sending: Duration,
}

impl Forecasts {
    /// A sub-block was sent.
    pub(super) fn sent(&mut self, took: Took, now: Instant) {
        self.proven.add(took.proven, now);
        self.proving.add(took.proving, now);
        self.sending.add(took.sending, now);
    }

    /// From opening a sub-block until a block can have it; at most one in a hundred takes longer.
    pub(super) fn all(&self, now: Instant) -> Duration {
        self.proven.longest(now).unwrap_or(FIRST_PROVEN) + self.sending(now)
    }

    /// The same from handing it to a prover on; half of them take longer.
    pub(super) fn left(&self, now: Instant) -> Duration {
        let proving = self.proving.median().unwrap_or(FIRST_PROVING);
        let sending = self.sending.median().unwrap_or(FIRST_SENDING);
        (proving + sending + ARRIVAL).min(self.all(now))
    }

    /// From taking a proven sub-block until a block can have it; at most one in a hundred takes longer.
    pub(super) fn sending(&self, now: Instant) -> Duration {
        self.sending.longest(now).unwrap_or(FIRST_SENDING) + ARRIVAL
    }
}

/// The last latencies, each with when it was measured.
#[derive(Debug, Default)]
struct Latencies(VecDeque<(Instant, Duration)>);

impl Latencies {
    fn add(&mut self, latency: Duration, now: Instant) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((now, latency));
    }

    fn longest(&self, now: Instant) -> Option<Duration> {
        let counts = |(at, latency): &&(Instant, Duration)| {
            *latency <= MAX_FORECAST || now.saturating_duration_since(*at) <= EXCESS_COUNTS
        };
        let longest = self.0.iter().filter(counts).map(|(_, latency)| *latency).max();
        match self.0.len() {
            0..ENOUGH => None,
            ENOUGH..TELLING => longest.map(|longest| longest + longest / 4),
            _ => longest,
        }
    }

    fn median(&self) -> Option<Duration> {
        let mut latencies: Vec<_> = self.0.iter().map(|(_, latency)| *latency).collect();
        latencies.sort_unstable();
        latencies.get(latencies.len() / 2).copied().filter(|_| latencies.len() >= ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVNET: ThreadRules = ThreadRules::new(10_000, 600);
    const USUAL: ThreadRules = ThreadRules::new(10_000, 60);
    const STRICT: ThreadRules = ThreadRules::new(10_000, 0);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn planned(rules: ThreadRules, now: u64, left: u64) -> u64 {
        time(rules, BlockTimestamp(1_000), BlockTimestamp(now), seconds(left)).0
    }

    /// So many sub-blocks, of which the first took longer to be proven than the others.
    fn measured(count: usize, first: u64, others: u64, now: Instant) -> Forecasts {
        let mut forecasts = Forecasts::default();
        for index in 0..count {
            let proven = seconds(if index == 0 { first } else { others });
            forecasts.sent(Took { proven, proving: proven / 2, sending: seconds(4) }, now);
        }
        forecasts
    }

    #[test]
    fn the_chain_s_time_goes_on_between_blocks() {
        let came = Instant::now();
        let clock = Clock::new(BlockTimestamp(1_000), came);
        assert_eq!(clock.at(came).0, 1_000);
        assert_eq!(clock.at(came + Duration::from_millis(2_900)).0, 1_002);
    }

    #[test]
    fn the_time_lies_ahead_only_as_far_as_the_rule_demands() {
        assert_eq!(planned(DEVNET, 1_100, 500), 1_000, "the base block's own");
        assert_eq!(planned(USUAL, 1_000, 20), 1_000, "settled well before it is too old");
        assert_eq!(planned(USUAL, 1_003, 50), 1_023, "half of the lag is left for what varies");
        assert_eq!(planned(STRICT, 1_003, 50), 1_053, "when it is expected to settle");
        assert_eq!(planned(STRICT, 1_000, 5_000), 1_600, "no node holds it for longer");
    }

    #[test]
    fn what_comes_after_another_one_is_sent_after_it() {
        let plan = |rules, time| Schedule { time: BlockTimestamp(time), gap: gap(rules, seconds(10)) };
        let latest = Some(BlockTimestamp(1_050));
        assert_eq!(plan(STRICT, 1_000).after(None).0, 1_000);
        assert_eq!(plan(STRICT, 1_000).after(latest).0, 1_060);
        assert_eq!(plan(STRICT, 1_070).after(latest).0, 1_070);
        assert_eq!(plan(USUAL, 1_000).after(latest).0, 1_050, "the lag leaves room for both");
    }

    #[test]
    fn a_time_is_met_while_the_lag_is_allowed() {
        let met =
            |rules, now, left| can_be_met(rules, BlockTimestamp(1_050), BlockTimestamp(now), seconds(left));
        assert!(met(STRICT, 1_000, 50) && !met(STRICT, 1_000, 51));
        assert!(met(USUAL, 1_060, 50) && !met(USUAL, 1_061, 50));
    }

    #[test]
    fn few_latencies_are_not_gone_by() {
        let now = Instant::now();
        let few = measured(ENOUGH - 1, 5, 5, now);
        assert_eq!((few.all(now), few.left(now)), (seconds(60), seconds(40)));
        let enough = measured(ENOUGH, 20, 8, now);
        assert_eq!(enough.all(now), seconds(25 + 5) + ARRIVAL, "a quarter above the longest");
        assert_eq!(enough.left(now), seconds(4 + 4) + ARRIVAL, "the medians");
    }

    #[test]
    fn the_longest_of_the_last_counts_and_is_forgotten() {
        let now = Instant::now();
        let many = measured(REMEMBERED, 20, 8, now);
        assert_eq!(many.all(now), seconds(20 + 4) + ARRIVAL);
        let more = measured(REMEMBERED + 1, 20, 8, now);
        assert_eq!(more.all(now), seconds(8 + 4) + ARRIVAL);
    }

    #[test]
    fn a_thread_that_was_stuck_takes_something_again() {
        let now = Instant::now();
        let stuck = measured(REMEMBERED, 5_000, 8, now);
        assert!(stuck.all(now) > MAX_FORECAST);
        assert_eq!(stuck.all(now + EXCESS_COUNTS + seconds(1)), seconds(8 + 4) + ARRIVAL);
    }

    #[test]
    fn what_is_left_is_never_more_than_all() {
        let now = Instant::now();
        let mut forecasts = Forecasts::default();
        for _ in 0..ENOUGH {
            let took = Took { proven: seconds(1), proving: seconds(9), sending: seconds(1) };
            forecasts.sent(took, now);
        }
        assert!(forecasts.left(now) <= forecasts.all(now));
    }

    /// Each sub-block is sent once the one before is in a block.
    #[test]
    fn the_forecast_does_not_feed_on_itself() {
        let (start, fill, prove, send) = (Instant::now(), 8, 20, 5);
        let mut forecasts = Forecasts::default();
        let (mut time, mut lead, mut misses) = (0, 0, 0);
        for number in 0..500_u64 {
            let opened = 1_000 + number * fill;
            let now = start + seconds(opened);
            let planned = planned(STRICT, opened, 0).max(opened + forecasts.all(now).as_secs());
            let next = planned.max(time + gap(STRICT, forecasts.sending(now)));
            let proven = opened + fill + prove;
            let sent = proven.max(time) + send;
            misses += u64::from(sent > next);
            (time, lead) = (next, next - opened);
            let took =
                Took { proven: seconds(fill + prove), proving: seconds(prove), sending: seconds(send) };
            forecasts.sent(took, start + seconds(sent));
        }
        assert_eq!(misses, 0);
        assert!(lead < 60, "{lead}");
    }
}
