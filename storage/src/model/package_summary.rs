//! How a package is made up.

use serde::{Deserialize, Serialize};
use zkthreads_protocol::{Package, ProofPart};

/// How a package is made up, segment by segment: what lists tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageSummary {
    /// Its segments in order.
    pub segments: Vec<SegmentSummary>,
}

/// How a segment is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentSummary {
    /// How many inner transactions it has.
    pub inner_transactions: usize,
    /// Size of its proof, bytes.
    pub proof_bytes: usize,
}

impl PackageSummary {
    /// That of a package.
    #[must_use]
    pub fn of<P: ProofPart>(package: &Package<P>) -> Self {
        let segments = package.segments.iter().map(|segment| SegmentSummary {
            inner_transactions: segment.inner_transactions.len(),
            proof_bytes: segment.proof.proof_bytes(),
        });
        Self { segments: segments.collect() }
    }

    /// How many inner transactions all segments have.
    #[must_use]
    pub fn inner_transactions(&self) -> usize {
        self.segments.iter().map(|segment| segment.inner_transactions).fold(0, usize::saturating_add)
    }

    /// Size of all proofs together, bytes.
    #[must_use]
    pub fn proof_bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.proof_bytes).fold(0, usize::saturating_add)
    }

    /// The segment that an inner transaction is in, and its index there; `None` if there are not so many.
    #[must_use]
    pub fn segment_of(&self, transaction: u32) -> Option<(u32, usize)> {
        let mut index = usize::try_from(transaction).ok()?;
        for (segment, SegmentSummary { inner_transactions, .. }) in (0..).zip(&self.segments) {
            match index.checked_sub(*inner_transactions) {
                None => return Some((segment, index)),
                Some(rest) => index = rest,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_count_through_all_segments() {
        let segment = |inner_transactions| SegmentSummary { inner_transactions, proof_bytes: 7 };
        let summary = PackageSummary { segments: vec![segment(2), segment(0), segment(1)] };
        let places: Vec<_> = (0..4).map(|index| summary.segment_of(index)).collect();
        assert_eq!(places, [Some((0, 0)), Some((0, 1)), Some((2, 0)), None]);
        assert_eq!((summary.inner_transactions(), summary.proof_bytes()), (3, 21));
    }
}
