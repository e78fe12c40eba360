//! Who wrote what in a block.

use std::collections::{HashMap, HashSet};

use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{StateCell, Transaction};
use zkthreads_rpc_api::thread::{CellWriter, MetConflict};
use zkthreads_storage::{BlockTransaction, FollowedBlock};
use zkthreads_sub_block::Cell;

/// The last write to each cell that a block's transactions have changed. A block brings along what each of them changed, fees
/// included, so nobody has to be asked.
#[derive(Debug, Default)]
pub(super) struct Writes {
    last: HashMap<Cell, Write>,
    /// What the block as a whole has changed.
    changed: HashSet<Cell>,
}

#[derive(Debug, Clone, Copy)]
struct Write {
    value: Felt,
    writer: CellWriter,
}

impl Writes {
    /// Those of a block.
    pub(super) fn of(block: &FollowedBlock) -> Self {
        let changed = written(&block.state_diff).map(|(cell, _)| cell).collect();
        let mut writes = Self { changed, ..Self::default() };
        for (transaction, trace) in block.transactions.iter().zip(&block.traces) {
            writes.add(writer(transaction), &trace.state_diff);
        }
        writes
    }

    /// Adds those of the block's next transaction.
    pub(super) fn add(&mut self, writer: CellWriter, diff: &ThinStateDiff) {
        self.last.extend(written(diff).map(|(cell, value)| (cell, Write { value, writer })));
    }

    /// Whether the block has changed a cell.
    pub(super) fn have_changed(&self, cell: &Cell) -> bool {
        self.changed.contains(cell)
    }

    /// Who wrote what the conflict found. Not whoever else wrote the cell: what is there now is then of a sub-block, or no
    /// transaction's at all.
    pub(super) fn writer_of(&self, conflict: &MetConflict) -> Option<CellWriter> {
        let cell = Cell { contract: conflict.contract, cell: conflict.cell()? };
        let last = self.last.get(&cell)?;
        (last.value == conflict.found).then_some(last.writer)
    }
}

/// Each cell of a diff, with what it holds now.
fn written(diff: &ThinStateDiff) -> impl Iterator<Item = (Cell, Felt)> + '_ {
    let classes = diff.deployed_contracts.iter();
    let classes = classes.map(|(contract, class_hash)| (*contract, StateCell::ClassHash, class_hash.0));
    let nonces = diff.nonces.iter().map(|(contract, nonce)| (*contract, StateCell::Nonce, nonce.0));
    let storage = diff.storage_diffs.iter().flat_map(|(contract, cells)| {
        cells.iter().map(|(key, value)| (*contract, StateCell::Storage(*key), *value))
    });
    classes.chain(nonces).chain(storage).map(|(contract, cell, value)| (Cell { contract, cell }, value))
}

fn writer(transaction: &BlockTransaction) -> CellWriter {
    let sender_address = match &transaction.body {
        Transaction::L1Handler(_) => None,
        // Its address is at hand here, and takes a while to compute.
        Transaction::DeployAccount(_) => transaction.receipt.deployed,
        body => body.sender().ok(),
    };
    CellWriter { transaction_hash: transaction.hash, sender_address }
}

#[cfg(test)]
mod tests {
    use starknet_api::block::BlockNumber;
    use starknet_api::core::{ClassHash, ContractAddress, Nonce};
    use starknet_api::state::StorageKey;
    use starknet_api::transaction::TransactionHash;
    use zkthreads_protocol::Conflict;

    use super::*;

    fn by(hash: u64) -> CellWriter {
        let sender_address = Some(ContractAddress::from(hash + 100));
        CellWriter { transaction_hash: TransactionHash(hash.into()), sender_address }
    }

    fn contract() -> ContractAddress {
        ContractAddress::from(5_u64)
    }

    fn stored(key: u64, value: u64) -> ThinStateDiff {
        let cells = [(StorageKey::from(key), Felt::from(value))].into_iter().collect();
        ThinStateDiff {
            storage_diffs: [(contract(), cells)].into_iter().collect(),
            ..ThinStateDiff::default()
        }
    }

    /// Who is blamed if a cell holds `found`.
    fn blamed(writes: &Writes, cell: StateCell, found: u64) -> Option<CellWriter> {
        let conflict = Conflict { contract: contract(), cell, expected: Felt::ZERO, found: found.into() };
        writes.writer_of(&MetConflict::new(&conflict, BlockNumber(1)))
    }

    #[test]
    fn the_last_transaction_that_wrote_a_cell_is_named() {
        let mut writes = Writes::default();
        writes.add(by(1), &stored(7, 70));
        writes.add(by(2), &stored(7, 71));
        writes.add(by(3), &stored(8, 80));
        let cell = |key: u64| StateCell::Storage(StorageKey::from(key));
        assert_eq!(blamed(&writes, cell(7), 71), Some(by(2)));
        assert_eq!(blamed(&writes, cell(8), 80), Some(by(3)));
        assert_eq!(blamed(&writes, cell(9), 80), None, "nobody wrote it");
    }

    #[test]
    fn whoever_wrote_something_else_is_not() {
        let mut writes = Writes::default();
        writes.add(by(1), &stored(7, 70));
        writes.add(by(2), &stored(7, 71));
        let cell = StateCell::Storage(StorageKey::from(7_u64));
        assert_eq!(blamed(&writes, cell, 72), None, "a sub-block, or no transaction at all");
        assert_eq!(blamed(&writes, cell, 70), None, "it was written again after that");
    }

    #[test]
    fn nonces_and_classes_are_written_too() {
        let mut writes = Writes::default();
        let class = ClassHash(Felt::from(4_u64));
        let deployed = ThinStateDiff {
            deployed_contracts: [(contract(), class)].into_iter().collect(),
            ..ThinStateDiff::default()
        };
        writes.add(by(1), &deployed);
        let sent = ThinStateDiff {
            nonces: [(contract(), Nonce(Felt::ONE))].into_iter().collect(),
            ..ThinStateDiff::default()
        };
        writes.add(by(2), &sent);
        assert_eq!(blamed(&writes, StateCell::ClassHash, 4), Some(by(1)));
        assert_eq!(blamed(&writes, StateCell::Nonce, 1), Some(by(2)));
    }
}
