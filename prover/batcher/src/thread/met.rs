//! The conflicts that a sub-block met, and who wrote the cells.

use zkthreads_rpc_api::thread::MetConflict;

use super::writes::Writes;

/// Conflicts of a sub-block that are remembered.
const REMEMBERED: usize = 32;

/// The last conflicts of a sub-block.
#[derive(Debug, Clone, Default)]
pub(super) struct Met {
    conflicts: Vec<MetConflict>,
    /// How many of them have nothing to do with the newest block: they were met before it came.
    old: usize,
}

impl Met {
    /// Adds conflicts; the oldest ones are forgotten.
    pub(super) fn add(&mut self, conflicts: impl IntoIterator<Item = MetConflict>) {
        self.conflicts.extend(conflicts);
        let forgotten = self.conflicts.len().saturating_sub(REMEMBERED);
        self.conflicts.drain(..forgotten);
        self.old = self.old.saturating_sub(forgotten);
    }

    /// What is added from now on was met because of the next block.
    pub(super) fn await_block(&mut self) {
        self.old = self.conflicts.len();
    }

    /// Names the writers of what was met because of the block with these writes.
    pub(super) fn name_writers(&mut self, writes: &Writes) {
        for conflict in self.conflicts.iter_mut().skip(self.old) {
            conflict.writer = writes.writer_of(conflict);
        }
    }

    /// All of them, oldest first.
    pub(super) fn to_vec(&self) -> Vec<MetConflict> {
        self.conflicts.clone()
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::block::BlockNumber;
    use starknet_api::core::{ContractAddress, Nonce};
    use starknet_api::state::ThinStateDiff;
    use starknet_api::transaction::TransactionHash;
    use starknet_types_core::felt::Felt;
    use zkthreads_rpc_api::thread::{CellKind, CellWriter};

    use super::*;

    /// Somebody's nonce is 1 instead of 0.
    fn conflict(contract: u64) -> MetConflict {
        MetConflict {
            contract: ContractAddress::from(contract),
            kind: CellKind::Nonce,
            key: None,
            expected: Felt::ZERO,
            found: Felt::ONE,
            block_number: BlockNumber(1),
            writer: None,
        }
    }

    /// A transaction that sets so many nonces to 1.
    fn writes(contracts: u64) -> Writes {
        let nonces = (0..contracts).map(|contract| (ContractAddress::from(contract), Nonce(Felt::ONE)));
        let writer = CellWriter { transaction_hash: TransactionHash(Felt::TWO), sender_address: None };
        let mut writes = Writes::default();
        writes.add(writer, &ThinStateDiff { nonces: nonces.collect(), ..ThinStateDiff::default() });
        writes
    }

    fn named(met: &Met) -> Vec<bool> {
        met.to_vec().iter().map(|conflict| conflict.writer.is_some()).collect()
    }

    #[test]
    fn a_block_is_not_blamed_for_what_was_met_before_it() {
        let mut met = Met::default();
        met.add([conflict(0)]);
        met.await_block();
        met.add([conflict(0), conflict(1)]);
        met.name_writers(&writes(1));
        assert_eq!(named(&met), [false, true, false]);
        met.await_block();
        met.name_writers(&writes(2));
        assert_eq!(named(&met), [false, true, false]);
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_new_ones_named_all_the_same() {
        let many = REMEMBERED as u64;
        let mut met = Met::default();
        met.add([conflict(0), conflict(0)]);
        met.await_block();
        met.add((1..many).map(conflict));
        met.name_writers(&writes(many));
        let mut expected = vec![true; REMEMBERED];
        expected[0] = false;
        assert_eq!(named(&met), expected);
        met.await_block();
        met.add((0..2 * many).map(conflict));
        assert_eq!(met.to_vec().first(), Some(&conflict(many)));
        met.name_writers(&writes(2 * many));
        assert_eq!(named(&met), [true; REMEMBERED]);
    }
}
