//! Which cells of the state an inner transaction reads and writes.

use std::collections::BTreeSet;

use blockifier::state::cached_state::StateMaps;
use starknet_api::core::ContractAddress;
use zkthreads_protocol::{Conflict, StateCell};

use crate::touched::Touched;

/// One cell of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The contract it belongs to.
    pub contract: ContractAddress,
    /// Which of its cells.
    pub cell: StateCell,
}

impl From<&Conflict> for Cell {
    fn from(conflict: &Conflict) -> Self {
        Self { contract: conflict.contract, cell: conflict.cell }
    }
}

/// The cells that an inner transaction reads and writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accesses {
    /// All that its execution depends on, and all that it writes: what it makes preconditions of the statement. While
    /// these hold what they held, executing it again in the same context gives the same result.
    pub reads: BTreeSet<Cell>,
    /// Those that hold something else after it. A reverted transaction writes its sender's nonce, and what
    /// `__validate__` wrote.
    pub writes: BTreeSet<Cell>,
}

impl Accesses {
    /// How many cells are read, and how many are written: those that are both count twice.
    #[must_use]
    pub fn count(&self) -> usize {
        self.reads.len().saturating_add(self.writes.len())
    }

    /// Of a transaction by `sender` that touched `touched` and changed `changes`.
    pub(crate) fn new(sender: ContractAddress, touched: &Touched, changes: &StateMaps) -> Self {
        let mut reads = BTreeSet::from([Cell { contract: sender, cell: StateCell::Nonce }]);
        for (contract, keys) in &touched.contracts {
            let contract = *contract;
            reads.insert(Cell { contract, cell: StateCell::ClassHash });
            reads.extend(keys.iter().map(|key| Cell { contract, cell: StateCell::Storage(*key) }));
        }
        let storage = changes.storage.keys().map(|(contract, key)| (*contract, StateCell::Storage(*key)));
        let nonces = changes.nonces.keys().map(|contract| (*contract, StateCell::Nonce));
        let class_hashes = changes.class_hashes.keys().map(|contract| (*contract, StateCell::ClassHash));
        let writes = storage.chain(nonces).chain(class_hashes);
        Self { reads, writes: writes.map(|(contract, cell)| Cell { contract, cell }).collect() }
    }
}
