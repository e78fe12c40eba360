//! What a thread counts and measures.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use zkthreads_rpc_api::thread::{SubBlockStatus, Throughput, Totals};

use super::plan::Forecasts;

/// Answers whose time is remembered.
const REMEMBERED_ANSWERS: usize = 1_024;
/// Settled sub-blocks that are remembered.
const REMEMBERED_SUB_BLOCKS: usize = 32;
/// Over how many seconds rates are taken.
const RATE_SECONDS: u64 = 60;

/// What a thread counts and measures since it was started.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) totals: Totals,
    received: Rate,
    settled: Rate,
    answers: VecDeque<u64>,
    pub(super) forecasts: Forecasts,
    /// The newest settled sub-blocks, oldest first.
    pub(super) sub_blocks: VecDeque<SubBlockStatus>,
}

impl Figures {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            totals: Totals::default(),
            received: Rate::new(now),
            settled: Rate::new(now),
            answers: VecDeque::new(),
            forecasts: Forecasts::default(),
            sub_blocks: VecDeque::new(),
        }
    }

    /// A transaction was answered after so long.
    pub(super) fn answered(&mut self, after: Duration) {
        if self.answers.len() == REMEMBERED_ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
    }

    /// So many transactions were taken.
    pub(super) fn received(&mut self, count: u64, now: Instant) {
        self.totals.received += count;
        self.received.add(count, now);
    }

    /// So many transactions were settled.
    pub(super) fn settled(&mut self, count: u64, now: Instant) {
        self.totals.settled += count;
        self.settled.add(count, now);
    }

    /// A sub-block was settled.
    pub(super) fn settled_sub_block(&mut self, status: SubBlockStatus) {
        self.totals.sub_blocks_settled += 1;
        if self.sub_blocks.len() == REMEMBERED_SUB_BLOCKS {
            self.sub_blocks.pop_front();
        }
        self.sub_blocks.push_back(status);
    }

    /// How fast the thread is.
    pub(super) fn throughput(&self, now: Instant) -> Throughput {
        let mut answers: Vec<u64> = self.answers.iter().copied().collect();
        answers.sort_unstable();
        let below = |hundredths: usize| {
            let index = (answers.len() * hundredths / 100).min(answers.len().saturating_sub(1));
            answers.get(index).copied().unwrap_or(0)
        };
        Throughput {
            received_per_second: self.received.per_second(now),
            settled_per_second: self.settled.per_second(now),
            median_micros: below(50),
            p99_micros: below(99),
        }
    }
}

/// How much happens per second, over the last minute.
#[derive(Debug)]
struct Rate {
    start: Instant,
    /// Counts by second since `start`, newest last.
    seconds: VecDeque<(u64, u64)>,
}

impl Rate {
    fn new(start: Instant) -> Self {
        Self { start, seconds: VecDeque::new() }
    }

    fn add(&mut self, count: u64, now: Instant) {
        let second = now.saturating_duration_since(self.start).as_secs();
        match self.seconds.back_mut() {
            Some((last, counted)) if *last == second => *counted += count,
            _ => self.seconds.push_back((second, count)),
        }
        while self.seconds.front().is_some_and(|(first, _)| first + RATE_SECONDS <= second) {
            self.seconds.pop_front();
        }
    }

    /// Over the last minute, or the time since the start if that is less.
    fn per_second(&self, now: Instant) -> f64 {
        let second = now.saturating_duration_since(self.start).as_secs();
        let recent = self.seconds.iter().filter(|(counted, _)| counted + RATE_SECONDS > second);
        let count: u64 = recent.map(|(_, count)| count).sum();
        count as f64 / (second + 1).min(RATE_SECONDS) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_forget_what_is_older_than_a_minute() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        let at = |seconds| start + Duration::from_secs(seconds);
        rate.add(30, at(0));
        assert_eq!(rate.per_second(at(0)), 30.0);
        assert_eq!(rate.per_second(at(9)), 3.0);
        rate.add(30, at(59));
        assert_eq!(rate.per_second(at(59)), 1.0);
        assert_eq!(rate.per_second(at(60)), 0.5);
        rate.add(6, at(200));
        assert_eq!((rate.per_second(at(200)), rate.seconds.len()), (0.1, 1));
    }

    #[test]
    fn quantiles_are_of_the_last_answers() {
        let now = Instant::now();
        let mut figures = Figures::new(now);
        assert_eq!(figures.throughput(now).median_micros, 0);
        for micros in 0..2 * REMEMBERED_ANSWERS as u64 {
            figures.answered(Duration::from_micros(micros));
        }
        let throughput = figures.throughput(now);
        assert_eq!((throughput.median_micros, throughput.p99_micros), (1_024 + 512, 1_024 + 1_013));
    }
}
