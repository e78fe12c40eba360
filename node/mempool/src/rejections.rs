//! Why transactions were dropped, for those who ask later.

use std::collections::{HashMap, VecDeque};

use starknet_api::transaction::TransactionHash;
use zkthreads_storage::{Dropped, RejectedTransaction};

/// Longest reason that is kept, bytes: contracts have their say in some of them.
const MAX_REASON_BYTES: usize = 2_000;

/// The reasons of the most recent rejections; the oldest are forgotten.
#[derive(Debug)]
pub(crate) struct Rejections {
    reasons: HashMap<TransactionHash, (u64, String)>,
    order: VecDeque<(u64, TransactionHash)>,
    count: u64,
    capacity: usize,
}

impl Rejections {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { reasons: HashMap::new(), order: VecDeque::new(), count: 0, capacity }
    }

    /// Remembers a reason. What the journal has to write goes into `dropped`.
    pub(crate) fn insert(&mut self, hash: TransactionHash, mut reason: String, dropped: &mut Dropped) {
        reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
        let number = self.count;
        dropped.rejected.push(RejectedTransaction { number, hash, reason: reason.clone() });
        self.put(RejectedTransaction { number, hash, reason }, dropped);
    }

    /// Takes up what the journal remembers.
    pub(crate) fn restore(
        &mut self,
        rejected: impl IntoIterator<Item = RejectedTransaction>,
        dropped: &mut Dropped,
    ) {
        rejected.into_iter().for_each(|rejected| self.put(rejected, dropped));
    }

    pub(crate) fn remove(&mut self, hash: TransactionHash, dropped: &mut Dropped) {
        if let Some((number, _)) = self.reasons.remove(&hash) {
            dropped.forgotten.push(number);
        }
    }

    pub(crate) fn get(&self, hash: TransactionHash) -> Option<&str> {
        self.reasons.get(&hash).map(|(_, reason)| reason.as_str())
    }

    fn put(&mut self, rejected: RejectedTransaction, dropped: &mut Dropped) {
        let RejectedTransaction { number, hash, reason } = rejected;
        self.count = self.count.max(number + 1);
        self.reasons.insert(hash, (number, reason));
        self.order.push_back((number, hash));
        while self.order.len() > self.capacity {
            if let Some((number, hash)) = self.order.pop_front() {
                dropped.forgotten.push(number);
                // A hash that was rejected again since has a younger entry in the queue.
                if self.reasons.get(&hash).is_some_and(|(latest, _)| *latest == number) {
                    self.reasons.remove(&hash);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u8) -> TransactionHash {
        TransactionHash(number.into())
    }

    #[test]
    fn forgets_the_oldest_first_and_never_what_was_rejected_anew() {
        let (mut rejections, mut dropped) = (Rejections::new(2), Dropped::default());
        rejections.insert(hash(1), "a".into(), &mut dropped);
        rejections.insert(hash(2), "b".into(), &mut dropped);
        rejections.insert(hash(1), "c".into(), &mut dropped);
        assert_eq!(rejections.get(hash(1)), Some("c"));
        assert_eq!(rejections.get(hash(2)), Some("b"));
        rejections.insert(hash(3), "d".into(), &mut dropped);
        assert_eq!(rejections.get(hash(2)), None);
        assert_eq!(rejections.get(hash(1)), Some("c"));
        assert_eq!(dropped.forgotten, [0, 1]);

        // What is left in the journal is all that there is to know.
        let left = dropped.rejected.split_off(2);
        let (mut restored, mut dropped) = (Rejections::new(2), Dropped::default());
        restored.restore(left, &mut dropped);
        assert_eq!((restored.get(hash(1)), restored.get(hash(3))), (Some("c"), Some("d")));
        assert!(dropped.is_empty());
        restored.insert(hash(4), "e".into(), &mut dropped);
        assert_eq!((dropped.rejected[0].number, dropped.forgotten), (4, vec![2]));
    }

    #[test]
    fn a_long_reason_is_cut() {
        let (mut rejections, mut dropped) = (Rejections::new(1), Dropped::default());
        rejections.insert(hash(1), "é".repeat(5_000), &mut dropped);
        assert_eq!(rejections.get(hash(1)).map(str::len), Some(2_000));
    }
}
