//! What the state says of a transaction: nonce, balance, signature.

use std::sync::Arc;

use blockifier::blockifier::stateful_validator::StatefulValidator;
use blockifier::context::{BlockContext, TransactionContext};
use blockifier::state::cached_state::CachedState;
use blockifier::state::state_api::StateReader;
use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::objects::TransactionInfoCreator;
use blockifier::transaction::transaction_execution::Transaction;
use starknet_api::core::{ClassHash, Nonce};
use starknet_types_core::felt::Felt;

use super::{AdmitError, MAX_NONCE_GAP};
use crate::blockifier_tx::to_blockifier;
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::query::at::StateAt;
use crate::state::ChainState;
use crate::thread::validate::validate;
use crate::transaction::{PendingBody, PendingTransaction};

/// Runs the account's validation as the next block would, except that the nonce may be ahead.
pub(super) fn check(
    executor: &Executor,
    at: &StateAt,
    transaction: &PendingTransaction,
) -> Result<(), AdmitError> {
    let state = executor.state(at);
    let checked = check_on(executor, at, state.clone(), transaction);
    state.all_read()?;
    checked
}

fn check_on(
    executor: &Executor,
    at: &StateAt,
    state: ChainState,
    transaction: &PendingTransaction,
) -> Result<(), AdmitError> {
    let context = executor.next_context(at)?.ok_or(ExecutionError::MissingBlock(at.number()))?;
    let account_nonce = state.get_nonce_at(transaction.sender())?;
    check_nonce(transaction, account_nonce)?;
    if let PendingBody::DeployAccount { tx, .. } = &transaction.body {
        state
            .class(tx.class_hash)
            .map_err(ExecutionError::from)?
            .ok_or(AdmitError::ClassHashNotFound(tx.class_hash))?;
    }
    let flags = ExecutionFlags {
        only_query: false,
        charge_fee: true,
        validate: !transaction.impersonated && !awaits_deployment(transaction, &state)?,
        strict_nonce_check: false,
    };
    let prepared =
        to_blockifier(transaction, flags, context.versioned_constants().initial_gas_no_user_l2_bound())?;
    let Transaction::Account(prepared) = prepared else { return Ok(()) };
    match &transaction.body {
        PendingBody::Invoke(_) | PendingBody::Thread { .. } => run_validate(state, context, &prepared),
        // Constructors run before validation, and only execution tells whether a class is declared already.
        PendingBody::DeployAccount { .. } | PendingBody::Declare { .. } => {
            Ok(StatefulValidator::create(CachedState::new(state), context).perform_validations(prepared)?)
        }
        PendingBody::L1Handler(_) => Ok(()),
    }
}

fn check_nonce(transaction: &PendingTransaction, account_nonce: Nonce) -> Result<(), AdmitError> {
    let transaction_nonce = transaction.nonce();
    let last = match transaction.body {
        PendingBody::DeployAccount { .. } => Some(account_nonce.0).filter(|nonce| *nonce == Felt::ZERO),
        _ => Some(furthest(account_nonce)),
    };
    if last.is_some_and(|last| account_nonce.0 <= transaction_nonce.0 && transaction_nonce.0 <= last) {
        return Ok(());
    }
    Err(AdmitError::InvalidNonce { account: transaction.sender(), account_nonce, transaction_nonce })
}

/// Wallets send an account's deployment and its first transaction together. The second cannot be validated before the
/// first is in a block; its block will.
fn awaits_deployment(transaction: &PendingTransaction, state: &ChainState) -> Result<bool, AdmitError> {
    let may_wait = matches!(transaction.body, PendingBody::Invoke(_) | PendingBody::Thread { .. });
    let first = transaction.nonce().0 == Felt::ONE;
    Ok(may_wait && first && state.get_class_hash_at(transaction.sender())? == ClassHash::default())
}

fn run_validate(
    state: ChainState,
    context: BlockContext,
    transaction: &AccountTransaction,
) -> Result<(), AdmitError> {
    let context = Arc::new(TransactionContext {
        block_context: Arc::new(context),
        tx_info: transaction.create_tx_info(),
    });
    validate(&mut CachedState::new(state), &context, transaction).map(drop)
}

/// Field addition neither overflows nor panics, and nonces are far below the prime.
#[expect(clippy::arithmetic_side_effects, reason = "see above")]
fn furthest(account_nonce: Nonce) -> Felt {
    account_nonce.0 + Felt::from(MAX_NONCE_GAP)
}
