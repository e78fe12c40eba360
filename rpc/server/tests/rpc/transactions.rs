//! Transactions as clients make them.

use serde_json::{Value, json};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::GasPrice;
use starknet_api::core::{ChainId, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ProofFacts, ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{
    InvokeTransactionV3, TransactionHash, TransactionHasher, TransactionVersion,
};
use starknet_types_core::felt::Felt;

use crate::chain::{KEY, STRK};

/// An account's calldata for one ERC-20 transfer.
pub(crate) fn transfer(to: Felt, amount: u128) -> Vec<Felt> {
    let selector = selector_from_name("transfer").0;
    vec![Felt::ONE, STRK, selector, Felt::THREE, to, amount.into(), Felt::ZERO]
}

/// A signed invoke.
pub(crate) fn invoke(sender: Felt, nonce: u64, calldata: Vec<Felt>) -> InvokeTransactionV3 {
    sign(unsigned(sender, nonce, calldata))
}

/// An invoke without a signature.
pub(crate) fn unsigned(sender: Felt, nonce: u64, calldata: Vec<Felt>) -> InvokeTransactionV3 {
    let bound = |max_amount| ResourceBounds {
        max_amount: GasAmount(max_amount),
        max_price_per_unit: GasPrice(1_000_000_000),
    };
    InvokeTransactionV3 {
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
            l1_gas: bound(100_000),
            l2_gas: bound(2_000_000_000),
            l1_data_gas: bound(100_000),
        }),
        tip: Tip(0),
        signature: TransactionSignature::default(),
        nonce: Nonce(nonce.into()),
        sender_address: sender.try_into().unwrap(),
        calldata: Calldata(calldata.into()),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
        proof_facts: ProofFacts::default(),
    }
}

/// The transaction's hash on this chain.
pub(crate) fn hash(invoke: &InvokeTransactionV3) -> TransactionHash {
    invoke.calculate_transaction_hash(&ChainId::Sepolia, &TransactionVersion::THREE).unwrap()
}

/// Signs with the accounts' key.
pub(crate) fn sign(mut invoke: InvokeTransactionV3) -> InvokeTransactionV3 {
    invoke.signature = TransactionSignature(signature(hash(&invoke).0).into());
    invoke
}

/// The accounts' signature of a hash.
pub(crate) fn signature(hash: Felt) -> Vec<Felt> {
    let k = starknet_crypto::rfc6979_generate_k(&hash, &KEY, None);
    let signature = starknet_crypto::sign(&KEY, &hash, &k).unwrap();
    vec![signature.r, signature.s]
}

/// As it stands in a request.
pub(crate) fn to_json(invoke: &InvokeTransactionV3) -> Value {
    let mut value = json!({
        "type": "INVOKE",
        "version": "0x3",
        "sender_address": invoke.sender_address,
        "calldata": *invoke.calldata.0,
        "signature": *invoke.signature.0,
        "nonce": invoke.nonce,
        "resource_bounds": bounds(&invoke.resource_bounds),
        "tip": format!("{:#x}", invoke.tip.0),
        "paymaster_data": [],
        "account_deployment_data": [],
        "nonce_data_availability_mode": "L1",
        "fee_data_availability_mode": "L1",
    });
    if !invoke.proof_facts.0.is_empty() {
        value["proof_facts"] = json!(*invoke.proof_facts.0);
    }
    value
}

/// Resource bounds as they stand in a request.
pub(crate) fn bounds(bounds: &ValidResourceBounds) -> Value {
    let ValidResourceBounds::AllResources(all) = bounds else { panic!("all bounds are set") };
    let bound = |bounds: &ResourceBounds| {
        json!({
            "max_amount": format!("{:#x}", bounds.max_amount.0),
            "max_price_per_unit": format!("{:#x}", bounds.max_price_per_unit.0),
        })
    };
    json!({ "l1_gas": bound(&all.l1_gas), "l2_gas": bound(&all.l2_gas), "l1_data_gas": bound(&all.l1_data_gas) })
}
