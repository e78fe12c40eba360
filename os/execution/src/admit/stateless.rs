//! What can be said of a transaction without any state.

use std::sync::Arc;

use starknet_api::core::{ContractAddress, EthAddress};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::state::SierraContractClass;
use starknet_api::transaction::fields::{
    AccountDeploymentData, Fee, PaymasterData, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_api::transaction::{
    CalculateContractAddress, DeclareTransactionV3, DeployAccountTransactionV3, InvokeTransactionV3,
    L1HandlerTransaction, TransactionHash, TransactionHasher, TransactionOptions, TransactionVersion,
    signed_tx_version,
};
use zkthreads_protocol::{InnerTransaction, ThreadFacts, ThreadTransaction};
use zkthreads_storage::ClassRecord;

use crate::class;
use crate::compiler::Waiting;
use crate::error::AdmitError;
use crate::executor::Executor;
use crate::thread;
use crate::transaction::{PendingBody, PendingTransaction, Submission};

/// Longest calldata, felts (as on Starknet).
pub const MAX_CALLDATA_FELTS: usize = 5_000;

/// Longest signature, felts (as on Starknet).
pub const MAX_SIGNATURE_FELTS: usize = 4_000;

pub(super) fn prepare(
    executor: &Executor,
    submission: Submission,
    only_query: bool,
    waiting: Waiting,
) -> Result<PendingTransaction, AdmitError> {
    let version = signed_tx_version(&TransactionVersion::THREE, &TransactionOptions { only_query });
    let chain_id = &executor.config().chain_id;
    let (hash, body) = match submission {
        Submission::Invoke(tx) => {
            check_invoke(&tx)?;
            if !tx.proof_facts.0.is_empty() {
                return Err(AdmitError::Malformed("proof_facts without a thread's package".to_owned()));
            }
            (tx.calculate_transaction_hash(chain_id, &version)?, PendingBody::Invoke(Arc::new(tx)))
        }
        Submission::DeployAccount(tx) => {
            check_deploy_account(&tx)?;
            let address = tx.calculate_contract_address()?;
            let hash = tx.calculate_transaction_hash(chain_id, &version)?;
            (hash, PendingBody::DeployAccount { tx: Arc::new(tx), address })
        }
        Submission::Declare { tx, class } => {
            let tx = with_class_hash(&tx, &class)?;
            let class = compiled(executor, &tx, class, waiting)?;
            (
                tx.calculate_transaction_hash(chain_id, &version)?,
                PendingBody::Declare { tx: Arc::new(tx), class },
            )
        }
        Submission::Thread { envelope, package } => {
            check_invoke(&envelope)?;
            let thread = ThreadTransaction::new(envelope, &package)?;
            check_inner_transactions(&thread)?;
            if !only_query {
                thread::admit::check_bounds(&thread)?;
            }
            let hash = thread.envelope().calculate_transaction_hash(chain_id, &version)?;
            (hash, PendingBody::Thread(Arc::new(thread)))
        }
        Submission::L1Handler(message) => {
            check_l1_handler(&message.tx)?;
            (message.hash(chain_id)?, PendingBody::L1Handler(Arc::new(message)))
        }
    };
    Ok(pending(executor, hash, body, only_query))
}

/// An envelope by itself, as an ordinary INVOKE.
pub(super) fn envelope(
    executor: &Executor,
    envelope: &InvokeTransactionV3,
) -> Result<PendingTransaction, AdmitError> {
    check_invoke(envelope)?;
    let chain_id = &executor.config().chain_id;
    let hash = envelope.calculate_transaction_hash(chain_id, &TransactionVersion::THREE)?;
    Ok(pending(executor, hash, PendingBody::Invoke(Arc::new(envelope.clone())), false))
}

/// A DECLARE whose class is not compiled; nothing of an empty class in its place is larger or costs more than the class.
pub(super) fn uncompiled(
    executor: &Executor,
    tx: &DeclareTransactionV3,
    class: &SierraContractClass,
) -> Result<PendingTransaction, AdmitError> {
    let tx = with_class_hash(tx, class)?;
    let hash = tx.calculate_transaction_hash(&executor.config().chain_id, &TransactionVersion::THREE)?;
    let class = Arc::new(class::empty());
    Ok(pending(executor, hash, PendingBody::Declare { tx: Arc::new(tx), class }, false))
}

fn pending(
    executor: &Executor,
    hash: TransactionHash,
    body: PendingBody,
    only_query: bool,
) -> PendingTransaction {
    let transaction =
        PendingTransaction { hash, body, only_query, impersonated: false, validated: None, deferred: false };
    let impersonated = executor.impersonation().covers(transaction.sender());
    PendingTransaction { impersonated, ..transaction }
}

/// A DECLARE with the hash of the class that came with it.
fn with_class_hash(
    tx: &DeclareTransactionV3,
    class: &SierraContractClass,
) -> Result<DeclareTransactionV3, AdmitError> {
    check_declare(tx)?;
    class::check_size(class)?;
    class::check_version(class)?;
    Ok(DeclareTransactionV3 { class_hash: class.calculate_class_hash(), ..tx.clone() })
}

/// Bounds of zero are for queries.
pub(super) fn check_bounds(bounds: &ValidResourceBounds) -> Result<(), AdmitError> {
    if bounds.max_possible_fee(Tip::ZERO) == Fee(0) {
        return Err(AdmitError::InsufficientResources("the resource bounds are zero".to_owned()));
    }
    Ok(())
}

/// The class, compiled; from storage if it is known there.
fn compiled(
    executor: &Executor,
    tx: &DeclareTransactionV3,
    class: SierraContractClass,
    waiting: Waiting,
) -> Result<Arc<ClassRecord>, AdmitError> {
    let stored =
        executor.storage().class(tx.class_hash).map_err(|error| AdmitError::Internal(error.into()))?;
    let record = match stored {
        Some(record) => record,
        None => executor.compiler().compile(tx.class_hash, class, waiting)?,
    };
    let (declared, computed) = (tx.compiled_class_hash, record.compiled_class_hash);
    if declared != computed {
        return Err(AdmitError::CompiledClassHashMismatch { declared, computed });
    }
    Ok(record)
}

/// A package's transactions are those that the chain would take by themselves: whoever signed one can send it there at any time,
/// and no contract sees a transaction that no block could have.
pub(super) fn check_inner_transactions(thread: &ThreadTransaction) -> Result<(), AdmitError> {
    for (index, segment) in (0_u32..).zip(&thread.package().segments) {
        for (transaction_index, included) in (0_u32..).zip(&segment.inner_transactions) {
            check_inner(&included.transaction).map_err(|error| AdmitError::InnerTransaction {
                segment: index,
                transaction_index,
                error: Box::new(error),
            })?;
        }
    }
    Ok(())
}

/// Whether the chain would take a transaction by itself, as far as can be said without a state.
pub(super) fn check_inner(transaction: &InnerTransaction) -> Result<(), AdmitError> {
    check_invoke(transaction.as_invoke())?;
    check_bounds(&transaction.as_invoke().resource_bounds)
}

fn check_invoke(tx: &InvokeTransactionV3) -> Result<(), AdmitError> {
    check_sender(tx.sender_address)?;
    check_length("calldata", tx.calldata.0.len(), MAX_CALLDATA_FELTS)?;
    check_empty(&tx.paymaster_data, Some(&tx.account_deployment_data))?;
    // A thread's facts have an exact form of their own.
    if !ThreadFacts::are_claimed_by(&tx.proof_facts) && !tx.proof_facts.0.is_empty() {
        return Err(AdmitError::Malformed("proof_facts other than a thread's are not supported".to_owned()));
    }
    check_common(
        &tx.resource_bounds,
        &tx.signature,
        [tx.nonce_data_availability_mode, tx.fee_data_availability_mode],
    )
}

fn check_deploy_account(tx: &DeployAccountTransactionV3) -> Result<(), AdmitError> {
    check_length("constructor_calldata", tx.constructor_calldata.0.len(), MAX_CALLDATA_FELTS)?;
    check_empty(&tx.paymaster_data, None)?;
    check_common(
        &tx.resource_bounds,
        &tx.signature,
        [tx.nonce_data_availability_mode, tx.fee_data_availability_mode],
    )
}

fn check_declare(tx: &DeclareTransactionV3) -> Result<(), AdmitError> {
    check_sender(tx.sender_address)?;
    check_empty(&tx.paymaster_data, Some(&tx.account_deployment_data))?;
    check_common(
        &tx.resource_bounds,
        &tx.signature,
        [tx.nonce_data_availability_mode, tx.fee_data_availability_mode],
    )
}

fn check_l1_handler(tx: &L1HandlerTransaction) -> Result<(), AdmitError> {
    if tx.version != L1HandlerTransaction::VERSION {
        return Err(AdmitError::UnsupportedTransactionVersion("an L1_HANDLER has version 0".to_owned()));
    }
    let Some(from) = tx.calldata.0.first() else {
        return Err(AdmitError::Malformed("the calldata of an L1_HANDLER begins with its sender".to_owned()));
    };
    EthAddress::try_from(*from)?;
    check_length("calldata", tx.calldata.0.len(), MAX_CALLDATA_FELTS)
}

fn check_common(
    bounds: &ValidResourceBounds,
    signature: &TransactionSignature,
    modes: [DataAvailabilityMode; 2],
) -> Result<(), AdmitError> {
    if !matches!(bounds, ValidResourceBounds::AllResources(_)) {
        let reason = "resource bounds must name L1 gas, L2 gas and L1 data gas".to_owned();
        return Err(AdmitError::UnsupportedTransactionVersion(reason));
    }
    check_length("signature", signature.0.len(), MAX_SIGNATURE_FELTS)?;
    if modes != [DataAvailabilityMode::L1; 2] {
        return Err(AdmitError::Malformed("data availability modes must be L1".to_owned()));
    }
    Ok(())
}

fn check_sender(sender: ContractAddress) -> Result<(), AdmitError> {
    Ok(sender.validate()?)
}

fn check_length(field: &str, found: usize, most: usize) -> Result<(), AdmitError> {
    if found > most {
        return Err(AdmitError::Malformed(format!("{field} has {found} felts, more than {most}")));
    }
    Ok(())
}

/// Starknet reserves these fields.
fn check_empty(
    paymaster: &PaymasterData,
    deployment: Option<&AccountDeploymentData>,
) -> Result<(), AdmitError> {
    if paymaster.0.is_empty() && deployment.is_none_or(|data| data.0.is_empty()) {
        return Ok(());
    }
    Err(AdmitError::Malformed("paymaster_data and account_deployment_data must be empty".to_owned()))
}
