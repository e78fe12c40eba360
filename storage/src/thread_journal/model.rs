//! What a thread writes down.

use serde::{Deserialize, Serialize};
use starknet_api::block::BlockNumber;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::{BaseBlock, InnerTransaction};

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalOwner {
    /// The chain that the transactions are signed for.
    pub chain_id: ChainId,
    /// The account that settles them.
    pub submitter: ContractAddress,
}

impl JournalOwner {
    /// Whether it is the same one: a known chain may go by its name.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.chain_id.to_string() == other.chain_id.to_string() && self.submitter == other.submitter
    }
}

impl std::fmt::Display for JournalOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "submitter {} on chain {}", self.submitter, self.chain_id)
    }
}

/// A transaction that a thread acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalTransaction {
    /// Its place in the order of acknowledgement. Never given twice.
    pub seq: u64,
    /// Its hash.
    pub hash: TransactionHash,
    /// What its user signed.
    pub transaction: InnerTransaction,
    /// When it came, in milliseconds since 1970.
    pub received_at: u64,
    /// What became of it.
    pub place: JournalPlace,
}

/// What became of an acknowledged transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum JournalPlace {
    /// Nothing yet.
    Waiting,
    /// It is in a sub-block that is not settled.
    In {
        /// The sub-block.
        sub_block: u64,
        /// Its index there.
        index: u32,
    },
    /// Its sub-block is settled.
    Settled {
        /// The sub-block.
        sub_block: u64,
        /// Its index there.
        index: u32,
        /// The block that settled it.
        block: BlockNumber,
    },
    /// It reached the chain by itself.
    OnChain {
        /// The block that has it.
        block: BlockNumber,
    },
    /// It cannot be executed any more.
    Rejected {
        /// Why.
        reason: String,
        /// The newest block at that time.
        block: BlockNumber,
    },
    /// It was sent to the chain as it is; no block has it yet.
    Forwarded,
}

impl JournalPlace {
    /// The block in which the matter ended, if it did.
    #[must_use]
    pub fn finished_in(&self) -> Option<BlockNumber> {
        match self {
            Self::Waiting | Self::In { .. } | Self::Forwarded => None,
            Self::Settled { block, .. } | Self::OnChain { block } | Self::Rejected { block, .. } => {
                Some(*block)
            }
        }
    }
}

/// A sub-block of a thread. Its transactions say that they are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalSubBlock {
    /// Its number, in order. Never given twice.
    pub id: u64,
    /// The block whose context its transactions saw.
    pub base_block: BaseBlock,
    /// How far it has come.
    pub stage: JournalStage,
    /// How often it was executed.
    pub attempts: u32,
    /// Sub-blocks follow on each other in the order of their positions.
    pub position: u64,
    /// Whether its transactions were put behind the others, because the chain keeps conflicting with them.
    pub hot: bool,
}

/// How far a sub-block has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JournalStage {
    /// Transactions are added.
    Open,
    /// No more are.
    Closed,
    /// Its proof is there.
    Proven,
    /// A thread transaction with its proof is about to be sent, or was.
    Submitted {
        /// The thread transaction.
        hash: TransactionHash,
        /// The submitter's nonce in it.
        nonce: Nonce,
    },
    /// It is settled.
    Settled {
        /// The thread transaction.
        hash: TransactionHash,
        /// The block that has it.
        block: BlockNumber,
    },
}

impl JournalStage {
    /// The block that settled it, if one did.
    #[must_use]
    pub fn settled_in(&self) -> Option<BlockNumber> {
        match self {
            Self::Settled { block, .. } => Some(*block),
            Self::Open | Self::Closed | Self::Proven | Self::Submitted { .. } => None,
        }
    }
}

/// What a journal holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalContents {
    /// Transactions, in the order of acknowledgement.
    pub transactions: Vec<JournalTransaction>,
    /// Sub-blocks, in order.
    pub sub_blocks: Vec<JournalSubBlock>,
    /// The `seq` of the next transaction: no transaction ever had it or a later one.
    pub next_seq: u64,
    /// The `id` of the next sub-block: no sub-block ever had it or a later one.
    pub next_sub_block: u64,
}
