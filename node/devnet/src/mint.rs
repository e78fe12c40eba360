//! Minting: transactions of the account that may.

use std::sync::Arc;

use num_bigint::BigUint;
use parking_lot::Mutex;
use starknet_api::StarknetApiError;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::GasPrice;
use starknet_api::core::{ChainId, ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ProofFacts, ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{
    InvokeTransactionV3, TransactionHash, TransactionHasher, TransactionVersion,
};
use starknet_rust::signers::SigningKey;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{AdmitError, Submission};
use zkthreads_genesis::accounts::PredeployedAccount;
use zkthreads_rpc_api::SubmitError;
use zkthreads_rpc_api::devnet::{DevnetError, Unit};
use zkthreads_storage::{ExecutionStatus, StorageError};

use crate::delivery::{Delivery, SendError, Sent};

/// Gas of a mint, many times over.
const GAS: GasAmount = GasAmount(100_000_000);

/// Above any price that a devnet's gas can have, and so low that `GAS` at this price can be paid.
const HIGHEST_PRICE: GasPrice = GasPrice(1 << 90);

/// How often a nonce is chosen anew when somebody else has used it: the account's key is no secret.
const TRIES: usize = 10;

/// The minting account's pen.
pub(super) struct Mint {
    account: PredeployedAccount,
    /// One chooses a nonce at a time.
    turn: Mutex<()>,
}

impl Mint {
    pub(super) fn new() -> Result<Self, StarknetApiError> {
        Ok(Self { account: PredeployedAccount::chargeable()?, turn: Mutex::new(()) })
    }

    /// Mints, and waits until that is done.
    pub(super) fn mint(
        &self,
        delivery: &Delivery,
        receiver: ContractAddress,
        amount: &BigUint,
        unit: Unit,
    ) -> Result<TransactionHash, DevnetError> {
        let calldata = call(delivery, receiver, amount, unit);
        let sent = self
            .send(delivery, &calldata)
            .map_err(|error| DevnetError::MintFailed { hash: None, reason: error.to_string() })?;
        let hash = sent.hash;
        match delivery.wait(sent) {
            Ok(ExecutionStatus::Succeeded) => Ok(hash),
            Ok(ExecutionStatus::Reverted { reason }) => Err(DevnetError::MintReverted { hash, reason }),
            Err(error) => Err(DevnetError::MintFailed { hash: Some(hash), reason: error.to_string() }),
        }
    }

    fn send(&self, delivery: &Delivery, calldata: &Calldata) -> Result<Sent, MintError> {
        let _turn = self.turn.lock();
        let mut tries = 0;
        loop {
            let nonce = self.nonce(delivery)?;
            let transaction = self.sign(calldata.clone(), nonce, &delivery.executor.config().chain_id)?;
            tries += 1;
            match delivery.send(Submission::Invoke(transaction)) {
                Err(
                    SendError::Refused(AdmitError::InvalidNonce { .. })
                    | SendError::Pool(SubmitError::Nonce { .. } | SubmitError::ReplacementUnderpriced { .. }),
                ) if tries < TRIES => {}
                result => return Ok(result?),
            }
        }
    }

    /// After all of the account's transactions that are on their way.
    fn nonce(&self, delivery: &Delivery) -> Result<Nonce, MintError> {
        let account = self.account.address;
        if let Some(nonce) = delivery.outcomes.sink.pending_nonce(account) {
            return Ok(nonce);
        }
        Ok(delivery.executor.state(&delivery.open()?).nonce(account)?)
    }

    fn sign(
        &self,
        calldata: Calldata,
        nonce: Nonce,
        chain_id: &ChainId,
    ) -> Result<InvokeTransactionV3, MintError> {
        let bounds = ResourceBounds { max_amount: GAS, max_price_per_unit: HIGHEST_PRICE };
        let mut transaction = InvokeTransactionV3 {
            resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
                l1_gas: bounds,
                l2_gas: bounds,
                l1_data_gas: bounds,
            }),
            tip: Tip::ZERO,
            signature: TransactionSignature::default(),
            nonce,
            sender_address: self.account.address,
            calldata,
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts: ProofFacts::default(),
        };
        let hash = transaction.calculate_transaction_hash(chain_id, &TransactionVersion::THREE)?;
        let key = SigningKey::from_secret_scalar(self.account.private_key);
        let signature = key.sign(&hash.0).map_err(|error| MintError::Sign(error.to_string()))?;
        transaction.signature = TransactionSignature(Arc::new(vec![signature.r, signature.s]));
        Ok(transaction)
    }
}

/// The account's `__execute__` of one call, of the token's `permissioned_mint`.
fn call(delivery: &Delivery, receiver: ContractAddress, amount: &BigUint, unit: Unit) -> Calldata {
    let config = delivery.executor.config();
    let token = match unit {
        Unit::Wei => config.eth_address,
        Unit::Fri => config.strk_address,
    };
    let low = Felt::from(amount & BigUint::from(u128::MAX));
    let high = Felt::from(amount >> 128_u32);
    Calldata(Arc::new(vec![
        Felt::ONE,
        *token.0.key(),
        selector_from_name("permissioned_mint").0,
        Felt::THREE,
        *receiver.0.key(),
        low,
        high,
    ]))
}

/// Why no transaction was sent.
#[derive(Debug, thiserror::Error)]
enum MintError {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("signing: {0}")]
    Sign(String),
    #[error(transparent)]
    Hash(#[from] StarknetApiError),
    #[error(transparent)]
    Chain(#[from] zkthreads_execution::ExecutionError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}
