//! What transactions read and write, taken together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use zkthreads_execution::sub_block::{Accesses, Cell, ExecutedInner};

/// What transactions read and write.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    reads: BTreeSet<Cell>,
    writes: BTreeSet<Cell>,
}

impl Cells {
    /// Of all these.
    pub(super) fn of(inner: &[Arc<ExecutedInner>]) -> Self {
        let mut cells = Self::default();
        inner.iter().for_each(|executed| cells.add(&executed.accesses));
        cells
    }

    /// Adds those of a transaction.
    pub(super) fn add(&mut self, accesses: &Accesses) {
        self.reads.extend(&accesses.reads);
        self.writes.extend(&accesses.writes);
    }

    /// Adds those of others.
    pub(super) fn join(&mut self, others: &Self) {
        self.reads.extend(&others.reads);
        self.writes.extend(&others.writes);
    }

    /// Whether it makes no difference which comes first: neither reads what the other writes. What a transaction writes it also
    /// reads.
    pub(super) fn are_apart_from(&self, others: &Self) -> bool {
        !(share(&self.reads, &others.writes) || share(&self.writes, &others.reads))
    }

    pub(super) fn writes(&self) -> &BTreeSet<Cell> {
        &self.writes
    }

    /// Whether one of the cells is read.
    pub(super) fn read_any(&self, cells: &BTreeSet<Cell>) -> bool {
        share(&self.reads, cells)
    }

    /// Those of the cells that are read, with what is said of them.
    pub(super) fn read_of<'a, T>(&'a self, cells: &'a BTreeMap<Cell, T>) -> impl Iterator<Item = &'a T> {
        cells.iter().filter(|(cell, _)| self.reads.contains(cell)).map(|(_, said)| said)
    }
}

fn share(one: &BTreeSet<Cell>, other: &BTreeSet<Cell>) -> bool {
    let (few, many) = if one.len() < other.len() { (one, other) } else { (other, one) };
    few.iter().any(|cell| many.contains(cell))
}

/// Parts what was executed in this order into groups that have nothing to do with each other. Each keeps the order, and the
/// groups are in that of their first members.
pub(super) fn groups<T>(executed: Vec<T>, accesses: impl Fn(&T) -> &Accesses) -> Vec<Vec<T>> {
    let mut groups: Vec<(Cells, Vec<(usize, T)>)> = Vec::new();
    for (index, member) in executed.into_iter().enumerate() {
        let mut cells = Cells::default();
        cells.add(accesses(&member));
        let mut members = vec![(index, member)];
        let mut apart = Vec::with_capacity(groups.len() + 1);
        for (others, theirs) in groups {
            if others.are_apart_from(&cells) {
                apart.push((others, theirs));
            } else {
                cells.join(&others);
                members.extend(theirs);
            }
        }
        members.sort_by_key(|(index, _)| *index);
        apart.push((cells, members));
        groups = apart;
    }
    groups.sort_by_key(|(_, members)| members.first().map(|(index, _)| *index));
    groups.into_iter().map(|(_, members)| members.into_iter().map(|(_, member)| member).collect()).collect()
}

#[cfg(test)]
mod tests {
    use starknet_api::core::ContractAddress;
    use zkthreads_protocol::StateCell;

    use super::*;

    fn cells(reads: &[u64], writes: &[u64]) -> Cells {
        let cell =
            |contract: &u64| Cell { contract: ContractAddress::from(*contract), cell: StateCell::Nonce };
        Cells { reads: reads.iter().map(cell).collect(), writes: writes.iter().map(cell).collect() }
    }

    #[test]
    fn what_only_reads_the_same_is_apart() {
        assert!(Cells::default().are_apart_from(&cells(&[1], &[1])));
        let mut some = cells(&[1, 2], &[2]);
        assert!(some.are_apart_from(&cells(&[1, 3], &[3])));
        assert!(!some.are_apart_from(&cells(&[2, 3], &[3])), "reads what is written");
        assert!(!some.are_apart_from(&cells(&[1, 3], &[1])), "writes what is read");
        some.join(&cells(&[3], &[3]));
        assert!(!some.are_apart_from(&cells(&[3], &[])));
    }

    #[test]
    fn groups_are_joined_by_whoever_has_to_do_with_both() {
        let accesses = |reads: &[u64], writes: &[u64]| {
            let Cells { reads, writes } = cells(reads, writes);
            Accesses { reads, writes }
        };
        let transactions = vec![
            ('a', accesses(&[1, 9], &[1])),
            ('b', accesses(&[2, 9], &[2])),
            ('c', accesses(&[3, 9], &[3])),
            ('d', accesses(&[1, 3], &[])),
            ('e', accesses(&[2], &[2])),
        ];
        let groups = groups(transactions, |(_, accesses)| accesses);
        let names: Vec<String> =
            groups.iter().map(|group| group.iter().map(|(name, _)| name).collect()).collect();
        assert_eq!(names, ["acd", "be"]);
    }
}
