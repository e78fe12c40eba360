//! One state on which transactions are executed one after the other: a block's, or a simulation's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use blockifier::blockifier::config::TransactionExecutorConfig;
use blockifier::blockifier::transaction_executor::{TransactionExecutor, TransactionExecutorError};
use blockifier::bouncer::{Bouncer, verify_tx_weights_within_max_capacity};
use blockifier::context::BlockContext;
use blockifier::execution::call_info::ExecutionSummary;
use blockifier::state::cached_state::{CachedState, CommitmentStateDiff, StateMaps, TransactionalState};
use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::objects::TransactionExecutionInfo;
use blockifier::transaction::transaction_execution::Transaction;
use blockifier::transaction::transactions::ExecutableTransaction;
use starknet_api::block::{BlockHashAndNumber, BlockNumber};
use starknet_api::execution_resources::GasVector;
use starknet_api::state::ThinStateDiff;
use zkthreads_protocol::{SettleError, ThreadTransaction};

use super::receipt;
use super::{ExecutedTransaction, Refusal};
use crate::admit::AdmitError;
use crate::blockifier_tx::to_blockifier;
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::query::Trace;
use crate::state::ChainState;
use crate::thread::settle::{self, SettledThread};
use crate::thread::{NewClasses, Scope};
use crate::transaction::{PendingBody, PendingTransaction};

/// How many blocks back the newest block hash lies that contracts can read; it is written when a block opens.
const BLOCK_HASH_LAG: u64 = blockifier::abi::constants::STORED_BLOCK_HASH_BUFFER;

pub(crate) struct Session {
    executor: Executor,
    number: BlockNumber,
    new_classes: NewClasses,
    inner: TransactionExecutor<ChainState>,
}

impl Session {
    /// Opens the state after block `parent` for the block of the given context.
    pub(crate) fn open(
        executor: &Executor,
        parent: BlockNumber,
        context: BlockContext,
    ) -> Result<Self, ExecutionError> {
        let number = context.block_info().block_number;
        let old_hash = match number.0.checked_sub(BLOCK_HASH_LAG).map(BlockNumber) {
            Some(old) => {
                let header = executor.storage().header(old)?.ok_or(ExecutionError::MissingBlock(old))?;
                Some(BlockHashAndNumber { number: old, hash: header.block_hash })
            }
            None => None,
        };
        let inner = TransactionExecutor::pre_process_and_create(
            executor.state_after(parent),
            context,
            old_hash,
            TransactionExecutorConfig::default(),
        )?;
        Ok(Self { executor: executor.clone(), number, new_classes: NewClasses::new(), inner })
    }

    pub(crate) fn number(&self) -> BlockNumber {
        self.number
    }

    pub(crate) fn context(&self) -> &Arc<BlockContext> {
        &self.inner.block_context
    }

    /// Executes a transaction; if it is refused, the state is as before. A panic inside blockifier is a refusal too.
    pub(crate) fn execute(
        &mut self,
        transaction: &PendingTransaction,
        flags: ExecutionFlags,
    ) -> Result<ExecutedTransaction, Refusal> {
        let unbounded = self.context().versioned_constants().initial_gas_no_user_l2_bound();
        let prepared = to_blockifier(transaction, flags, unbounded).map_err(AdmitError::from)?;
        let executed = catch_unwind(AssertUnwindSafe(|| match &transaction.body {
            PendingBody::Thread { thread, .. } => self.execute_thread(thread, &prepared),
            _ => self.execute_ordinary(prepared),
        }));
        let executed = executed.unwrap_or_else(|_| {
            self.inner.bouncer.clear_poison();
            Err(AdmitError::Execution("the execution panicked".to_owned()).into())
        })?;
        let executed = executed.finish(transaction)?;
        if let PendingBody::Declare { tx, class } = &transaction.body {
            self.new_classes.insert(tx.class_hash, Arc::clone(class));
        }
        Ok(executed)
    }

    /// What has changed so far, and blockifier's own closing of the block.
    pub(crate) fn finalize(mut self) -> Result<ThinStateDiff, ExecutionError> {
        let summary = self.inner.finalize().map_err(|error| ExecutionError::Block(error.to_string()))?;
        let mut diff = ThinStateDiff::from(summary.state_diff);
        sort(&mut diff);
        Ok(diff)
    }

    /// The values that execution has fetched from the state below so far.
    pub(crate) fn initial_reads(&self) -> Result<StateMaps, ExecutionError> {
        Ok(self.inner.block_state.as_ref().ok_or_else(state_is_gone)?.get_initial_reads()?)
    }

