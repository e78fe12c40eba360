//! What was sent to the thread, and how fast it answered.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;

/// A transaction that the thread took.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) hash: TransactionHash,
    pub(crate) transaction: InnerTransaction,
    /// From sending it to the answer, which says that it was executed and recorded.
    pub(crate) took: Duration,
    /// What the first receipt says.
    pub(crate) succeeded: bool,
}

/// Times from a transaction to its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latency {
    pub(crate) median: Duration,
    /// What 99 of 100 stay below or at.
    pub(crate) p99: Duration,
}

/// Everything that was sent to the thread.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    sent: HashMap<TransactionHash, Sent>,
    refusals: Vec<String>,
}

impl Ledger {
    pub(crate) fn took(&self, sent: Sent) {
        self.0.lock().sent.insert(sent.hash, sent);
    }

    pub(crate) fn refused(&self, reason: String) {
        self.0.lock().refusals.push(reason);
    }

    /// How many the thread took.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().sent.len()
    }

    /// Why it refused others.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.0.lock().refusals.clone()
    }

    pub(crate) fn get(&self, hash: TransactionHash) -> Option<Sent> {
        self.0.lock().sent.get(&hash).cloned()
    }

    /// Of all answers so far, if there are any.
    pub(crate) fn latency(&self) -> Option<Latency> {
        let mut times: Vec<Duration> = self.0.lock().sent.values().map(|sent| sent.took).collect();
        times.sort_unstable();
        Some(Latency { median: quantile(&times, 50)?, p99: quantile(&times, 99)? })
    }
}

/// The value of sorted ones that `percent` of them stay below or at; `None` of none.
pub(crate) fn quantile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!(quantile(&hundred, 50), Some(50));
        assert_eq!(quantile(&hundred, 99), Some(99));
        assert_eq!(quantile(&[7], 50), Some(7));
        assert_eq!(quantile(&[7, 9, 11], 50), Some(9));
        assert_eq!(quantile(&[7, 9], 99), Some(9));
        assert_eq!(quantile::<u32>(&[], 50), None);
    }
}
