//! Removing: the newest blocks, or the oldest states.

use starknet_api::block::BlockNumber;

use super::{Storage, place};
use crate::db::tables::Tips;
use crate::db::{Batch, Read};
use crate::state::revert::Reverted;
use crate::state::{proof, prune, revert};
use crate::{ChainKind, ProofRequest, StorageError, StorageProof, base};

impl Storage {
    /// Proves leaves of the state after block `at`.
    ///
    /// # Errors
    /// If there is no such block, its state is not kept any more, a class hash is no trie key, or the database cannot
    /// be read. On a fork, also if a leaf is of the chain that was forked; always, on a followed chain.
    pub fn storage_proof(
        &self,
        at: BlockNumber,
        request: &ProofRequest,
    ) -> Result<StorageProof, StorageError> {
        self.expect(ChainKind::Own)?;
        let now = self.db().snapshot();
        // What is pruned from now on is still in the snapshot.
        self.check_kept(at)?;
        let proof = proof::prove(&now, at, request)?;
        base::proof::check(&now, at, request, self.base())?;
        Ok(proof)
    }

    /// Removes every block after `number`, wholly or not at all, so that it is the latest. The journal of pending
    /// transactions stays. Gives what was removed; `None` if it is the latest already.
    ///
    /// Views of the removed blocks, and caches of what they declared, are void ([`Self::epoch`]). The batch is built in
    /// memory: it takes about what the removed blocks' diffs, nodes and transactions do.
    ///
    /// # Errors
    /// If there is no such block, its state is not kept any more, or the database cannot be read or written.
    pub fn revert_to(&self, number: BlockNumber) -> Result<Option<Reverted>, StorageError> {
        let _one_at_a_time = self.lock_writer();
        let tip = self.db().get::<Tips>(&())?.ok_or(StorageError::NoSuchBlock { number })?.number;
        if number > tip || number < place::first(self.db())? {
            return Err(StorageError::NoSuchBlock { number });
        }
        self.check_kept(number)?;
        if number == tip {
            return Ok(None);
        }
        let _until_written = self.lock_packages();
        let (batch, reverted) = revert::revert(self.db(), number, tip)?;
        self.remove_from(reverted.first.1, batch)?;
        Ok(Some(reverted))
    }

    /// Forgets old states, so that those after the newest `keep_blocks` blocks stay (one at least). Blocks, receipts,
    /// traces and diffs stay. Gives the oldest block whose state is available now.
    ///
    /// Called after every block it takes about half as long as writing that block did; called late it catches up block by
    /// block, and blocks are committed in between. An interrupted call loses nothing.
    ///
    /// # Errors
    /// If the database cannot be read or written.
    pub fn prune(&self, keep_blocks: u64) -> Result<BlockNumber, StorageError> {
        loop {
            let _one_at_a_time = self.lock_writer();
            let oldest = self.oldest_state();
            let Some(tip) = self.latest()? else {
                return Ok(oldest);
            };
            let wanted = (tip.0 + 1).saturating_sub(keep_blocks.max(1));
            if oldest.0 >= wanted {
                return Ok(oldest);
            }
            let next = oldest.unchecked_next();
            let batch = prune::forget_before(self.db(), next)?;
            self.epochs().set_oldest(next);
            batch.write()?;
        }
    }

    /// Writes a batch that removes the blocks from `first` on. The caller holds the writer's lock.
    pub(crate) fn remove_from(&self, first: BlockNumber, batch: Batch<'_>) -> Result<(), StorageError> {
        let epochs = self.epochs();
        epochs.remove_from(first);
        epochs.set_next(first);
        let written = batch.commit();
        // Views that were made in between may have seen either.
        epochs.remove_from(first);
        self.inner.classes.invalidate_all();
        epochs.set_oldest(place::oldest(self.db())?);
        epochs.set_next(place::next(self.db())?.number);
        written
    }

    pub(crate) fn check_there(&self, block: BlockNumber) -> Result<(), StorageError> {
        if self.epochs().knows(block) || block < place::next(self.db())?.number {
            Ok(())
        } else {
            Err(StorageError::NoSuchBlock { number: block })
        }
    }

    fn check_kept(&self, block: BlockNumber) -> Result<(), StorageError> {
        let oldest = self.oldest_state();
        if block < oldest { Err(StorageError::Pruned { oldest }) } else { Ok(()) }
    }
}
