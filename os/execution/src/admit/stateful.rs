//! What the state says of a transaction: nonce, balance, signature.

use std::sync::Arc;
use std::time::Duration;

use blockifier::blockifier::stateful_validator::StatefulValidator;
use blockifier::context::{BlockContext, TransactionContext};
use blockifier::state::cached_state::CachedState;
use blockifier::state::state_api::StateReader;
use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::objects::TransactionInfoCreator;
use blockifier::transaction::transaction_execution::Transaction;
use starknet_api::core::{ClassHash, Nonce};
use starknet_api::executable_transaction as executable;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::Fee;
use starknet_types_core::felt::Felt;

use super::{MAX_NONCE_GAP, stateless};
use crate::blockifier_tx::{IN_BLOCK, to_blockifier, without_proof_facts};
use crate::busy::{Cancellation, watched};
use crate::error::{AdmitError, ExecutionError};
use crate::executor::Executor;
use crate::query::at::StateAt;
use crate::state::ChainState;
use crate::thread::validate;
use crate::transaction::{PendingBody, PendingTransaction};
use crate::validated::Validated;

/// Runs the account's validation as the next block would, except that the nonce may be ahead. Tells what the validation saw,
/// unless there is none.
pub(super) fn check(
    executor: &Executor,
    at: &StateAt,
    transaction: &PendingTransaction,
    limit: Duration,
) -> Result<Option<Validated>, AdmitError> {
    in_time(executor, at, limit, |state| check_on(executor, at, state, transaction))
}

/// The same for a DECLARE whose class is not compiled: what it costs is not known.
pub(super) fn check_uncompiled(
    executor: &Executor,
    at: &StateAt,
    transaction: &PendingTransaction,
    limit: Duration,
) -> Result<(), AdmitError> {
    in_time(executor, at, limit, |state| {
        if let PendingBody::Declare { tx, .. } = &transaction.body
            && state.class(tx.class_hash).map_err(ExecutionError::from)?.is_some()
        {
            return Err(AdmitError::ClassAlreadyDeclared(tx.class_hash));
        }
        let Some((context, prepared)) = prepare(executor, at, state, transaction)? else { return Ok(()) };
        pre_validate(state, &context, &prepared)?;
        ask(state, context, &prepared).map(drop)
    })
}

/// Whether the account signed an envelope that it could still send, and has `least`. Bounds of zero are no offer: such an
/// envelope is signed for a question, with any nonce.
pub(super) fn check_submitter(
    executor: &Executor,
    at: &StateAt,
    envelope: &InvokeTransactionV3,
    least: Fee,
    limit: Duration,
) -> Result<(), AdmitError> {
    let transaction = stateless::envelope(executor, envelope)?;
    in_time(executor, at, limit, |state| {
        let account = transaction.sender();
        if stateless::check_bounds(&envelope.resource_bounds).is_ok() {
            check_nonce(&transaction, state.get_nonce_at(account)?)?;
        }
        let (low, high) = state.get_fee_token_balance(account, executor.config().strk_address)?;
        if high == Felt::ZERO && low < Felt::from(least.0) {
            return Err(AdmitError::InsufficientBalance(format!("{low} fri of {least}")));
        }
        let context = executor.next_context(at)?.ok_or(ExecutionError::MissingBlock(at.number()))?;
        let unbounded = context.versioned_constants().initial_gas_no_user_l2_bound();
        let flags = ExecutionFlags { charge_fee: false, strict_nonce_check: false, ..IN_BLOCK };
        match to_blockifier(&transaction, flags, unbounded)? {
            Transaction::Account(prepared) => validate_account(state, context, &prepared).map(drop),
            Transaction::L1Handler(_) => Ok(()),
        }
    })
}

/// Checks on the state at a moment, within `limit` of processor time.
fn in_time<T>(
    executor: &Executor,
    at: &StateAt,
    limit: Duration,
    check: impl FnOnce(&ChainState) -> Result<T, AdmitError>,
) -> Result<T, AdmitError> {
    let state = executor.state(at);
    let (checked, ended) = watched(move |_| limit, Cancellation::default(), || check(&state));
    state.all_read()?;
    match ended {
        Some(_) => Err(AdmitError::TooLong(limit)),
        None => checked,
    }
}

