//! What the pool of pending transactions writes down, to survive a restart.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use starknet_api::state::SierraContractClass;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::{Package, Transaction};

/// A pending transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PooledTransaction {
    /// Its hash.
    pub hash: TransactionHash,
    /// Its place in the order of arrival.
    pub arrival: u64,
    /// When it was admitted, in seconds since 1970.
    pub admitted_at: u64,
    /// What was sent.
    pub transaction: Transaction,
    /// The class that comes with a DECLARE.
    pub class: Option<SierraContractClass>,
    /// The package that comes with a thread transaction. Kept in rows of its own.
    #[serde(skip)]
    pub package: Option<Arc<Package>>,
}

/// A transaction that no block will hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedTransaction {
    /// Its place in the order of rejections.
    pub number: u64,
    /// Its hash.
    pub hash: TransactionHash,
    /// Why it was dropped.
    pub reason: String,
}

/// What changes in the journal when the pool drops transactions.
#[derive(Debug, Default)]
pub struct Dropped {
    /// Transactions that are not pending any more.
    pub gone: Vec<TransactionHash>,
    /// Reasons to be remembered.
    pub rejected: Vec<RejectedTransaction>,
    /// Numbers of the rejections whose reason nobody needs any more.
    pub forgotten: Vec<u64>,
}

impl Dropped {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.rejected.is_empty() && self.forgotten.is_empty()
    }
}
