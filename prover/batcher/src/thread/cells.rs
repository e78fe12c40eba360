//! What transactions read and write, taken together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use zkthreads_sub_block::{Accesses, Cell, ExecutedInner};

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

    /// Whether one of the cells is read.
    pub(super) fn read_any(&self, cells: &BTreeSet<Cell>) -> bool {
        share(&self.reads, cells)
    }

    /// Those of the cells that are read, with what is said of them.
    pub(super) fn read_of<'a, T>(&'a self, cells: &'a BTreeMap<Cell, T>) -> impl Iterator<Item = &'a T> {
        self.reads.iter().filter_map(|cell| cells.get(cell))
    }
}

fn share(one: &BTreeSet<Cell>, other: &BTreeSet<Cell>) -> bool {
    let (few, many) = if one.len() < other.len() { (one, other) } else { (other, one) };
    few.iter().any(|cell| many.contains(cell))
}

/// Parts what was executed in this order into groups that have nothing to do with each other. Each keeps the order, and the
/// groups are in that of their first members. Takes time in proportion to the cells: a stranger has a say in how many there are.
pub(super) fn groups<T>(executed: Vec<T>, accesses: impl Fn(&T) -> &Accesses) -> Vec<Vec<T>> {
    let mut joined = Joined::default();
    let mut cells: HashMap<Cell, Touched> = HashMap::new();
    for (member, accesses) in executed.iter().map(accesses).enumerate() {
        joined.add(member);
        for cell in &accesses.reads {
            let touched = cells.entry(*cell).or_default();
            match touched.written_by {
                Some(writer) => joined.join(writer, member),
                None => touched.read_by.push(member),
            }
        }
        for cell in &accesses.writes {
            let touched = cells.entry(*cell).or_default();
            touched.read_by.drain(..).for_each(|reader| joined.join(reader, member));
            touched.written_by = Some(member);
        }
    }
    let mut groups: BTreeMap<usize, Vec<T>> = BTreeMap::new();
    for (member, executed) in executed.into_iter().enumerate() {
        groups.entry(joined.first(member)).or_default().push(executed);
    }
    groups.into_values().collect()
}

/// Who has touched a cell so far.
#[derive(Default)]
struct Touched {
    written_by: Option<usize>,
    /// Those who have read it before anybody wrote it.
    read_by: Vec<usize>,
}

/// Members that are joined to others, as trees whose root is the first of them (union-find).
#[derive(Default)]
struct Joined(Vec<usize>);

impl Joined {
    fn add(&mut self, member: usize) {
        self.0.push(member);
    }

    /// The first member of the group.
    fn first(&mut self, mut member: usize) -> usize {
        while let Some(parent) = self.0.get(member).copied().filter(|parent| *parent != member) {
            let above = self.0.get(parent).copied().unwrap_or(parent);
            if let Some(link) = self.0.get_mut(member) {
                *link = above;
            }
            member = above;
        }
        member
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        if let Some(link) = self.0.get_mut(one.max(other)) {
            *link = one.min(other);
        }
    }
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