fn check_on(
    executor: &Executor,
    at: &StateAt,
    state: &ChainState,
    transaction: &PendingTransaction,
) -> Result<Option<Validated>, AdmitError> {
    if let PendingBody::DeployAccount { tx, .. } = &transaction.body {
        state
            .class(tx.class_hash)
            .map_err(ExecutionError::from)?
            .ok_or(AdmitError::ClassHashNotFound(tx.class_hash))?;
    }
    let Some((context, prepared)) = prepare(executor, at, state, transaction)? else { return Ok(None) };
    if let PendingBody::Invoke(_) | PendingBody::Thread(_) = &transaction.body {
        pre_validate(state, &context, &prepared)?;
    } else {
        // Constructors run before validation, and validating has a price that the bounds must cover.
        StatefulValidator::create(CachedState::new(state.clone()), context.clone())
            .perform_validations(prepared.clone())?;
    }
    ask(state, context, &prepared)
}

/// A transaction as blockifier takes it, and the context of the block that it would go into; `None` if nobody signs it.
fn prepare(
    executor: &Executor,
    at: &StateAt,
    state: &ChainState,
    transaction: &PendingTransaction,
) -> Result<Option<(BlockContext, AccountTransaction)>, AdmitError> {
    let context = executor.next_context(at)?.ok_or(ExecutionError::MissingBlock(at.number()))?;
    let account_nonce = state.get_nonce_at(transaction.sender())?;
    check_nonce(transaction, account_nonce)?;
    let flags = ExecutionFlags {
        only_query: false,
        charge_fee: true,
        validate: !transaction.impersonated && !awaits_deployment(transaction, state)?,
        strict_nonce_check: false,
    };
    let unbounded = context.versioned_constants().initial_gas_no_user_l2_bound();
    match to_blockifier(transaction, flags, unbounded)? {
        Transaction::Account(prepared) => Ok(Some((context, prepared))),
        Transaction::L1Handler(_) => Ok(None),
    }
}

/// Asks the account, and remembers what it looked at.
fn ask(
    state: &ChainState,
    context: BlockContext,
    transaction: &AccountTransaction,
) -> Result<Option<Validated>, AdmitError> {
    match &transaction.tx {
        _ if !transaction.execution_flags.validate => Ok(None),
        executable::AccountTransaction::DeployAccount(_) => Ok(Some(Validated::of_new_account(&context))),
        _ => validate_account(state, context, transaction).map(Some),
    }
}

/// Validates an INVOKE, a DECLARE or a thread's envelope. Nonce and balance are not looked at.
fn validate_account(
    state: &ChainState,
    context: BlockContext,
    transaction: &AccountTransaction,
) -> Result<Validated, AdmitError> {
    let of_transaction = Arc::new(TransactionContext {
        block_context: Arc::new(context),
        tx_info: transaction.create_tx_info(),
    });
    let mut seen = CachedState::new(state.clone());
    validate::run(&mut seen, &of_transaction, transaction)?;
    let reads = seen.get_initial_reads()?;
    Ok(Validated::new(&of_transaction.block_context, reads))
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
    let may_wait = matches!(transaction.body, PendingBody::Invoke(_) | PendingBody::Thread(_));
    let first = transaction.nonce().0 == Felt::ONE;
    Ok(may_wait && first && state.get_class_hash_at(transaction.sender())? == ClassHash::default())
}

/// Bounds, nonce and balance.
fn pre_validate(
    state: &ChainState,
    context: &BlockContext,
    transaction: &AccountTransaction,
) -> Result<(), AdmitError> {
    let context = TransactionContext {
        block_context: Arc::new(context.clone()),
        tx_info: transaction.create_tx_info(),
    };
    let mut state = CachedState::new(state.clone());
    Ok(without_proof_facts(transaction).perform_pre_validation_stage(&mut state, &context)?)
}

/// Field addition neither overflows nor panics, and nonces are far below the prime.
#[expect(clippy::arithmetic_side_effects, reason = "see above")]
fn furthest(account_nonce: Nonce) -> Felt {
    account_nonce.0 + Felt::from(MAX_NONCE_GAP)
}
