//! What the controls of a devnet fail with. Codes and messages are starknet-devnet's where it has the same error.

use serde_json::{Value, json};
use starknet_api::core::ContractAddress;
use starknet_api::transaction::TransactionHash;

use super::messages::L1Hash;

/// Why a devnet does not do as it is told.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// No block has that number or hash.
    #[error("No block found")]
    NoBlock,
    /// The first block stays.
    #[error("Genesis block can't be aborted")]
    GenesisAbort,
    /// The state before that block is gone.
    #[error("The state before block {oldest} has been pruned")]
    Pruned {
        /// The oldest block whose state is there.
        oldest: u64,
    },
    /// The pre-confirmed block has no hash yet.
    #[error("Pre-confirmed block cannot be accepted on L1")]
    PreConfirmedOnL1,
    /// It was so before.
    #[error("Block already accepted on L1")]
    AlreadyOnL1,
    /// The mint transaction reverted.
    #[error("Minting reverted")]
    MintReverted {
        /// The transaction.
        hash: TransactionHash,
        /// Why.
        reason: String,
    },
    /// The mint transaction was refused, or is in no block.
    #[error("Minting failed")]
    MintFailed {
        /// The transaction, if there was one.
        hash: Option<TransactionHash>,
        /// Why.
        reason: String,
    },
    /// A time that no block can have.
    #[error("The time is out of range")]
    TimeOutOfRange,
    /// A price so high that no fee can be computed with it.
    #[error("The gas price is above {highest}")]
    GasPriceOutOfRange {
        /// The highest possible.
        highest: u128,
    },
    /// A dump could not be written.
    #[error("The dump operation failed: {reason}")]
    Dump {
        /// Why.
        reason: String,
    },
    /// A dump could not be loaded; nothing has changed.
    #[error("The load operation failed: {reason}")]
    Load {
        /// Why.
        reason: String,
    },
    /// There is no such contract.
    #[error("Contract not found")]
    ContractNotFound(ContractAddress),
    /// The contract does not handle that message.
    #[error("Requested entrypoint does not exist in the contract")]
    EntryPointNotFound,
    /// The very message has been delivered.
    #[error("A transaction with the same hash already exists")]
    Duplicate,
    /// A message from L1 is refused, for another reason.
    #[error("Messaging error: {reason}")]
    MessageRefused {
        /// Why.
        reason: String,
    },
    /// Messages are flushed before an L1 was connected.
    #[error("Messaging error: no L1 is connected, call devnet_postmanLoad first")]
    L1NotLoaded,
    /// There is only one L1: the mock within the node.
    #[error("Messaging error: {url} is no L1 of this devnet, which has only its own: `{own}`")]
    UnknownL1 {
        /// The one asked for.
        url: String,
        /// The one there is.
        own: &'static str,
    },
    /// No contract sent that message, or it has been consumed.
    #[error("Messaging error: the message to L1 with hash {hash} was never sent, or is consumed already")]
    MessageNotPresent {
        /// The message's hash.
        hash: L1Hash,
    },
    /// The node is stopping.
    #[error("The node is stopping")]
    Stopping,
    /// Something that should not happen.
    #[error("Internal error")]
    Internal {
        /// What.
        reason: String,
    },
}

impl DevnetError {
    /// The code on the wire. -1 is starknet-devnet's for everything it gives no number, -5 its code of dumps.
    pub fn code(&self) -> i32 {
        match self {
            Self::ContractNotFound(_) => 20,
            Self::EntryPointNotFound => 21,
            Self::Duplicate => 59,
            Self::NoBlock
            | Self::GenesisAbort
            | Self::Pruned { .. }
            | Self::PreConfirmedOnL1
            | Self::AlreadyOnL1
            | Self::MintReverted { .. }
            | Self::MintFailed { .. }
            | Self::MessageRefused { .. }
            | Self::L1NotLoaded
            | Self::UnknownL1 { .. }
            | Self::MessageNotPresent { .. }
            | Self::Stopping => -1,
            Self::Dump { .. } | Self::Load { .. } => -5,
            Self::TimeOutOfRange | Self::GasPriceOutOfRange { .. } => -32602,
            Self::Internal { .. } => -32603,
        }
    }

    /// The data on the wire.
    pub fn data(&self) -> Option<Value> {
        match self {
            Self::MintReverted { hash, reason } => Some(json!({ "tx_hash": hash, "revert_reason": reason })),
            Self::MintFailed { hash, reason } => Some(json!({ "tx_hash": hash, "reason": reason })),
            Self::Internal { reason } => Some(reason.as_str().into()),
            Self::NoBlock
            | Self::GenesisAbort
            | Self::Pruned { .. }
            | Self::PreConfirmedOnL1
            | Self::AlreadyOnL1
            | Self::TimeOutOfRange
            | Self::Dump { .. }
            | Self::Load { .. }
            | Self::ContractNotFound(_)
            | Self::EntryPointNotFound
            | Self::Duplicate
            | Self::GasPriceOutOfRange { .. }
            | Self::MessageRefused { .. }
            | Self::L1NotLoaded
            | Self::UnknownL1 { .. }
            | Self::MessageNotPresent { .. }
            | Self::Stopping => None,
        }
    }
}
