//! Where the chain begins and where it goes on.

use starknet_api::block::{BlockHash, BlockNumber};

use crate::ForkPoint;
use crate::StorageError;
use crate::db::Read;
use crate::db::rows::Tip;
use crate::db::tables::{Beginnings, Oldest, Tips};

/// The place of the next block.
pub(crate) struct NextPlace {
    /// The last block; `None` before the first.
    pub(crate) tip: Option<Tip>,
    /// The next block's number.
    pub(crate) number: BlockNumber,
    /// Its parent's hash: zero before block 0, another chain's block before the first block of a fork.
    pub(crate) parent: BlockHash,
}

/// The block of another chain that the first local one builds on.
pub(crate) fn fork(now: &impl Read) -> Result<Option<ForkPoint>, StorageError> {
    Ok(now.get::<Beginnings>(&())?.and_then(|beginning| beginning.fork))
}

/// Where the next block goes.
pub(crate) fn next(now: &impl Read) -> Result<NextPlace, StorageError> {
    let tip = now.get::<Tips>(&())?;
    let (number, parent) = match tip {
        Some(tip) => (tip.number.unchecked_next(), tip.hash),
        None => match fork(now)? {
            Some(fork) => (fork.number.unchecked_next(), fork.hash),
            None => (BlockNumber::ZERO, BlockHash::default()),
        },
    };
    Ok(NextPlace { tip, number, parent })
}

/// The first local block's number.
pub(crate) fn first(now: &impl Read) -> Result<BlockNumber, StorageError> {
    Ok(fork(now)?.map_or(BlockNumber::ZERO, |fork| fork.number.unchecked_next()))
}

/// The first block after which the state is available: the forked one, or the first.
pub(crate) fn oldest(now: &impl Read) -> Result<BlockNumber, StorageError> {
    if let Some(oldest) = now.get::<Oldest>(&())? {
        return Ok(oldest);
    }
    Ok(fork(now)?.map_or(BlockNumber::ZERO, |fork| fork.number))
}
