//! Which transactions depend on cells of the state, be it through others.

use std::collections::BTreeSet;
use std::sync::Arc;

use zkthreads_sub_block::{Cell, ExecutedInner};

/// Cells that may hold something else than they held, because of a conflict or because of transactions that depend on
/// one. What is executed after them depends on them if it touches one of these cells; the sender's nonce is among the
/// cells that every transaction touches, so what an account sent after a tainted transaction is tainted, too.
#[derive(Debug, Clone, Default)]
pub(super) struct Taint(BTreeSet<Cell>);

impl Taint {
    /// Adds cells.
    pub(super) fn extend(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.0.extend(cells);
    }

    /// Adds all that these transactions write.
    pub(super) fn extend_with_writes<'a>(&mut self, inner: impl IntoIterator<Item = &'a Arc<ExecutedInner>>) {
        for executed in inner {
            self.0.extend(&executed.accesses.writes);
        }
    }

    /// Parts transactions, which were executed in this order, into those that do not depend on the cells and those that
    /// do. What the latter write is tainted, too.
    pub(super) fn part(
        &mut self,
        inner: Vec<Arc<ExecutedInner>>,
    ) -> (Vec<Arc<ExecutedInner>>, Vec<Arc<ExecutedInner>>) {
        if self.0.is_empty() {
            return (inner, Vec::new());
        }
        inner
            .into_iter()
            .partition(|executed| !self.reach(&executed.accesses.reads, &executed.accesses.writes))
    }

    fn reach(&mut self, reads: &BTreeSet<Cell>, writes: &BTreeSet<Cell>) -> bool {
        let is_tainted = if reads.len() < self.0.len() {
            reads.iter().any(|cell| self.0.contains(cell))
        } else {
            self.0.iter().any(|cell| reads.contains(cell))
        };
        if is_tainted {
            self.0.extend(writes);
        }
        is_tainted
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::core::ContractAddress;
    use zkthreads_protocol::StateCell;

    use super::*;

    fn cell(contract: u64) -> Cell {
        Cell { contract: ContractAddress::from(contract), cell: StateCell::Nonce }
    }

    fn cells(contracts: &[u64]) -> BTreeSet<Cell> {
        contracts.iter().map(|contract| cell(*contract)).collect()
    }

    #[test]
    fn taint_spreads_through_what_tainted_transactions_write() {
        let mut taint = Taint::default();
        taint.extend([cell(1)]);
        assert!(!taint.reach(&cells(&[2, 3]), &cells(&[3])), "touches none of the cells");
        assert!(taint.reach(&cells(&[1, 4]), &cells(&[4])), "reads a tainted cell");
        assert!(taint.reach(&cells(&[4, 5, 6, 7]), &cells(&[5])), "reads what a tainted transaction wrote");
        assert!(!taint.reach(&cells(&[3]), &cells(&[3])), "what an independent one wrote is clean");
        assert!(!taint.reach(&cells(&[6]), &cells(&[6])), "what was only read stays clean");
        assert!(taint.reach(&cells(&[5]), &cells(&[])));
    }
}
