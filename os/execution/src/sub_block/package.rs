//! From an executed sub-block and its proof to the package.

use zkthreads_protocol::{IncludedTransaction, Package};

use super::ExecutedSubBlock;

impl ExecutedSubBlock {
    /// The package that settles the sub-block, given the proof of its statement.
    #[must_use]
    pub fn into_package(self, proof: Vec<u8>) -> Package {
        let Self { input, statement, revert_reasons, events, .. } = self;
        let transactions = input.transactions.into_iter().map(|recorded| recorded.transaction);
        let inner_transactions = transactions
            .zip(revert_reasons)
            .map(|(transaction, reason)| match reason {
                Some(reason) => IncludedTransaction::reverted(transaction, &reason),
                None => IncludedTransaction::succeeded(transaction),
            })
            .collect();
        Package { statement, inner_transactions, events, proof }
    }
}
