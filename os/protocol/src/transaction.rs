//! A transaction of this chain, as stored in blocks and carried by the mempool.

use serde::{Deserialize, Serialize};
use starknet_api::StarknetApiError;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::transaction::fields::Fee;
use starknet_api::transaction::{
    DeclareTransactionV3, DeployAccountTransactionV3, InvokeTransactionV3, L1HandlerTransaction,
    TransactionHash, TransactionHasher, TransactionVersion,
};
use starknet_types_core::felt::Felt;

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
    /// A message from L1, which its recipient handles.
    L1Handler(L1Message),
}

/// A message from L1 on its way to the contract that handles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct L1Message {
    /// The L1_HANDLER that delivers it. Its first calldata felt is the sender on L1.
    pub tx: L1HandlerTransaction,
    /// What was paid for it on L1, in wei.
    pub paid_fee: Fee,
    /// The L1 transaction that sent it, if it is known.
    pub l1_transaction: Option<L1TransactionHash>,
}

/// Hash of a transaction on L1: 256 bits, more than a felt holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct L1TransactionHash(pub [u8; 32]);

impl From<Felt> for L1TransactionHash {
    fn from(hash: Felt) -> Self {
        Self(hash.to_bytes_be())
    }
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
            Self::L1Handler(message) => message.hash(chain_id),
        }
    }

    /// The account that signs and pays; the recipient of a message from L1.
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
            Self::L1Handler(message) => Ok(message.tx.contract_address),
        }
    }

    /// The sender's nonce that this transaction consumes; of a message from L1, its number on L1.
    #[must_use]
    pub fn nonce(&self) -> Nonce {
        match self {
            Self::Invoke(invoke) | Self::Thread { envelope: invoke, .. } => invoke.nonce,
            Self::Declare(declare) => declare.nonce,
            Self::DeployAccount(deploy) => deploy.nonce,
            Self::L1Handler(message) => message.tx.nonce,
        }
    }
}

impl L1Message {
    /// The hash of its L1_HANDLER transaction on `chain_id`.
    ///
    /// # Errors
    /// If the chain id is not a short string.
    pub fn hash(&self, chain_id: &ChainId) -> Result<TransactionHash, StarknetApiError> {
        self.tx.calculate_transaction_hash(chain_id, &L1HandlerTransaction::VERSION)
    }
}
