//! Transactions as methods answer them.

use serde::Serialize;
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::fields::{AllResourceBounds, ResourceBounds, ValidResourceBounds};
use starknet_api::transaction::{
    DeclareTransactionV3, DeployAccountTransactionV3, InvokeTransactionV3, L1HandlerTransaction,
    TransactionHash,
};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::Transaction;

use zkthreads_rpc_api::number::{U64Hex, U128Hex};

/// A transaction; a thread appears as the INVOKE v3 that its envelope is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum TransactionOut {
    Account(Box<AccountOut>),
    L1Handler(L1HandlerOut),
}

/// A message from L1.
#[derive(Debug, Serialize)]
pub(crate) struct L1HandlerOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_hash: Option<Felt>,
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'static str,
    nonce: Felt,
    contract_address: Felt,
    entry_point_selector: Felt,
    calldata: Vec<Felt>,
}

/// A transaction that an account signed.
#[derive(Debug, Serialize)]
pub(crate) struct AccountOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_hash: Option<Felt>,
    version: &'static str,
    signature: Vec<Felt>,
    nonce: Felt,
    resource_bounds: BoundsOut,
    tip: U64Hex,
    paymaster_data: Vec<Felt>,
    nonce_data_availability_mode: &'static str,
    fee_data_availability_mode: &'static str,
    #[serde(flatten)]
    body: BodyOut,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type")]
enum BodyOut {
    #[serde(rename = "INVOKE")]
    Invoke {
        sender_address: Felt,
        calldata: Vec<Felt>,
        account_deployment_data: Vec<Felt>,
        #[serde(skip_serializing_if = "Option::is_none")]
        proof_facts: Option<Vec<Felt>>,
    },
    #[serde(rename = "DECLARE")]
    Declare {
        sender_address: Felt,
        class_hash: Felt,
        compiled_class_hash: Felt,
        account_deployment_data: Vec<Felt>,
    },
    #[serde(rename = "DEPLOY_ACCOUNT")]
    DeployAccount { contract_address_salt: Felt, constructor_calldata: Vec<Felt>, class_hash: Felt },
}

#[derive(Debug, Serialize)]
struct BoundsOut {
    l1_gas: BoundOut,
    l1_data_gas: BoundOut,
    l2_gas: BoundOut,
}

#[derive(Debug, Serialize)]
struct BoundOut {
    max_amount: U64Hex,
    max_price_per_unit: U128Hex,
}

impl TransactionOut {
    /// `hash` is left out where the spec's `TXN` stands instead of `TXN_WITH_HASH`. A thread shows its
    /// `proof_facts` always, an ordinary invoke its empty ones if asked.
    pub(crate) fn new(body: &Transaction, hash: Option<TransactionHash>, proof_facts: bool) -> Self {
        Self::Account(Box::new(match body {
            Transaction::Invoke(invoke) => AccountOut::invoke(invoke, hash, proof_facts),
            Transaction::Thread { envelope, .. } => AccountOut::invoke(envelope, hash, true),
            Transaction::Declare(declare) => AccountOut::declare(declare, hash),
            Transaction::DeployAccount(deploy) => AccountOut::deploy_account(deploy, hash),
            Transaction::L1Handler(message) => return Self::l1_handler(&message.tx, hash),
        }))
    }

    pub(crate) fn invoke(tx: &InvokeTransactionV3, hash: Option<TransactionHash>, proof_facts: bool) -> Self {
        Self::Account(Box::new(AccountOut::invoke(tx, hash, proof_facts)))
    }

    fn l1_handler(tx: &L1HandlerTransaction, hash: Option<TransactionHash>) -> Self {
        Self::L1Handler(L1HandlerOut {
            transaction_hash: hash.map(|hash| hash.0),
            kind: "L1_HANDLER",
            version: "0x0",
            nonce: tx.nonce.0,
            contract_address: *tx.contract_address.0.key(),
            entry_point_selector: tx.entry_point_selector.0,
            calldata: tx.calldata.0.to_vec(),
        })
    }
}

