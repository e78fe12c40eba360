//! What can go wrong outside a transaction's own doing.

use starknet_api::StarknetApiError;
use starknet_api::block::BlockNumber;
use starknet_api::core::ContractAddress;
use starknet_api::execution_resources::GasAmount;
use starknet_types_core::felt::Felt;
use zkthreads_storage::StorageError;

use crate::call_stack::CallStack;

mod admit;

pub use admit::AdmitError;

/// Block execution itself failed: the node's storage or an invariant, never a transaction's fault.
#[derive(Debug, thiserror::Error)]
pub enum ExecutionError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no genesis block yet.
    #[error("the chain has no genesis block")]
    NoGenesis,
    /// There is a genesis block already.
    #[error("the chain has a genesis block already")]
    HasGenesis,
    /// A block that must exist does not.
    #[error("block {0} is missing")]
    MissingBlock(BlockNumber),
    /// The chain has reached the last block number.
    #[error("no block number is left")]
    BlockNumberOverflow,
    /// Reading or writing the block's state failed.
    #[error("state: {0}")]
    State(#[from] blockifier::state::errors::StateError),
    /// Closing the block failed.
    #[error("block: {0}")]
    Block(String),
    /// Blockifier has no constants for this Starknet version.
    #[error("no constants for Starknet {0}")]
    Constants(starknet_api::block::StarknetVersion),
    /// A value that Starknet's types cannot hold.
    #[error(transparent)]
    Value(#[from] StarknetApiError),
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no such block.
    #[error("block {0} is unknown")]
    UnknownBlock(BlockNumber),
    /// No contract lives at the address.
    #[error("no contract at {0}")]
    ContractNotFound(ContractAddress),
    /// The contract has no such entry point.
    #[error("no entry point {selector:#x} in {contract}")]
    EntryPointNotFound {
        /// The contract called.
        contract: ContractAddress,
        /// The selector.
        selector: Felt,
    },
    /// The contract panicked or the call is invalid.
    #[error("{0}")]
    Reverted(CallStack),
    /// The node failed.
    #[error(transparent)]
    Internal(#[from] ExecutionError),
}

/// Why a simulation stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// There is no such block.
    #[error("block {0} is unknown")]
    UnknownBlock(BlockNumber),
    /// A transaction cannot be executed at all (it would not enter a block).
    #[error("transaction {index}: {error}")]
    Transaction {
        /// Which, counted from zero.
        index: usize,
        /// Why.
        error: Box<AdmitError>,
    },
    /// Those before it have used more gas than all may together. It says nothing about the transaction.
    #[error("before transaction {index} {used} gas was used, more than the {budget} that a request has")]
    TooMuchWork {
        /// Which, counted from zero.
        index: usize,
        /// L2 gas of those before.
        used: GasAmount,
        /// Most of it.
        budget: GasAmount,
    },
    /// The node failed.
    #[error(transparent)]
    Internal(#[from] ExecutionError),
}
