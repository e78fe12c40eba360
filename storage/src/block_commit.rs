//! What the rest of the node hands in for a block.

use starknet_api::block::BlockHeader;
use starknet_api::core::ClassHash;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::L1TransactionHash;

use crate::{BlockTransaction, ClassRecord, PreparedState, ThreadTimes, TransactionTrace};

/// Everything one block adds to the database, committed as a whole or not at all.
#[derive(Debug)]
pub struct BlockCommit {
    /// The sealed header; its number, parent and state root are checked against the tip and `state`.
    pub header: BlockHeader,
    /// The block's transactions in order, each with its receipt.
    pub transactions: Vec<BlockTransaction>,
    /// What each transaction did, in the same order.
    pub traces: Vec<TransactionTrace>,
    /// The packages of the block's thread transactions, by transaction hash.
    pub packages: Vec<(TransactionHash, Vec<u8>)>,
    /// The inner transactions that settled: their hash, the thread transaction's, and their index in its package.
    pub inner_places: Vec<(TransactionHash, TransactionHash, u32)>,
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
