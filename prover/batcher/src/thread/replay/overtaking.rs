//! Complete sub-blocks that are executed again go behind those that need not be, as far as these have nothing to do with them.
//!
//! Executed again, a sub-block is proven once more and has a later time. What is proven behind it would wait for that, and be too
//! old by then.

use super::Replay;
use crate::thread::cells::Cells;
use crate::thread::model::SubBlock;
use crate::thread::outage::Outage;

impl Replay<'_> {
    /// Puts complete sub-blocks there: first those that stay as they are, in their order, then the others in theirs.
    pub(super) fn put_fronts(
        &mut self,
        old: Vec<SubBlock>,
        fronts: &mut Vec<SubBlock>,
    ) -> Result<(), Outage> {
        let (mut deferred, mut cells) = (Vec::new(), Cells::default());
        for sub_block in old {
            if cells.are_apart_from(&sub_block.cells) && self.stays(&sub_block)? {
                self.keep(sub_block, fronts);
            } else {
                cells.join(&sub_block.cells);
                deferred.push(sub_block);
            }
        }
        for sub_block in deferred {
            self.put(sub_block, false, fronts)?;
        }
        Ok(())
    }
}
