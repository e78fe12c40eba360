//! The inner transactions that a thread transaction settled, and which events of its receipt are theirs.

use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::Segment;

/// The inner transactions that a thread transaction settled, in order. Its receipt has their events, one transaction's after the
/// other's, behind those of its envelope's validation and before those of the envelope's own calls and fee.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettledInner {
    /// Each with the index in the receipt at which its events begin.
    pub(crate) begins: Vec<(TransactionHash, u32)>,
    /// Where the last one's events end.
    pub(crate) end: u32,
}

impl SettledInner {
    /// Those of segments that settled, whose events begin at `first_event` of the receipt.
    #[must_use]
    pub fn of<P>(first_event: usize, segments: &[Segment<P>]) -> Self {
        let mut settled = Self { begins: Vec::new(), end: count(first_event) };
        for segment in segments {
            let mut counts = vec![0_u32; segment.inner_transactions.len()];
            for event in &segment.events {
                let of = usize::try_from(event.transaction_index).ok();
                if let Some(count) = of.and_then(|of| counts.get_mut(of)) {
                    *count = count.saturating_add(1);
                }
            }
            for (hash, events) in segment.statement.transaction_hashes().zip(counts) {
                settled.begins.push((hash, settled.end));
                settled.end = settled.end.saturating_add(events);
            }
        }
        settled
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.begins.len()
    }

    /// Whether there are none: so it is with all but threads, and with threads that failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.begins.is_empty()
    }

    /// Their hashes in order.
    pub fn hashes(&self) -> impl Iterator<Item = TransactionHash> {
        self.begins.iter().map(|(hash, _)| *hash)
    }

    /// Which of them has emitted the event at this index of the receipt, and the event's index among its own. `None` if it is the
    /// envelope's.
    #[must_use]
    pub fn emitter(&self, event: usize) -> Option<(TransactionHash, usize)> {
        let event = u32::try_from(event).ok().filter(|event| *event < self.end)?;
        let after = self.begins.partition_point(|(_, begin)| *begin <= event);
        let (hash, begin) = self.begins.get(after.checked_sub(1)?)?;
        Some((*hash, usize::try_from(event.checked_sub(*begin)?).ok()?))
    }
}

/// A receipt's events are fewer: their gas is bounded.
fn count(events: usize) -> u32 {
    u32::try_from(events).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use starknet_types_core::felt::Felt;

    use super::*;

    #[test]
    fn events_are_found_by_where_they_begin() {
        let hash = |n: u64| TransactionHash(Felt::from(n));
        // The second one has emitted nothing.
        let settled = SettledInner { begins: vec![(hash(1), 2), (hash(2), 4), (hash(3), 4)], end: 5 };
        let emitters: Vec<_> = (0..6).map(|event| settled.emitter(event)).collect();
        let expected = [None, None, Some((hash(1), 0)), Some((hash(1), 1)), Some((hash(3), 0)), None];
        assert_eq!(emitters, expected);
        assert_eq!(SettledInner::default().emitter(0), None);
    }
}
