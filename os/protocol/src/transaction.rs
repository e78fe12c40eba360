//! A transaction of this chain, as stored in blocks and carried by the mempool.

use serde::{Deserialize, Serialize};
use starknet_api::StarknetApiError;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::transaction::{
    DeclareTransactionV3, DeployAccountTransactionV3, InvokeTransactionV3, TransactionHash,
    TransactionHasher, TransactionVersion,
};

use crate::envelope::ThreadFacts;

/// The body of a transaction, by kind. A thread transaction is a kind of its own, although its envelope has the
/// shape of an INVOKE v3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transaction {
    /// An ordinary INVOKE v3 (no `proof_facts`).
    Invoke(InvokeTransactionV3),
    /// A DECLARE v3; the class itself is stored beside it.
    Declare(DeclareTransactionV3),
    /// A DEPLOY_ACCOUNT v3.
    DeployAccount(DeployAccountTransactionV3),
    /// The envelope of a thread transaction; its package is stored beside it.
    Thread {
        /// The signed INVOKE v3, `proof_facts` included.
        envelope: InvokeTransactionV3,
        /// What `envelope.proof_facts` says.
        facts: ThreadFacts,
    },
}

impl Transaction {
    /// The transaction's hash on `chain_id`, by Starknet's rule for its kind.
    ///
    /// # Errors
    /// If a field cannot be hashed (a chain id that is not a short string, bounds that do not fit).
    pub fn hash(&self, chain_id: &ChainId) -> Result<TransactionHash, StarknetApiError> {
        let version = &TransactionVersion::THREE;
        match self {
            Self::Invoke(invoke) | Self::Thread { envelope: invoke, .. } => {
                invoke.calculate_transaction_hash(chain_id, version)
            }
            Self::Declare(declare) => declare.calculate_transaction_hash(chain_id, version),
            Self::DeployAccount(deploy) => deploy.calculate_transaction_hash(chain_id, version),
        }
    }

    /// The account that signs and pays.
    ///
    /// # Errors
    /// If a DEPLOY_ACCOUNT's address cannot be computed.
    pub fn sender(&self) -> Result<ContractAddress, StarknetApiError> {
        match self {
            Self::Invoke(invoke) | Self::Thread { envelope: invoke, .. } => Ok(invoke.sender_address),
            Self::Declare(declare) => Ok(declare.sender_address),
            Self::DeployAccount(deploy) => {
                use starknet_api::transaction::CalculateContractAddress;
                deploy.calculate_contract_address()
            }
        }
    }

    /// The sender's nonce that this transaction consumes.
    #[must_use]
    pub fn nonce(&self) -> Nonce {
        match self {
            Self::Invoke(invoke) | Self::Thread { envelope: invoke, .. } => invoke.nonce,
            Self::Declare(declare) => declare.nonce,
            Self::DeployAccount(deploy) => deploy.nonce,
        }
    }
}