    /// Every check that settling the thread would run, and the gas that settling would cost. Nothing changes.
    pub(crate) fn check_thread(
        &mut self,
        thread: &ThreadTransaction,
    ) -> Result<(Vec<SettleError>, GasVector), ExecutionError> {
        let scope = Scope::new(&self.executor, self.number, &self.new_classes, thread);
        let context = Arc::clone(&self.inner.block_context);
        let state = self.inner.block_state.as_mut().ok_or_else(state_is_gone)?;
        settle::check(&scope, &context, &mut TransactionalState::create_transactional(state))
    }

    fn execute_ordinary(&mut self, transaction: AccountTransaction) -> Result<Executed, Refusal> {
        let (context, bouncer) = (Arc::clone(&self.inner.block_context), Arc::clone(&self.inner.bouncer));
        let mut state = TransactionalState::create_transactional(block_state(&mut self.inner)?);
        let info = Transaction::Account(transaction)
            .execute_raw(&mut state, &context, false)
            .map_err(AdmitError::from)?;
        receipt::check_messages(&info)?;
        let summary = info.summarize(context.versioned_constants());
        let diff = close(&bouncer, &context, state, &info, &summary)?;
        Ok(Executed { info, diff, thread: None })
    }

    fn execute_thread(
        &mut self,
        thread: &ThreadTransaction,
        transaction: &AccountTransaction,
    ) -> Result<Executed, Refusal> {
        let scope = Scope::new(&self.executor, self.number, &self.new_classes, thread);
        let (context, bouncer) = (Arc::clone(&self.inner.block_context), Arc::clone(&self.inner.bouncer));
        let mut state = TransactionalState::create_transactional(block_state(&mut self.inner)?);
        let SettledThread { info, settled, outcome, summary } =
            settle::execute(&scope, &context, &mut state, transaction)?;
        receipt::check_messages(&info)?;
        let diff = close(&bouncer, &context, state, &info, &summary)?;
        Ok(Executed { info, diff, thread: Some((settled, outcome)) })
    }
}

/// A transaction whose effects are in the session's state.
pub(super) struct Executed {
    pub(super) info: TransactionExecutionInfo,
    diff: ThinStateDiff,
    pub(super) thread: Option<receipt::ThreadPart>,
}

impl Executed {
    fn finish(self, transaction: &PendingTransaction) -> Result<ExecutedTransaction, Refusal> {
        let receipt = receipt::build(transaction, &self)?;
        let trace = Trace {
            validate: self.info.validate_call_info,
            execute: self.info.execute_call_info,
            fee_transfer: self.info.fee_transfer_call_info,
            state_diff: self.diff,
        };
        Ok(ExecutedTransaction { hash: transaction.hash, receipt, trace })
    }
}

fn block_state(
    executor: &mut TransactionExecutor<ChainState>,
) -> Result<&mut CachedState<ChainState>, AdmitError> {
    executor.block_state.as_mut().ok_or_else(|| AdmitError::Internal(state_is_gone()))
}

fn state_is_gone() -> ExecutionError {
    ExecutionError::Block("the block's state is gone".to_owned())
}

/// Takes a transaction into the block if there is room for it.
fn close(
    bouncer: &Mutex<Bouncer>,
    context: &BlockContext,
    mut state: TransactionalState<'_, CachedState<ChainState>>,
    info: &TransactionExecutionInfo,
    summary: &ExecutionSummary,
) -> Result<ThinStateDiff, Refusal> {
    let diff = state.to_state_diff().map_err(AdmitError::from)?.state_maps;
    let (keys, builtins) = (diff.keys(), info.summarize_builtins());
    verify_tx_weights_within_max_capacity(
        &state,
        summary,
        &builtins,
        &info.receipt.resources,
        &keys,
        &context.bouncer_config,
        context.versioned_constants(),
        info.receipt.gas.l2_gas,
    )
    .map_err(AdmitError::from)?;
    let updated = bouncer.lock().unwrap_or_else(PoisonError::into_inner).try_update(
        &state,
        &keys,
        summary,
        &builtins,
        &info.receipt.resources,
        context.versioned_constants(),
        info.receipt.gas.l2_gas,
    );
    match updated {
        Ok(()) => state.commit(),
        Err(TransactionExecutorError::BlockFull) => return Err(Refusal::BlockFull),
        Err(error) => return Err(AdmitError::from(error).into()),
    }
    let mut diff = ThinStateDiff::from(CommitmentStateDiff::from(diff));
    sort(&mut diff);
    Ok(diff)
}

/// Blockifier's maps have a random order; stored ones have none of it.
fn sort(diff: &mut ThinStateDiff) {
    diff.deployed_contracts.sort_unstable_keys();
    diff.class_hash_to_compiled_class_hash.sort_unstable_keys();
    diff.nonces.sort_unstable_keys();
    diff.storage_diffs.sort_unstable_keys();
    diff.storage_diffs.values_mut().for_each(|cells| cells.sort_unstable_keys());
}
