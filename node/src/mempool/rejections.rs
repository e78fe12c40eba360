//! Why transactions were dropped, for those who ask later.

use std::collections::{HashMap, VecDeque};

use starknet_api::transaction::TransactionHash;

/// The reasons of the most recent rejections; the oldest are forgotten.
#[derive(Debug)]
pub(super) struct Rejections {
    reasons: HashMap<TransactionHash, (u64, String)>,
    order: VecDeque<(u64, TransactionHash)>,
    count: u64,
    capacity: usize,
}

impl Rejections {
    pub(super) fn new(capacity: usize) -> Self {
        Self { reasons: HashMap::new(), order: VecDeque::new(), count: 0, capacity }
    }

    pub(super) fn insert(&mut self, hash: TransactionHash, reason: String) {
        self.count += 1;
        self.reasons.insert(hash, (self.count, reason));
        self.order.push_back((self.count, hash));
        while self.order.len() > self.capacity {
            if let Some((number, hash)) = self.order.pop_front() {
                // A hash that was rejected again since has a younger entry in the queue.
                if self.reasons.get(&hash).is_some_and(|(latest, _)| *latest == number) {
                    self.reasons.remove(&hash);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, hash: TransactionHash) {
        self.reasons.remove(&hash);
    }

    pub(super) fn get(&self, hash: TransactionHash) -> Option<&str> {
        self.reasons.get(&hash).map(|(_, reason)| reason.as_str())
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
        let mut rejections = Rejections::new(2);
        rejections.insert(hash(1), "a".into());
        rejections.insert(hash(2), "b".into());
        rejections.insert(hash(1), "c".into());
        assert_eq!(rejections.get(hash(1)), Some("c"));
        assert_eq!(rejections.get(hash(2)), Some("b"));
        rejections.insert(hash(3), "d".into());
        assert_eq!(rejections.get(hash(2)), None);
        assert_eq!(rejections.get(hash(1)), Some("c"));
    }
}
