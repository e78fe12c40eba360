//! Signs transactions for OpenZeppelin accounts, by starknet_api's hash rule and nothing of the node's.

use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine;
use serde_json::{Value, json};
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
use starknet_rust::core::utils::get_selector_from_name;
use starknet_rust::signers::SigningKey;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{InnerTransaction, OsProgramHash, PackageDigest, ThreadFacts};

use crate::hex;

/// The chain that test nodes run.
pub const CHAIN_ID: ChainId = ChainId::Sepolia;

/// An account and its key.
#[derive(Debug, Clone)]
pub struct Wallet {
    /// The account.
    pub address: Felt,
    /// Its private key.
    pub private_key: Felt,
    key: SigningKey,
}

/// A contract call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The contract.
    pub to: Felt,
    /// Its function's selector.
    pub selector: Felt,
    /// Arguments.
    pub calldata: Vec<Felt>,
}

impl Call {
    /// A call of a named function.
    ///
    /// # Errors
    /// If the name is not ASCII.
    pub fn new(to: Felt, function: &str, calldata: Vec<Felt>) -> Result<Self> {
        Ok(Self { to, selector: get_selector_from_name(function)?, calldata })
    }
}

impl Wallet {
    /// The wallet of an account.
    ///
    /// # Errors
    /// If the key is not one.
    pub fn new(address: Felt, private_key: Felt) -> Result<Self> {
        Ok(Self { address, private_key, key: SigningKey::from_secret_scalar(private_key) })
    }

    /// The account's address, typed.
    ///
    /// # Panics
    /// If it is none, which a wallet's maker prevents.
    #[must_use]
    pub fn contract_address(&self) -> ContractAddress {
        ContractAddress::try_from(self.address).expect("an address")
    }

    /// A signed INVOKE v3.
    ///
    /// # Errors
    /// If it cannot be hashed.
    pub fn invoke(&self, nonce: u64, calls: &[Call]) -> Result<InvokeTransactionV3> {
        self.sign(self.unsigned(nonce, calls, ProofFacts::default()), &CHAIN_ID)
    }

    /// The same as an inner transaction.
    ///
    /// # Errors
    /// As [`Wallet::invoke`].
    pub fn inner(&self, nonce: u64, calls: &[Call]) -> Result<InnerTransaction> {
        Ok(InnerTransaction::try_from(self.invoke(nonce, calls)?)?)
    }

    /// The signed envelope of a thread transaction.
    ///
    /// # Errors
    /// As [`Wallet::invoke`].
    pub fn envelope(
        &self,
        nonce: u64,
        calls: &[Call],
        os_program_hash: OsProgramHash,
        package: &[u8],
    ) -> Result<InvokeTransactionV3> {
        let facts = ThreadFacts { os_program_hash, package_digest: PackageDigest::of(package) };
        self.sign(self.unsigned(nonce, calls, facts.to_proof_facts()), &CHAIN_ID)
    }

    /// A thread transaction as it goes over the wire.
    ///
    /// # Errors
    /// As [`Wallet::invoke`].
    pub fn thread(&self, nonce: u64, os_program_hash: OsProgramHash, package: &[u8]) -> Result<Value> {
        Ok(wire(&self.envelope(nonce, &[], os_program_hash, package)?, Some(package)))
    }

    /// Puts the account's signature on a transaction.
    ///
    /// # Errors
    /// If it cannot be hashed.
    pub fn sign(&self, mut invoke: InvokeTransactionV3, chain_id: &ChainId) -> Result<InvokeTransactionV3> {
        let hash = invoke.calculate_transaction_hash(chain_id, &TransactionVersion::THREE)?;
        let signature = self.key.sign(&hash.0).context("signing")?;
        invoke.signature = TransactionSignature(Arc::new(vec![signature.r, signature.s]));
        Ok(invoke)
    }

    fn unsigned(&self, nonce: u64, calls: &[Call], proof_facts: ProofFacts) -> InvokeTransactionV3 {
        let bounds = |max_amount| ResourceBounds {
            max_amount: GasAmount(max_amount),
            max_price_per_unit: GasPrice(2_000_000_000),
        };
        InvokeTransactionV3 {
            resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
                l1_gas: bounds(100_000),
                l2_gas: bounds(1_000_000_000),
                l1_data_gas: bounds(1_000_000),
            }),
            tip: Tip(0),
            signature: TransactionSignature::default(),
            nonce: Nonce(nonce.into()),
            sender_address: self.contract_address(),
            calldata: Calldata(Arc::new(multicall(calls))),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts,
        }
    }
}

/// The hash of an INVOKE v3 on the test chain.
///
/// # Errors
/// If it cannot be hashed.
pub fn hash_of(invoke: &InvokeTransactionV3) -> Result<TransactionHash> {
    Ok(invoke.calculate_transaction_hash(&CHAIN_ID, &TransactionVersion::THREE)?)
}

/// What an account's `__execute__` takes: a list of calls.
fn multicall(calls: &[Call]) -> Vec<Felt> {
    let mut calldata = vec![Felt::from(calls.len())];
    for call in calls {
        calldata.extend([call.to, call.selector, Felt::from(call.calldata.len())]);
        calldata.extend(&call.calldata);
    }
    calldata
}

/// An INVOKE v3 as `starknet_addInvokeTransaction` takes it, with a thread's package.
#[must_use]
pub fn wire(invoke: &InvokeTransactionV3, package: Option<&[u8]>) -> Value {
    let felts = |felts: &[Felt]| felts.iter().copied().map(hex).collect::<Vec<_>>();
    let ValidResourceBounds::AllResources(bounds) = invoke.resource_bounds else {
        unreachable!("wallets sign with all bounds")
    };
    let bound = |bound: ResourceBounds| {
        json!({
            "max_amount": hex(bound.max_amount.0),
            "max_price_per_unit": hex(bound.max_price_per_unit.0),
        })
    };
    let mut json = json!({
        "type": "INVOKE",
        "version": "0x3",
        "sender_address": hex(*invoke.sender_address.0.key()),
        "calldata": felts(&invoke.calldata.0),
        "signature": felts(&invoke.signature.0),
        "nonce": hex(invoke.nonce.0),
        "resource_bounds": {
            "l1_gas": bound(bounds.l1_gas),
            "l1_data_gas": bound(bounds.l1_data_gas),
            "l2_gas": bound(bounds.l2_gas),
        },
        "tip": hex(invoke.tip.0),
        "paymaster_data": [],
        "account_deployment_data": [],
        "nonce_data_availability_mode": "L1",
        "fee_data_availability_mode": "L1",
    });
    if let Some(package) = package {
        json["proof_facts"] = json!(felts(&invoke.proof_facts.0));
        json["proof"] = json!(base64::engine::general_purpose::STANDARD.encode(package));
    }
    json
}
