//! From a client's transaction to a [`Submission`].

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use starknet_api::block::GasPrice;
use starknet_api::core::{ClassHash, CompiledClassHash, Nonce};
use starknet_api::execution_resources::GasAmount;
use starknet_api::rpc_transaction::EntryPointByType;
use starknet_api::state::{EntryPoint, FunctionIndex, SierraContractClass};
use starknet_api::transaction::fields::{
    AccountDeploymentData, AllResourceBounds, Calldata, ContractAddressSalt, PaymasterData, ProofFacts,
    ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{DeclareTransactionV3, DeployAccountTransactionV3, InvokeTransactionV3};
use starknet_types_core::felt::Felt;
use zkthreads_execution::Submission;
use zkthreads_protocol::limits::MAX_PACKAGE_BYTES;
use zkthreads_protocol::{EnvelopeError, ThreadFacts};
use zkthreads_rpc_api::number::{FeltHex, felts};

use crate::error::RpcError;
use crate::thread_error::ThreadError;
use crate::wire::broadcast::{
    self, Broadcast, BroadcastDeclare, BroadcastDeployAccount, BroadcastInvoke, ResourceBoundsMapping,
    SierraClass, Version,
};

/// Version 3 with the bit that marks a transaction as signed for simulation only.
const QUERY_VERSION_3: Felt = Felt::from_hex_unchecked("0x100000000000000000000000000000003");

/// Most characters of a base64 `proof`: four per three bytes of the largest package.
const MAX_PROOF_CHARACTERS: usize = MAX_PACKAGE_BYTES.div_ceil(3) * 4;

/// Whether a transaction of this version is for simulation only.
fn only_query(Version(FeltHex(version)): Version) -> Result<bool, RpcError> {
    if version != Felt::THREE && version != QUERY_VERSION_3 {
        return Err(RpcError::UnsupportedTransactionVersion {
            reason: format!("{version:#x} is not version 3"),
        });
    }
    Ok(version == QUERY_VERSION_3)
}

/// Refuses the query version: such a transaction is not for execution.
pub(crate) fn executable(version: Version) -> Result<(), RpcError> {
    if only_query(version)? {
        let reason = "a transaction of the query version can only be simulated".to_owned();
        return Err(RpcError::UnsupportedTransactionVersion { reason });
    }
    Ok(())
}

/// A transaction to simulate, and whether it is of the query version.
pub(crate) fn any(transaction: Broadcast) -> Result<(Submission, bool), RpcError> {
    match transaction {
        Broadcast::Invoke(invoke) => {
            let only_query = only_query(invoke.version)?;
            Ok((self::invoke(*invoke).map_err(RpcError::InvalidProof)?, only_query))
        }
        Broadcast::Declare(declare) => {
            let only_query = only_query(declare.version)?;
            Ok((self::declare(*declare), only_query))
        }
        Broadcast::DeployAccount(deploy) => {
            let only_query = only_query(deploy.version)?;
            Ok((deploy_account(*deploy), only_query))
        }
    }
}

/// An invoke: a thread transaction if `proof_facts` are there, an ordinary one if not.
pub(crate) fn invoke(mut transaction: BroadcastInvoke) -> Result<Submission, ThreadError> {
    let proof = transaction.proof.take().filter(|proof| !proof.is_empty());
    let envelope = invoke_v3(transaction);
    if envelope.proof_facts.0.is_empty() {
        return match proof {
            None => Ok(Submission::Invoke(envelope)),
            Some(_) => Err(ThreadError::MissingProofFacts),
        };
    }
    thread(envelope, proof)
}

/// An invoke that must be a thread transaction.
pub(crate) fn thread_invoke(mut transaction: BroadcastInvoke) -> Result<Submission, ThreadError> {
    let proof = transaction.proof.take().filter(|proof| !proof.is_empty());
    let envelope = invoke_v3(transaction);
    thread(envelope, proof)
}

/// Joins envelope and package; admission does the rest of the checks.
fn thread(envelope: InvokeTransactionV3, proof: Option<String>) -> Result<Submission, ThreadError> {
    if !ThreadFacts::are_claimed_by(&envelope.proof_facts) {
        return Err(EnvelopeError::NotAThread.into());
    }
    let package = package(&proof.ok_or(ThreadError::MissingProof)?)?;
    Ok(Submission::Thread { envelope, package })
}

/// The bytes of a package; refuses a text that is too long before it decodes anything.
fn package(proof: &str) -> Result<Vec<u8>, ThreadError> {
    if proof.len() > MAX_PROOF_CHARACTERS {
        return Err(ThreadError::ProofTooLong { characters: proof.len(), limit: MAX_PROOF_CHARACTERS });
    }
    STANDARD.decode(proof).map_err(ThreadError::Base64)
}

/// An invoke's own fields, without its proof.
pub(crate) fn invoke_v3(transaction: BroadcastInvoke) -> InvokeTransactionV3 {
    InvokeTransactionV3 {
        resource_bounds: bounds(transaction.resource_bounds),
        tip: Tip(transaction.tip.0),
        signature: signature(transaction.signature),
        nonce: Nonce(transaction.nonce.0),
        sender_address: transaction.sender_address.0,
        calldata: calldata(transaction.calldata),
        nonce_data_availability_mode: transaction.nonce_data_availability_mode.into(),
        fee_data_availability_mode: transaction.fee_data_availability_mode.into(),
        paymaster_data: PaymasterData(felts(transaction.paymaster_data)),
        account_deployment_data: AccountDeploymentData(felts(transaction.account_deployment_data)),
        proof_facts: ProofFacts(felts(transaction.proof_facts.unwrap_or_default()).into()),
    }
}

/// A declare; its class hash is left to admission, which computes it.
pub(crate) fn declare(transaction: BroadcastDeclare) -> Submission {
    let tx = DeclareTransactionV3 {
        resource_bounds: bounds(transaction.resource_bounds),
        tip: Tip(transaction.tip.0),
        signature: signature(transaction.signature),
        nonce: Nonce(transaction.nonce.0),
        class_hash: ClassHash::default(),
        compiled_class_hash: CompiledClassHash(transaction.compiled_class_hash.0),
        sender_address: transaction.sender_address.0,
        nonce_data_availability_mode: transaction.nonce_data_availability_mode.into(),
        fee_data_availability_mode: transaction.fee_data_availability_mode.into(),
        paymaster_data: PaymasterData(felts(transaction.paymaster_data)),
        account_deployment_data: AccountDeploymentData(felts(transaction.account_deployment_data)),
    };
    Submission::Declare { tx, class: class(transaction.contract_class) }
}

/// A deploy account.
pub(crate) fn deploy_account(transaction: BroadcastDeployAccount) -> Submission {
    Submission::DeployAccount(DeployAccountTransactionV3 {
        resource_bounds: bounds(transaction.resource_bounds),
        tip: Tip(transaction.tip.0),
        signature: signature(transaction.signature),
        nonce: Nonce(transaction.nonce.0),
        class_hash: ClassHash(transaction.class_hash.0),
        contract_address_salt: ContractAddressSalt(transaction.contract_address_salt.0),
        constructor_calldata: calldata(transaction.constructor_calldata),
        nonce_data_availability_mode: transaction.nonce_data_availability_mode.into(),
        fee_data_availability_mode: transaction.fee_data_availability_mode.into(),
        paymaster_data: PaymasterData(felts(transaction.paymaster_data)),
    })
}

fn class(class: SierraClass) -> SierraContractClass {
    let entry_points = |list: Vec<broadcast::EntryPoint>| {
        list.into_iter()
            .map(|entry_point| EntryPoint {
                function_idx: FunctionIndex(entry_point.function_idx),
                selector: starknet_api::core::EntryPointSelector(entry_point.selector.0),
            })
            .collect()
    };
    SierraContractClass {
        sierra_program: felts(class.sierra_program),
        contract_class_version: class.contract_class_version,
        entry_points_by_type: EntryPointByType {
            constructor: entry_points(class.entry_points_by_type.constructor),
            external: entry_points(class.entry_points_by_type.external),
            l1handler: entry_points(class.entry_points_by_type.l1_handler),
        },
        abi: class.abi,
    }
}

fn calldata(list: Vec<FeltHex>) -> Calldata {
    Calldata(Arc::new(felts(list)))
}

fn signature(list: Vec<FeltHex>) -> TransactionSignature {
    TransactionSignature(Arc::new(felts(list)))
}

fn bounds(mapping: ResourceBoundsMapping) -> ValidResourceBounds {
    let bounds = |bounds: broadcast::ResourceBounds| ResourceBounds {
        max_amount: GasAmount(bounds.max_amount.0),
        max_price_per_unit: GasPrice(bounds.max_price_per_unit.0),
    };
    ValidResourceBounds::AllResources(AllResourceBounds {
        l1_gas: bounds(mapping.l1_gas),
        l2_gas: bounds(mapping.l2_gas),
        l1_data_gas: bounds(mapping.l1_data_gas),
    })
}
