//! From an executed sub-block and its proof to the segment of a package.

use zkthreads_protocol::{IncludedTransaction, Package, Segment};

use crate::ExecutedSubBlock;

impl ExecutedSubBlock {
    /// The package that settles the sub-block alone, given the proof of its statement.
    #[must_use]
    pub fn into_package(self, proof: Vec<u8>) -> Package {
        self.into_segment(proof).into()
    }

    /// The segment of a package that settles the sub-block, given the proof of its statement.
    #[must_use]
    pub fn into_segment(self, proof: Vec<u8>) -> Segment {
        let Self { input, statement, events, .. } = self;
        let inner_transactions = input
            .transactions
            .into_iter()
            .map(|recorded| match recorded.revert_reason {
                Some(reason) => IncludedTransaction::reverted(recorded.transaction, &reason),
                None => IncludedTransaction::succeeded(recorded.transaction),
            })
            .collect();
        Segment { statement, inner_transactions, events, proof }
    }
}
