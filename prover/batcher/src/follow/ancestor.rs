//! Where the node's chain and the one that is kept of it part.

use starknet_api::block::{BlockHash, BlockNumber};
use zkthreads_storage::{Storage, StorageError};

/// Hashes of a chain's blocks.
pub(super) trait Hashes {
    type Error: From<StorageError>;

    /// The hash of a block, if there is one.
    async fn block_hash(&self, number: BlockNumber) -> Result<Option<BlockHash>, Self::Error>;
}

/// The highest block that `theirs` has, too; `None` if it is none that is kept. Blocks are asked for from the newest one down in
/// growing steps, then between the last two: a small reorg takes few questions, and none takes many.
pub(super) async fn common_ancestor<H: Hashes>(
    ours: &Storage,
    theirs: &H,
) -> Result<Option<BlockNumber>, H::Error> {
    let Some(latest) = ours.latest()? else { return Ok(None) };
    let first = first_kept(ours);
    // Everything up to `common` is, nothing from `other` on.
    let (mut other, mut step) = (latest.0.saturating_add(1), 1);
    let mut common = loop {
        if other <= first {
            return Ok(None);
        }
        let number = other.saturating_sub(step).max(first);
        if is_common(ours, theirs, number).await? {
            break number;
        }
        (other, step) = (number, step.saturating_mul(2));
    };
    while common + 1 < other {
        let middle = common.midpoint(other);
        if is_common(ours, theirs, middle).await? { common = middle } else { other = middle }
    }
    Ok(Some(BlockNumber(common)))
}

/// The number of the first block that is kept.
pub(super) fn first_kept(ours: &Storage) -> u64 {
    ours.fork().map_or(0, |fork| fork.number.0.saturating_add(1))
}

async fn is_common<H: Hashes>(ours: &Storage, theirs: &H, number: u64) -> Result<bool, H::Error> {
    let number = BlockNumber(number);
    let kept = ours.header(number)?.map(|header| header.block_hash);
    Ok(kept.is_some() && kept == theirs.block_hash(number).await?)
}
