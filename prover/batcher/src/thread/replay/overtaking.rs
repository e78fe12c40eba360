//! Complete sub-blocks that are executed again go behind those that need not be, as far as these have nothing to do with them.
//!
//! Executed again, a sub-block is proven once more and has a later time. What is proven behind it would wait for that, and be too
//! old by then.

use std::collections::BTreeSet;

use zkthreads_execution::sub_block::{Accesses, Cell};

use super::Replay;
use crate::thread::model::SubBlock;
use crate::thread::setback::Setback;

impl Replay<'_> {
    /// Puts complete sub-blocks there: first those that stay as they are, in their order, then the others in theirs.
    pub(super) fn put_fronts(
        &mut self,
        old: Vec<SubBlock>,
        fronts: &mut Vec<SubBlock>,
    ) -> Result<(), Setback> {
        let (mut deferred, mut cells) = (Vec::new(), Cells::default());
        for sub_block in old {
            let mut inner = sub_block.inner.iter();
            if inner.all(|executed| cells.are_apart_from(&executed.accesses)) && self.stays(&sub_block)? {
                self.keep(sub_block, fronts);
            } else {
                sub_block.inner.iter().for_each(|executed| cells.add(&executed.accesses));
                deferred.push(sub_block);
            }
        }
        for sub_block in deferred {
            self.put(sub_block, false, fronts)?;
        }
        Ok(())
    }
}

/// What sub-blocks read and write.
#[derive(Debug, Default)]
struct Cells {
    reads: BTreeSet<Cell>,
    writes: BTreeSet<Cell>,
}

impl Cells {
    fn add(&mut self, accesses: &Accesses) {
        self.reads.extend(&accesses.reads);
        self.writes.extend(&accesses.writes);
    }

    /// Whether it makes no difference which comes first: neither reads what the other writes.
    fn are_apart_from(&self, accesses: &Accesses) -> bool {
        !(accesses.reads.iter().any(|cell| self.writes.contains(cell))
            || accesses.writes.iter().any(|cell| self.reads.contains(cell)))
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::core::ContractAddress;
    use zkthreads_protocol::StateCell;

    use super::*;

    fn accesses(reads: &[u64], writes: &[u64]) -> Accesses {
        let cell =
            |contract: &u64| Cell { contract: ContractAddress::from(*contract), cell: StateCell::Nonce };
        Accesses { reads: reads.iter().map(cell).collect(), writes: writes.iter().map(cell).collect() }
    }

    #[test]
    fn what_only_reads_the_same_is_apart() {
        let mut cells = Cells::default();
        assert!(cells.are_apart_from(&accesses(&[1], &[1])));
        cells.add(&accesses(&[1, 2], &[2]));
        assert!(cells.are_apart_from(&accesses(&[1, 3], &[3])));
        assert!(!cells.are_apart_from(&accesses(&[2, 3], &[3])), "reads what is written");
        assert!(!cells.are_apart_from(&accesses(&[1, 3], &[1])), "writes what is read");
    }
}
