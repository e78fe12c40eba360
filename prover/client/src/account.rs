//! Signing INVOKE v3: users their inner transactions, submitters their envelopes.

use starknet_api::StarknetApiError;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::GasPrice;
use starknet_api::core::{ChainId, ContractAddress, EntryPointSelector, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{
    InvokeTransactionV3, TransactionHash, TransactionHasher, TransactionVersion,
};
use starknet_rust::core::crypto::EcdsaSignError;
use starknet_rust::signers::SigningKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::package::InnerTransactionError;
use zkthreads_protocol::{InnerTransaction, ThreadFacts};

/// One call of an account's multicall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The contract.
    pub to: ContractAddress,
    /// The entry point.
    pub selector: EntryPointSelector,
    /// Its arguments.
    pub calldata: Vec<Felt>,
}

impl Call {
    /// A call of `entry_point` by its name.
    #[must_use]
    pub fn new(to: ContractAddress, entry_point: &str, calldata: Vec<Felt>) -> Self {
        Self { to, selector: selector_from_name(entry_point), calldata }
    }

    /// ERC-20 `transfer`.
    #[must_use]
    pub fn transfer(token: ContractAddress, to: ContractAddress, amount: u128) -> Self {
        Self::new(token, "transfer", vec![*to.0.key(), amount.into(), Felt::ZERO])
    }
}

/// An account with its key: signs as OpenZeppelin's accounts check (STARK curve, `[r, s]`).
#[derive(Debug, Clone)]
pub struct Account {
    /// Its address.
    pub address: ContractAddress,
    /// The chain it signs for.
    pub chain_id: ChainId,
    key: SigningKey,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The transaction cannot be hashed.
    #[error("cannot hash: {0}")]
    Hash(#[from] StarknetApiError),
    /// The key refuses the hash.
    #[error("cannot sign: {0}")]
    Ecdsa(#[from] EcdsaSignError),
    /// The transaction cannot be an inner transaction.
    #[error(transparent)]
    Inner(#[from] InnerTransactionError),
}

impl Account {
    /// The account at `address`, which `private_key` controls.
    #[must_use]
    pub fn new(address: ContractAddress, private_key: Felt, chain_id: ChainId) -> Self {
        Self { address, chain_id, key: SigningKey::from_secret_scalar(private_key) }
    }

    /// Bounds with which a transfer is also valid on the chain itself at the devnet's prices: the L2 gas of a dozen
    /// transfers, at twice the base price.
    #[must_use]
    pub fn inner_bounds() -> AllResourceBounds {
        let bounds = |amount, price| ResourceBounds {
            max_amount: GasAmount(amount),
            max_price_per_unit: GasPrice(price),
        };
        AllResourceBounds {
            l1_gas: bounds(10_000, 2_000_000_000),
            l2_gas: bounds(20_000_000, 2_000_000_000),
            l1_data_gas: bounds(10_000, 2_000_000_000),
        }
    }

    /// A signed inner transaction that makes `calls`. Equally valid if sent to the chain itself.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn inner(
        &self,
        calls: &[Call],
        nonce: Nonce,
        bounds: AllResourceBounds,
    ) -> Result<InnerTransaction, SignError> {
        let signed = self.invoke(calls, nonce, bounds, None)?;
        Ok(InnerTransaction::try_from(signed)?)
    }

    /// A signed INVOKE v3 that makes `calls`: an ordinary one, or with `facts` an envelope.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn invoke(
        &self,
        calls: &[Call],
        nonce: Nonce,
        bounds: AllResourceBounds,
        facts: Option<ThreadFacts>,
    ) -> Result<InvokeTransactionV3, SignError> {
        let mut invoke = InvokeTransactionV3 {
            resource_bounds: ValidResourceBounds::AllResources(bounds),
            tip: Tip::ZERO,
            signature: TransactionSignature::default(),
            nonce,
            sender_address: self.address,
            calldata: multicall(calls),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts: facts.map(ThreadFacts::to_proof_facts).unwrap_or_default(),
        };
        self.sign(&mut invoke)?;
        Ok(invoke)
    }

    /// Signs `invoke` as it stands and returns its hash.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn sign(&self, invoke: &mut InvokeTransactionV3) -> Result<TransactionHash, SignError> {
        let hash = self.hash(invoke)?;
        let signature = self.key.sign(&hash.0)?;
        invoke.signature = TransactionSignature(vec![signature.r, signature.s].into());
        Ok(hash)
    }

    /// The hash of `invoke` on the account's chain.
    ///
    /// # Errors
    /// [`SignError::Hash`].
    pub fn hash(&self, invoke: &InvokeTransactionV3) -> Result<TransactionHash, SignError> {
        Ok(invoke.calculate_transaction_hash(&self.chain_id, &TransactionVersion::THREE)?)
    }
}

/// The calldata of an account's `__execute__`.
fn multicall(calls: &[Call]) -> Calldata {
    let mut calldata = vec![Felt::from(calls.len())];
    for call in calls {
        calldata.extend([*call.to.0.key(), call.selector.0, call.calldata.len().into()]);
        calldata.extend(&call.calldata);
    }
    Calldata(calldata.into())
}
