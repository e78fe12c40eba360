//! The write side: what the RPC asks of the mempool. The node implements it.

use jsonrpsee::core::async_trait;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::PendingTransaction;

/// Takes admitted transactions and knows those that no block holds yet.
#[async_trait]
pub trait TransactionSink: Send + Sync + 'static {
    /// Puts an admitted transaction into the pool.
    async fn submit(&self, transaction: PendingTransaction) -> Result<TransactionHash, SubmitError>;

    /// What the pool knows of a transaction that no block holds; `None` if it never saw it (or forgot it).
    fn status(&self, hash: TransactionHash) -> Option<PoolStatus>;

    /// The transaction itself, while it waits.
    fn pending(&self, hash: TransactionHash) -> Option<PendingTransaction>;

    /// The nonce after the account's executable pool transactions; `None` if none of its transactions wait.
    fn pending_nonce(&self, account: ContractAddress) -> Option<Nonce>;

    /// Why no transaction at all is taken now; `None` while some are.
    fn refuses(&self) -> Option<String>;
}

/// Where a transaction outside any block stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolStatus {
    /// In the pool.
    Received,
    /// Taken for the block under construction.
    Candidate,
    /// Left out of its block for good, unpaid.
    Rejected {
        /// Why.
        reason: String,
    },
}

/// Why the pool refuses a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The very transaction is in the pool or in a block.
    #[error("the transaction is already known")]
    Duplicate,
    /// The nonce is used up, or too far ahead of the account's.
    #[error("nonce {found} of {account} is not acceptable, the account is at {expected}")]
    Nonce {
        /// The sender.
        account: ContractAddress,
        /// The account's next nonce.
        expected: Nonce,
        /// The transaction's.
        found: Nonce,
    },
    /// Another transaction holds this nonce, and this one does not pay enough more.
    #[error(
        "another transaction of {account} with nonce {nonce} is pending, and this one does not offer a tenth more"
    )]
    ReplacementUnderpriced {
        /// The sender.
        account: ContractAddress,
        /// The contested nonce.
        nonce: Nonce,
    },
    /// A thread transaction holds this nonce whose proof is being verified, or was: its sender owes the fee.
    #[error(
        "the thread transaction of {account} with nonce {nonce} is verified already and cannot be replaced"
    )]
    NotReplaceable {
        /// The sender.
        account: ContractAddress,
        /// The contested nonce.
        nonce: Nonce,
    },
    /// The pool holds as much as it may.
    #[error("the pool is full: {holder} may take at most {capacity} {unit}")]
    Full {
        /// Whose limit it is.
        holder: &'static str,
        /// The limit.
        capacity: usize,
        /// What it counts.
        unit: &'static str,
    },
    /// The node is shutting down or its producer has died.
    #[error("the node does not take transactions: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}
