//! Signs envelopes and sends them.

use std::time::Duration;

use starknet_api::core::Nonce;
use starknet_api::transaction::fields::AllResourceBounds;
use starknet_api::transaction::{InvokeTransactionV3, TransactionHash};
use starknet_rust::core::types::{
    BlockTag, ContractExecutionError, ExecutionResult, StarknetError, TransactionReceiptWithBlockInfo,
};
use starknet_rust::providers::ProviderError;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::ThreadFacts;

use crate::account::{Account, Call, SignError};
use crate::fee::{FeePolicy, TooExpensive};
use crate::node::{NodeClient, NodeError, ThreadCheckAnswer};

/// How long to wait for a block with the transaction.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(120);

/// Signs and sends thread transactions of one account.
#[derive(Debug, Clone)]
pub struct Submitter {
    node: NodeClient,
    account: Account,
    fees: FeePolicy,
}

/// By which method an envelope is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Route {
    /// `zkthread_addThreadTransaction`.
    #[default]
    Zkthread,
    /// `starknet_addInvokeTransaction`.
    Starknet,
}

/// What is the sender's choice in an envelope.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// Calls to make on the settled state, if any.
    pub calls: Vec<Call>,
    /// The account's nonce; its next one if absent.
    pub nonce: Option<Nonce>,
    /// Resource bounds; derived from the node's estimate if absent.
    pub bounds: Option<AllResourceBounds>,
    /// The method.
    pub route: Route,
}

/// A settled thread transaction.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Its hash.
    pub hash: TransactionHash,
    /// Its receipt.
    pub receipt: TransactionReceiptWithBlockInfo,
}

/// Why a thread transaction did not settle.
#[derive(Debug, thiserror::Error)]
pub enum SubmitterError {
    /// The envelope cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The node refuses it or does not answer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// It costs too much.
    #[error(transparent)]
    TooExpensive(#[from] TooExpensive),
    /// There is no such account on the chain.
    #[error("there is no account at the submitter's address {address:#x}")]
    NoAccount {
        /// The address.
        address: Felt,
    },
    /// The account does not accept what the key signs.
    #[error("the account {address:#x} refuses what the given key signs: {reason}")]
    WrongKey {
        /// The account.
        address: Felt,
        /// What it says.
        reason: String,
    },
    /// It is in a block, reverted; the fee is paid.
    #[error("thread transaction {:#x} reverted: {reason}", .settlement.hash.0)]
    Reverted {
        /// The typed reason as text.
        reason: String,
        /// The transaction.
        settlement: Box<Settlement>,
    },
}

impl Submitter {
    /// `account` sends to `node`, and pays as much as it must.
    #[must_use]
    pub fn new(node: NodeClient, account: Account) -> Self {
        Self { node, account, fees: FeePolicy::default() }
    }

    /// The same, with its own idea of fees.
    #[must_use]
    pub fn with_fees(mut self, fees: FeePolicy) -> Self {
        self.fees = fees;
        self
    }

    /// Who signs and pays.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What it is ready to pay.
    #[must_use]
    pub fn fees(&self) -> FeePolicy {
        self.fees
    }

