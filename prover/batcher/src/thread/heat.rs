//! Cells that the chain keeps changing under sub-blocks.
//!
//! What reads such a cell is put into sub-blocks of its own as soon as the open one is complete, before it is proven with
//! others: then one who writes the cell in every block holds up nobody else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use zkthreads_sub_block::Cell;

/// The change under a sub-block at which a cell is hot.
const HOT_AT: u32 = 2;
/// How long a cell is remembered since it was changed under a sub-block.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Cells that are remembered; after that, those that have been left alone for longest are forgotten.
const MAX_CELLS: usize = 4_096;

/// Cells that the chain has changed under sub-blocks.
#[derive(Debug, Default)]
pub(super) struct Heat(BTreeMap<Cell, Changed>);

#[derive(Debug)]
struct Changed {
    times: u32,
    last: Instant,
}

impl Heat {
    /// A block has changed these cells under sub-blocks.
    pub(super) fn add(&mut self, cells: impl IntoIterator<Item = Cell>, now: Instant) {
        self.0.retain(|_, changed| now.saturating_duration_since(changed.last) < REMEMBERED);
        for cell in cells {
            let changed = self.0.entry(cell).or_insert(Changed { times: 0, last: now });
            changed.times = changed.times.saturating_add(1);
            changed.last = now;
        }
        let too_many = self.0.len().saturating_sub(MAX_CELLS);
        if too_many > 0 {
            let mut all: Vec<_> = self.0.iter().map(|(cell, changed)| (changed.last, *cell)).collect();
            all.sort_unstable();
            for (_, cell) in all.into_iter().take(too_many) {
                self.0.remove(&cell);
            }
        }
    }

    /// The cells that are hot, with when they were changed last.
    pub(super) fn hot(&self, now: Instant) -> BTreeMap<Cell, Instant> {
        self.changed_at_least(HOT_AT, now)
    }

    /// The cells that are hot once another block changes them.
    pub(super) fn warm(&self, now: Instant) -> BTreeMap<Cell, Instant> {
        self.changed_at_least(HOT_AT - 1, now)
    }

    fn changed_at_least(&self, times: u32, now: Instant) -> BTreeMap<Cell, Instant> {
        let is = |changed: &Changed| {
            changed.times >= times && now.saturating_duration_since(changed.last) < REMEMBERED
        };
        self.0
            .iter()
            .filter(|(_, changed)| is(changed))
            .map(|(cell, changed)| (*cell, changed.last))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::core::ContractAddress;
    use zkthreads_protocol::StateCell;

    use super::*;

    fn cell(contract: usize) -> Cell {
        Cell { contract: ContractAddress::from(contract as u64), cell: StateCell::Nonce }
    }

    #[test]
    fn a_cell_is_hot_from_its_second_change_on_until_it_is_left_alone() {
        let (mut heat, start) = (Heat::default(), Instant::now());
        heat.add([cell(1), cell(2)], start);
        assert_eq!((heat.hot(start).len(), heat.warm(start).len()), (0, 2));
        let later = start + REMEMBERED / 2;
        heat.add([cell(2)], later);
        assert_eq!(heat.hot(later), BTreeMap::from([(cell(2), later)]));
        let much_later = start + REMEMBERED;
        assert_eq!(heat.warm(much_later), BTreeMap::from([(cell(2), later)]));
        heat.add([], later + REMEMBERED);
        assert!(heat.0.is_empty());
    }

    #[test]
    fn the_cell_that_was_left_alone_for_longest_is_forgotten_first() {
        let (mut heat, start) = (Heat::default(), Instant::now());
        heat.add([cell(0)], start);
        let later = start + Duration::from_secs(1);
        heat.add((1..=MAX_CELLS).map(cell), later);
        assert!(heat.0.len() == MAX_CELLS && !heat.warm(later).contains_key(&cell(0)));
    }
}