impl AccountOut {
    fn invoke(tx: &InvokeTransactionV3, hash: Option<TransactionHash>, proof_facts: bool) -> Self {
        Self {
            transaction_hash: hash.map(|hash| hash.0),
            version: "0x3",
            signature: tx.signature.0.to_vec(),
            nonce: tx.nonce.0,
            resource_bounds: tx.resource_bounds.into(),
            tip: U64Hex(tx.tip.0),
            paymaster_data: tx.paymaster_data.0.clone(),
            nonce_data_availability_mode: mode(tx.nonce_data_availability_mode),
            fee_data_availability_mode: mode(tx.fee_data_availability_mode),
            body: BodyOut::Invoke {
                sender_address: *tx.sender_address.0.key(),
                calldata: tx.calldata.0.to_vec(),
                account_deployment_data: tx.account_deployment_data.0.clone(),
                proof_facts: proof_facts.then(|| tx.proof_facts.0.to_vec()),
            },
        }
    }

    fn declare(tx: &DeclareTransactionV3, hash: Option<TransactionHash>) -> Self {
        Self {
            transaction_hash: hash.map(|hash| hash.0),
            version: "0x3",
            signature: tx.signature.0.to_vec(),
            nonce: tx.nonce.0,
            resource_bounds: tx.resource_bounds.into(),
            tip: U64Hex(tx.tip.0),
            paymaster_data: tx.paymaster_data.0.clone(),
            nonce_data_availability_mode: mode(tx.nonce_data_availability_mode),
            fee_data_availability_mode: mode(tx.fee_data_availability_mode),
            body: BodyOut::Declare {
                sender_address: *tx.sender_address.0.key(),
                class_hash: tx.class_hash.0,
                compiled_class_hash: tx.compiled_class_hash.0,
                account_deployment_data: tx.account_deployment_data.0.clone(),
            },
        }
    }

    fn deploy_account(tx: &DeployAccountTransactionV3, hash: Option<TransactionHash>) -> Self {
        Self {
            transaction_hash: hash.map(|hash| hash.0),
            version: "0x3",
            signature: tx.signature.0.to_vec(),
            nonce: tx.nonce.0,
            resource_bounds: tx.resource_bounds.into(),
            tip: U64Hex(tx.tip.0),
            paymaster_data: tx.paymaster_data.0.clone(),
            nonce_data_availability_mode: mode(tx.nonce_data_availability_mode),
            fee_data_availability_mode: mode(tx.fee_data_availability_mode),
            body: BodyOut::DeployAccount {
                contract_address_salt: tx.contract_address_salt.0,
                constructor_calldata: tx.constructor_calldata.0.to_vec(),
                class_hash: tx.class_hash.0,
            },
        }
    }
}

fn mode(mode: DataAvailabilityMode) -> &'static str {
    match mode {
        DataAvailabilityMode::L1 => "L1",
        DataAvailabilityMode::L2 => "L2",
    }
}

impl From<ValidResourceBounds> for BoundsOut {
    fn from(bounds: ValidResourceBounds) -> Self {
        let AllResourceBounds { l1_gas, l2_gas, l1_data_gas } = match bounds {
            ValidResourceBounds::AllResources(bounds) => bounds,
            ValidResourceBounds::L1Gas(l1_gas) => AllResourceBounds { l1_gas, ..Default::default() },
        };
        Self { l1_gas: l1_gas.into(), l1_data_gas: l1_data_gas.into(), l2_gas: l2_gas.into() }
    }
}

impl From<ResourceBounds> for BoundOut {
    fn from(bounds: ResourceBounds) -> Self {
        Self {
            max_amount: U64Hex(bounds.max_amount.0),
            max_price_per_unit: U128Hex(bounds.max_price_per_unit.0),
        }
    }
}
