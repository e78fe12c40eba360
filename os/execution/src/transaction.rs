//! Transactions on their way into a block.

use std::sync::Arc;

use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::state::SierraContractClass;
use starknet_api::transaction::fields::{Tip, ValidResourceBounds};
use starknet_api::transaction::{
    DeclareTransactionV3, DeployAccountTransactionV3, InvokeTransactionV3, TransactionHash,
};
use zkthreads_protocol::{L1Message, ThreadTransaction, Transaction};
use zkthreads_storage::ClassRecord;

use crate::validated::Validated;

/// A transaction as it came from outside, nothing checked.
#[derive(Debug, Clone)]
pub enum Submission {
    /// An ordinary INVOKE v3. `proof_facts` must be empty.
    Invoke(InvokeTransactionV3),
    /// A DEPLOY_ACCOUNT v3.
    DeployAccount(DeployAccountTransactionV3),
    /// A DECLARE v3 with its class. The transaction's `class_hash` is computed from the class, whatever it says.
    Declare {
        /// The transaction.
        tx: DeclareTransactionV3,
        /// The class it declares.
        class: SierraContractClass,
    },
    /// A thread transaction: an INVOKE v3 whose `proof_facts` name the package.
    Thread {
        /// The signed INVOKE v3.
        envelope: InvokeTransactionV3,
        /// The package, as it came.
        package: Vec<u8>,
    },
    /// A message from L1. Who hands it in vouches that L1 sent it.
    L1Handler(L1Message),
}

/// A well-formed transaction with its hash; what the mempool holds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PendingTransaction {
    /// Its hash on this chain.
    pub hash: TransactionHash,
    /// What it does.
    pub body: PendingBody,
    /// Signed with the query version: it may be simulated, never executed in a block.
    pub only_query: bool,
    /// Anyone may speak for its sender: it is executed without `__validate__`.
    pub impersonated: bool,
    /// What its validation saw, if it was validated: at the door, or since.
    pub validated: Option<Arc<Validated>>,
    /// A thread none of whose proofs was verified, since its preconditions did not hold when it was its turn. A block that
    /// finds the same reverts it; otherwise [`AdmitError::Unverified`](crate::AdmitError::Unverified).
    pub deferred: bool,
}

/// The body of a [`PendingTransaction`].
#[derive(Debug, Clone)]
pub enum PendingBody {
    /// An ordinary INVOKE v3.
    Invoke(Arc<InvokeTransactionV3>),
    /// A DEPLOY_ACCOUNT v3.
    DeployAccount {
        /// The transaction.
        tx: Arc<DeployAccountTransactionV3>,
        /// The account's address.
        address: ContractAddress,
    },
    /// A DECLARE v3.
    Declare {
        /// The transaction.
        tx: Arc<DeclareTransactionV3>,
        /// The class, compiled. Its `declared_at` is set when a block includes it.
        class: Arc<ClassRecord>,
    },
    /// A thread transaction: envelope and decoded package.
    Thread(Arc<ThreadTransaction>),
    /// A message from L1.
    L1Handler(Arc<L1Message>),
}

impl PendingTransaction {
    /// The account that signs and pays; the recipient of a message from L1.
    #[must_use]
    pub fn sender(&self) -> ContractAddress {
        match &self.body {
            PendingBody::Invoke(tx) => tx.sender_address,
            PendingBody::DeployAccount { address, .. } => *address,
            PendingBody::Declare { tx, .. } => tx.sender_address,
            PendingBody::Thread(thread) => thread.envelope().sender_address,
            PendingBody::L1Handler(message) => message.tx.contract_address,
        }
    }

    /// The sender's nonce that it consumes; a message from L1 consumes none, this is its number there.
    #[must_use]
    pub fn nonce(&self) -> Nonce {
        match &self.body {
            PendingBody::Invoke(tx) => tx.nonce,
            PendingBody::DeployAccount { tx, .. } => tx.nonce,
            PendingBody::Declare { tx, .. } => tx.nonce,
            PendingBody::Thread(thread) => thread.envelope().nonce,
            PendingBody::L1Handler(message) => message.tx.nonce,
        }
    }

    /// The most it may pay, per resource. A message from L1 pays nothing here.
    #[must_use]
    pub fn resource_bounds(&self) -> ValidResourceBounds {
        match &self.body {
            PendingBody::Invoke(tx) => tx.resource_bounds,
            PendingBody::DeployAccount { tx, .. } => tx.resource_bounds,
            PendingBody::Declare { tx, .. } => tx.resource_bounds,
            PendingBody::Thread(thread) => thread.envelope().resource_bounds,
            PendingBody::L1Handler(_) => ValidResourceBounds::default(),
        }
    }

    /// What the sender adds to the price of L2 gas.
    #[must_use]
    pub fn tip(&self) -> Tip {
        match &self.body {
            PendingBody::Invoke(tx) => tx.tip,
            PendingBody::DeployAccount { tx, .. } => tx.tip,
            PendingBody::Declare { tx, .. } => tx.tip,
            PendingBody::Thread(thread) => thread.envelope().tip,
            PendingBody::L1Handler(_) => Tip::ZERO,
        }
    }

    /// As stored in a block.
    #[must_use]
    pub fn to_transaction(&self) -> Transaction {
        match &self.body {
            PendingBody::Invoke(tx) => Transaction::Invoke(tx.as_ref().clone()),
            PendingBody::DeployAccount { tx, .. } => Transaction::DeployAccount(tx.as_ref().clone()),
            PendingBody::Declare { tx, .. } => Transaction::Declare(tx.as_ref().clone()),
            PendingBody::Thread(thread) => {
                Transaction::Thread { envelope: thread.envelope().clone(), facts: thread.facts() }
            }
            PendingBody::L1Handler(message) => Transaction::L1Handler(message.as_ref().clone()),
        }
    }
}
