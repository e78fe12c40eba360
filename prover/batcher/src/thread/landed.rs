//! What the followed chain says of transactions.

use starknet_api::block::BlockNumber;
use starknet_api::transaction::TransactionHash;
use zkthreads_storage::{Storage, StorageError, ThreadOutcome};

/// The block that has a transaction, be it inside a thread transaction; `None` if none known here has it.
pub(super) fn block_of(
    storage: &Storage,
    hash: TransactionHash,
) -> Result<Option<BlockNumber>, StorageError> {
    if let Some((block, _, _)) = storage.transaction(hash)? {
        return Ok(Some(block));
    }
    match storage.inner_place(hash)? {
        Some((thread, _)) => Ok(storage.transaction(thread)?.map(|(block, _, _)| block)),
        None => Ok(None),
    }
}

/// Whether the thread transaction `thread` settled the transaction `inner`.
pub(super) fn has_settled(
    storage: &Storage,
    thread: TransactionHash,
    inner: TransactionHash,
) -> Result<bool, StorageError> {
    Ok(storage.inner_place(inner)?.is_some_and(|(place, _)| place == thread))
}

/// The block that has the thread transaction `thread`, and what became of it there.
pub(super) fn outcome(
    storage: &Storage,
    thread: TransactionHash,
) -> Result<Option<(BlockNumber, Option<ThreadOutcome>)>, StorageError> {
    let found = storage.transaction(thread)?;
    Ok(found.map(|(block, _, transaction)| (block, transaction.receipt.thread)))
}