    /// Makes sure that the account exists and that the key is its: has the node validate a transaction that does nothing.
    ///
    /// # Errors
    /// [`SubmitterError::NoAccount`], [`SubmitterError::WrongKey`], or if the node does not answer.
    pub async fn verify(&self) -> Result<(), SubmitterError> {
        let address = *self.account.address.0.key();
        let nonce = match self.node.nonce_after(self.account.address, BlockTag::Latest).await {
            Err(NodeError::Starknet(ProviderError::StarknetError(StarknetError::ContractNotFound))) => {
                return Err(SubmitterError::NoAccount { address });
            }
            nonce => nonce?,
        };
        let nothing = self.account.invoke(&[], nonce, AllResourceBounds::default(), None)?;
        match self.node.estimate_fee(&nothing, None).await {
            Ok(_) => Ok(()),
            Err(NodeError::Starknet(ProviderError::StarknetError(StarknetError::NonAccount))) => {
                Err(SubmitterError::NoAccount { address })
            }
            Err(NodeError::Starknet(ProviderError::StarknetError(error))) => match refusal(&error) {
                Some(reason) => Err(SubmitterError::WrongKey { address, reason }),
                None => Err(NodeError::Starknet(ProviderError::StarknetError(error)).into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a package and waits for the receipt of its thread transaction.
    ///
    /// # Errors
    /// [`SubmitterError::Reverted`] if it did not settle.
    pub async fn settle(&self, facts: ThreadFacts, package: &[u8]) -> Result<Settlement, SubmitterError> {
        let hash = self.send(facts, package, Envelope::default()).await?;
        self.wait(hash).await
    }

    /// Asks the node whether a package would settle now, and for what fee.
    ///
    /// # Errors
    /// If the bytes are not a package.
    pub async fn check(
        &self,
        facts: ThreadFacts,
        package: &[u8],
    ) -> Result<ThreadCheckAnswer, SubmitterError> {
        let unpaid = AllResourceBounds::default();
        let envelope = self.account.invoke(&[], Nonce::default(), unpaid, Some(facts))?;
        Ok(self.node.check_thread(&envelope, package).await?)
    }

    /// Signs an envelope for any facts and bytes and sends it; does not wait.
    ///
    /// # Errors
    /// If the node refuses it.
    pub async fn send(
        &self,
        facts: ThreadFacts,
        package: &[u8],
        envelope: Envelope,
    ) -> Result<TransactionHash, SubmitterError> {
        let route = envelope.route;
        let signed = self.envelope(facts, package, envelope).await?;
        Ok(match route {
            Route::Zkthread => self.node.add_thread(&signed, package).await?,
            Route::Starknet => self.node.add_invoke(&signed, Some(package)).await?,
        })
    }

    /// Signs an envelope for any facts and bytes.
    ///
    /// # Errors
    /// If the node does not answer with a nonce or an estimate where one is needed.
    pub async fn envelope(
        &self,
        facts: ThreadFacts,
        package: &[u8],
        envelope: Envelope,
    ) -> Result<InvokeTransactionV3, SubmitterError> {
        let nonce = match envelope.nonce {
            Some(nonce) => nonce,
            None => self.node.nonce_after(self.account.address, BlockTag::Latest).await?,
        };
        let bounds = match envelope.bounds {
            Some(bounds) => bounds,
            None => self.bounds(facts, package, &envelope.calls).await?,
        };
        Ok(self.account.invoke(&envelope.calls, nonce, bounds, Some(facts))?)
    }

    /// Waits for a sent transaction's receipt.
    ///
    /// # Errors
    /// [`SubmitterError::Reverted`] if it did not settle.
    pub async fn wait(&self, hash: TransactionHash) -> Result<Settlement, SubmitterError> {
        let receipt = self.node.receipt(hash, RECEIPT_TIMEOUT).await?;
        let result = receipt.receipt.execution_result().clone();
        let settlement = Settlement { hash, receipt };
        match result {
            ExecutionResult::Succeeded => Ok(settlement),
            ExecutionResult::Reverted { reason } => {
                Err(SubmitterError::Reverted { reason, settlement: Box::new(settlement) })
            }
        }
    }

    /// What the fee policy makes of the node's estimate. `zkthread_checkThread` does not look at the envelope's calls: an envelope
    /// that makes calls is estimated by execution.
    async fn bounds(
        &self,
        facts: ThreadFacts,
        package: &[u8],
        calls: &[Call],
    ) -> Result<AllResourceBounds, SubmitterError> {
        let estimate = if calls.is_empty() {
            self.check(facts, package).await?.fee_estimate
        } else {
            // Whatever nonce it is sent with: an estimate takes no other than the next one.
            let nonce = self.node.nonce_after(self.account.address, BlockTag::Latest).await?;
            let envelope = self.account.invoke(calls, nonce, AllResourceBounds::default(), Some(facts))?;
            self.node.estimate_fee(&envelope, Some(package)).await?
        };
        Ok(self.fees.bounds(&estimate)?)
    }
}

/// What an account said that does not validate; `None` if the error is another one.
fn refusal(error: &StarknetError) -> Option<String> {
    let mut said = match error {
        StarknetError::TransactionExecutionError(data) => &data.execution_error,
        StarknetError::ContractError(data) => &data.revert_error,
        StarknetError::ValidationFailure(reason) => return Some(reason.clone()),
        _ => return None,
    };
    while let ContractExecutionError::Nested(call) = said {
        said = &call.error;
    }
    match said {
        ContractExecutionError::Message(message) => Some(message.trim().to_owned()),
        ContractExecutionError::Nested(_) => None,
    }
}
