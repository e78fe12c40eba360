//! A package's segments taken together.

use starknet_api::transaction::TransactionHash;

use super::{
    IncludedTransaction, InnerEvent, Package, PackageContents, ProofLength, ProofPart, Segment,
    SegmentContents,
};
use crate::statement::InnerMessage;

impl<P> From<Segment<P>> for Package<P> {
    /// A package of one segment.
    fn from(segment: Segment<P>) -> Self {
        Self { segments: vec![segment] }
    }
}

impl<P> Package<P> {
    /// Hashes of the inner transactions of all segments, in order. Where a hash stands here is the index of its
    /// transaction, which counts through all segments.
    pub fn transaction_hashes(&self) -> impl Iterator<Item = TransactionHash> {
        self.segments.iter().flat_map(|segment| segment.statement.transaction_hashes())
    }

    /// The inner transactions of all segments, in order.
    pub fn inner_transactions(&self) -> impl Iterator<Item = &IncludedTransaction> {
        self.segments.iter().flat_map(|segment| &segment.inner_transactions)
    }

    /// The events of all segments, in order, each with the index of its transaction among those of all segments.
    pub fn events(&self) -> impl Iterator<Item = (usize, &InnerEvent)> {
        self.counted().flat_map(|(first, segment)| {
            segment.events.iter().map(move |event| (through(first, event.transaction_index), event))
        })
    }

    /// The messages of all segments, in order, each with the index of its transaction among those of all segments.
    pub fn messages(&self) -> impl Iterator<Item = (usize, &InnerMessage)> {
        self.counted().flat_map(|(first, segment)| {
            let messages = segment.statement.messages.iter();
            messages.map(move |message| (through(first, message.transaction_index), message))
        })
    }

    /// The segment that an inner transaction is in, and the transaction's index there.
    #[must_use]
    pub fn segment_of(&self, transaction: usize) -> Option<(&Segment<P>, usize)> {
        let (first, segment) = self
            .counted()
            .find(|(first, segment)| transaction < first.saturating_add(segment.inner_transactions.len()))?;
        Some((segment, transaction.checked_sub(first)?))
    }

    /// The segments, each with the number of inner transactions before it.
    fn counted(&self) -> impl Iterator<Item = (usize, &Segment<P>)> {
        let mut next: usize = 0;
        self.segments.iter().map(move |segment| {
            let first = next;
            next = next.saturating_add(segment.inner_transactions.len());
            (first, segment)
        })
    }
}

impl<P: ProofPart> Segment<P> {
    /// A copy without the proof.
    #[must_use]
    pub fn contents(&self) -> SegmentContents {
        Segment {
            statement: self.statement.clone(),
            inner_transactions: self.inner_transactions.clone(),
            events: self.events.clone(),
            proof: ProofLength(self.proof.proof_bytes()),
        }
    }
}

impl<P: ProofPart> Package<P> {
    /// A copy of the first `count` segments, or all if there are fewer, without their proofs.
    #[must_use]
    pub fn contents(&self, count: usize) -> PackageContents {
        Package { segments: self.segments.iter().take(count).map(Segment::contents).collect() }
    }

    /// Size of all proofs together, bytes.
    #[must_use]
    pub fn proof_bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.proof.proof_bytes()).fold(0, usize::saturating_add)
    }
}

/// The index of a segment's transaction among those of all segments.
fn through(first: usize, index: u32) -> usize {
    first.saturating_add(usize::try_from(index).unwrap_or(usize::MAX))
}
