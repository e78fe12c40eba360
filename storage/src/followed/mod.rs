//! Blocks of another node's chain, as a database that follows it takes them.
//!
//! A node hands a stored block out whole ([`Storage::export_block`]); a database that was opened to follow that node's
//! chain ([`Storage::open_following`]) takes it as it is ([`Storage::follow`]). What the header says is believed: nothing
//! was executed here, and no tries are kept, so nothing can be proven and no own block be added.

mod codec;
mod export;

use std::sync::Arc;

use starknet_api::block::BlockHeader;
use starknet_api::core::ClassHash;
use starknet_api::hash::StateRoots;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::{L1TransactionHash, PackageContents, PackageDigest, ProofLength};

pub use codec::MAX_BLOCK_BYTES;

use crate::state::{commit, prepare};
use crate::{
    BlockCommit, BlockTransaction, ChainKind, ClassRecord, PreparedState, SettledInner, Storage,
    StorageError, ThreadTimes, TransactionTrace,
};

/// Everything that a block added to the database of the node that made it, its tries aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedBlock {
    /// The header, as the node sealed it.
    pub header: BlockHeader,
    /// The node's roots of the contract and class tries after the block; the header's state root is made of them.
    pub roots: StateRoots,
    /// The block's transactions in order, each with its receipt.
    pub transactions: Vec<BlockTransaction>,
    /// What each transaction did, in the same order.
    pub traces: Vec<TransactionTrace>,
    /// The packages that the block's thread transactions name, without proofs: the node has verified them.
    pub packages: Vec<(PackageDigest, Arc<PackageContents>)>,
    /// What the block's thread transactions settled, by the index of the transaction.
    pub settled: Vec<(u32, SettledInner)>,
    /// The messages from L1 whose L1 transaction is known, with the transaction that delivered them.
    pub l1_messages: Vec<(L1TransactionHash, TransactionHash)>,
    /// What the block changed.
    pub state_diff: ThinStateDiff,
    /// The classes that the block declared.
    pub classes: Vec<(ClassHash, ClassRecord)>,
    /// When the changes that sub-blocks made were made, as the sub-blocks saw it.
    pub thread_times: ThreadTimes,
}

impl FollowedBlock {
    /// The block for the database, which keeps no tries of it.
    fn with(self, state: PreparedState) -> BlockCommit<ProofLength> {
        BlockCommit {
            header: self.header,
            transactions: self.transactions,
            traces: self.traces,
            packages: self.packages,
            settled: self.settled,
            l1_messages: self.l1_messages,
            state_diff: self.state_diff,
            classes: self.classes,
            thread_times: self.thread_times,
            state,
        }
    }
}

impl Storage {
    /// Takes a block of the followed chain on top of the latest one, wholly and durably or not at all, as
    /// [`Self::commit`] does with an own one.
    ///
    /// # Errors
    /// [`StorageError::Refused`] if the block does not follow on the latest one or its parts do not fit each other;
    /// [`StorageError::OtherKind`] if the database keeps an own chain; otherwise, if it cannot be read or written.
    pub fn follow(&self, block: FollowedBlock) -> Result<(), StorageError> {
        let _one_at_a_time = self.lock_writer();
        self.expect(ChainKind::Followed)?;
        let state = prepare::followed(&self.db().snapshot(), &block.state_diff, block.roots)?;
        let _until_written = self.lock_packages();
        let number = commit::commit(self.db(), self.base(), block.with(state))?;
        self.epochs().set_next(number.unchecked_next());
        Ok(())
    }
}
