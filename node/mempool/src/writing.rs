//! Transactions that are being written down.

use std::collections::HashSet;

use parking_lot::Mutex;
use starknet_api::transaction::TransactionHash;

/// Transactions that are being put in: one of each at a time. Otherwise one that was refused could strike the row of another out
/// that was taken meanwhile.
#[derive(Default)]
pub(crate) struct Writing(Mutex<HashSet<TransactionHash>>);

/// No other one of the same hash is put in while this lives.
pub(crate) struct BeingWritten<'a> {
    writing: &'a Writing,
    hash: TransactionHash,
}

impl Writing {
    /// Begins with one; `None` if another one of the same hash is being put in.
    pub(crate) fn begin(&self, hash: TransactionHash) -> Option<BeingWritten<'_>> {
        let is_alone = self.0.lock().insert(hash);
        is_alone.then(|| BeingWritten { writing: self, hash })
    }
}

impl Drop for BeingWritten<'_> {
    fn drop(&mut self) {
        self.writing.0.lock().remove(&self.hash);
    }
}

#[cfg(test)]
mod tests {
    use starknet_types_core::felt::Felt;

    use super::*;

    #[test]
    fn one_of_each_at_a_time() {
        let writing = Writing::default();
        let hash = |n: u64| TransactionHash(Felt::from(n));
        let one = writing.begin(hash(1));
        assert!(one.is_some() && writing.begin(hash(1)).is_none() && writing.begin(hash(2)).is_some());
        drop(one);
        assert!(writing.begin(hash(1)).is_some());
    }
}
