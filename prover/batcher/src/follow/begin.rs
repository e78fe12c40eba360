//! Where to begin.

use starknet_api::block::BlockNumber;
use zkthreads_storage::{FollowedBlock, ForkPoint, Storage, StorageError};

use zkthreads_client::{NodeClient, NodeError};

/// How many blocks below the node's newest one a thread's own blocks begin: deeper reorgs need a new fork.
pub const FORK_DEPTH: u64 = 64;

/// Why following could not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The node does not answer as asked.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node has no block to begin with.
    #[error("the node has no block {number}")]
    NoBlock {
        /// The block's number.
        number: BlockNumber,
    },
    /// The database refuses the block, or fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The block to fork the node at: `depth` blocks below its newest one, or higher up, if the node is a fork itself and does
/// not have all blocks above that one. `None` if it has them all, down to block 0: nothing lies below.
///
/// # Errors
/// If the node does not answer, or has no block at all.
pub async fn fork_point(node: &NodeClient, depth: u64) -> Result<Option<ForkPoint>, BeginError> {
    let (latest, _) = node.latest().await?;
    let lowest = BlockNumber(latest.0.saturating_sub(depth.saturating_sub(1)));
    let first = match node.export_block(lowest).await? {
        Some(block) => block,
        None => first_above(node, lowest, latest).await?,
    };
    let first = first.header.block_header_without_hash;
    Ok(first.block_number.prev().map(|number| ForkPoint { number, hash: first.parent_hash }))
}

/// The lowest block that the node has, which is above `missing` and not above `there`.
async fn first_above(
    node: &NodeClient,
    missing: BlockNumber,
    there: BlockNumber,
) -> Result<FollowedBlock, BeginError> {
    let no_block = BeginError::NoBlock { number: there };
    let mut first = node.export_block(there).await?.ok_or(no_block)?;
    let (mut missing, mut there) = (missing.0, there.0);
    while missing + 1 < there {
        let middle = missing.midpoint(there);
        match node.export_block(BlockNumber(middle)).await? {
            Some(block) => (first, there) = (block, middle),
            None => missing = middle,
        }
    }
    Ok(first)
}

/// Takes the first block into an empty database that follows the node: a thread begins on a block.
///
/// # Errors
/// If the node does not answer or does not have that block any more, or the database fails.
pub async fn begin(node: &NodeClient, storage: &Storage) -> Result<(), BeginError> {
    if storage.latest()?.is_some() {
        return Ok(());
    }
    let (number, _) = storage.next_place()?;
    let block = node.export_block(number).await?.ok_or(BeginError::NoBlock { number })?;
    Ok(storage.follow(block)?)
}
