//! The times of what sub-blocks wrote: each is that of a change of its block, and before it.

use starknet_api::block::BlockNumber;
use starknet_api::state::ThinStateDiff;

use super::{Check, Problem};
use crate::db::tables::{StateDiffs, ThreadTimes};
use crate::db::{Read, Snapshot};
use crate::{StorageError, is_changed};

pub(super) fn check(now: &Snapshot<'_>, check: &mut Check) -> Result<(), StorageError> {
    // The rows of a block lie together. A block that is not there changes nothing.
    let mut current: Option<(BlockNumber, ThinStateDiff)> = None;
    now.each::<ThreadTimes>(|(block, contract, cell), time| {
        let (_, diff) = match current.take() {
            Some(of_this) if of_this.0 == block => current.insert(of_this),
            _ => current.insert((block, now.get::<StateDiffs>(&block)?.unwrap_or_default())),
        };
        if !is_changed(diff, contract, cell) || time.number >= block {
            check.found(Problem::ThreadTime { block, contract, cell });
        }
        Ok(())
    })
}
