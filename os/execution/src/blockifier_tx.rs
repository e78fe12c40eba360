//! Pending transactions as blockifier takes them.

use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::transaction_execution::Transaction;
use starknet_api::StarknetApiError;
use starknet_api::contract_class::{ClassInfo, ContractClass, SierraVersion};
use starknet_api::executable_transaction as executable;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::fields::{ProofFacts, ResourceBounds, ValidResourceBounds};
use starknet_api::transaction::{
    DeclareTransaction, DeployAccountTransaction, InvokeTransaction, InvokeTransactionV3, TransactionHash,
};
use zkthreads_storage::ClassDefinition;

use crate::transaction::{PendingBody, PendingTransaction};

/// A block's transactions: everything is checked, everything is charged.
pub(crate) const IN_BLOCK: ExecutionFlags =
    ExecutionFlags { only_query: false, charge_fee: true, validate: true, strict_nonce_check: true };

/// Builds blockifier's form of a transaction. Unless fees are charged, the L2 gas bound is raised to at least
/// `unbounded`: estimates are asked for with bounds of zero. The hash stays that of the transaction as signed.
pub(crate) fn to_blockifier(
    transaction: &PendingTransaction,
    flags: ExecutionFlags,
    unbounded: GasAmount,
) -> Result<Transaction, StarknetApiError> {
    let tx_hash = transaction.hash;
    let bounds =
        |bounds: ValidResourceBounds| if flags.charge_fee { bounds } else { raise(bounds, unbounded) };
    let tx = match &transaction.body {
        PendingBody::Invoke(tx) => {
            let mut tx = tx.as_ref().clone();
            tx.resource_bounds = bounds(tx.resource_bounds);
            invoke(tx, tx_hash)
        }
        PendingBody::Thread(thread) => {
            let mut tx = thread.envelope().clone();
            tx.resource_bounds = bounds(tx.resource_bounds);
            invoke(tx, tx_hash)
        }
        PendingBody::DeployAccount { tx, address } => {
            let mut tx = tx.as_ref().clone();
            tx.resource_bounds = bounds(tx.resource_bounds);
            executable::AccountTransaction::DeployAccount(executable::DeployAccountTransaction {
                tx: DeployAccountTransaction::V3(tx),
                tx_hash,
                contract_address: *address,
            })
        }
        PendingBody::Declare { tx, class } => {
            let mut tx = tx.as_ref().clone();
            tx.resource_bounds = bounds(tx.resource_bounds);
            executable::AccountTransaction::Declare(executable::DeclareTransaction {
                tx: DeclareTransaction::V3(tx),
                tx_hash,
                class_info: class_info(&class.definition)?,
            })
        }
        PendingBody::L1Handler(message) => {
            return Ok(Transaction::L1Handler(executable::L1HandlerTransaction {
                tx: message.tx.clone(),
                tx_hash,
                paid_fee_on_l1: message.paid_fee,
            }));
        }
    };
    Ok(Transaction::Account(AccountTransaction { tx, execution_flags: flags }))
}

/// An envelope as blockifier's, for computing costs only.
pub(crate) fn unsigned_envelope(envelope: &InvokeTransactionV3) -> AccountTransaction {
    let execution_flags =
        ExecutionFlags { only_query: true, charge_fee: false, validate: false, strict_nonce_check: false };
    AccountTransaction { tx: invoke(envelope.clone(), TransactionHash::default()), execution_flags }
}

/// The same transaction without proof facts: blockifier's static checks take any for Starknet's own.
pub(crate) fn without_proof_facts(transaction: &AccountTransaction) -> AccountTransaction {
    let mut stripped = transaction.clone();
    if let executable::AccountTransaction::Invoke(executable::InvokeTransaction {
        tx: InvokeTransaction::V3(tx),
        ..
    }) = &mut stripped.tx
    {
        tx.proof_facts = ProofFacts::default();
    }
    stripped
}

fn invoke(tx: InvokeTransactionV3, tx_hash: TransactionHash) -> executable::AccountTransaction {
    executable::AccountTransaction::Invoke(executable::InvokeTransaction {
        tx: InvokeTransaction::V3(tx),
        tx_hash,
    })
}

fn raise(bounds: ValidResourceBounds, unbounded: GasAmount) -> ValidResourceBounds {
    match bounds {
        ValidResourceBounds::AllResources(mut all) => {
            let max_amount = all.l2_gas.max_amount.max(unbounded);
            all.l2_gas = ResourceBounds { max_amount, ..all.l2_gas };
            ValidResourceBounds::AllResources(all)
        }
        deprecated @ ValidResourceBounds::L1Gas(_) => deprecated,
    }
}

fn class_info(definition: &ClassDefinition) -> Result<ClassInfo, StarknetApiError> {
    match definition {
        ClassDefinition::Sierra { sierra, casm, sierra_version, .. } => {
            let version: SierraVersion = sierra_version.parse()?;
            let class = ContractClass::V1((casm.clone(), version.clone()));
            ClassInfo::new(&class, sierra.sierra_program.len(), sierra.abi.len(), version)
        }
        ClassDefinition::Legacy { class } => {
            ClassInfo::new(&ContractClass::V0(class.clone()), 0, 0, SierraVersion::DEPRECATED)
        }
    }
}
