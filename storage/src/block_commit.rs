//! What the rest of the node hands in for a block.

use std::sync::Arc;

use starknet_api::block::BlockHeader;
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::{L1TransactionHash, Package, PackageDigest};

use crate::{BlockTransaction, ClassRecord, PreparedState, SettledInner, ThreadTimes, TransactionTrace};

/// Everything one block adds to the database, committed as a whole or not at all.
#[derive(Debug)]
pub struct BlockCommit<P = Vec<u8>> {
    /// The sealed header; its number, parent and state root are checked against the tip and `state`.
    pub header: BlockHeader,
    /// The block's transactions in order, each with its receipt.
    pub transactions: Vec<BlockTransaction>,
    /// What each transaction did, in the same order.
    pub traces: Vec<TransactionTrace>,
    /// The packages that the block's thread transactions name. Those that the pool has stored already need not be among them.
    pub packages: Vec<(PackageDigest, Arc<Package<P>>)>,
    /// What the block's thread transactions settled, by the index of the transaction; of those that settled nothing, nothing.
    pub settled: Vec<(u32, SettledInner)>,
    /// The messages from L1 whose L1 transaction is known, with the transaction that delivered them.
    pub l1_messages: Vec<(L1TransactionHash, TransactionHash)>,
    /// What the block changed; the very diff that `state` was prepared from.
    pub state_diff: ThinStateDiff,
    /// The classes that the block declared. A class already stored keeps its first declaration.
    pub classes: Vec<(ClassHash, ClassRecord)>,
    /// When the changes that sub-blocks made were made, as the sub-blocks saw it. A change without one is the block's own.
    pub thread_times: ThreadTimes,
    /// The tries after the block, from [`Storage::prepare_state`](crate::Storage::prepare_state).
    pub state: PreparedState,
}
