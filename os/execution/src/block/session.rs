//! One state on which transactions are executed one after the other: a block's, or a simulation's.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blockifier::blockifier::config::TransactionExecutorConfig;
use blockifier::blockifier::transaction_executor::{TransactionExecutor, TransactionExecutorError};
use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::{Bouncer, verify_tx_weights_within_max_capacity};
use blockifier::context::BlockContext;
use blockifier::execution::call_info::ExecutionSummary;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::state::cached_state::{CachedState, CommitmentStateDiff, StateMaps, TransactionalState};
use blockifier::state::state_api::{StateReader, UpdatableState};
use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::objects::TransactionExecutionInfo;
use blockifier::transaction::transaction_execution::Transaction;
use blockifier::transaction::transactions::ExecutableTransaction;
use starknet_api::block::{BlockHashAndNumber, BlockNumber};
use starknet_api::execution_resources::GasAmount;
use starknet_api::state::ThinStateDiff;
use zkthreads_protocol::ThreadTransaction;
use zkthreads_storage::{ClassRecord, Receipt, TransactionTrace};

use super::Refusal;
use super::seal::sort;
use super::{receipt, trace, without_execute};
use crate::admit::AdmitError;
use crate::blockifier_tx::to_blockifier;
use crate::busy::{Cancellation, TimeLimits, watched};
use crate::error::ExecutionError;
use crate::executor::Executor;
use crate::overlay::{Declared, Overlay};
use crate::state::ChainState;
use crate::thread::Scope;
use crate::thread::settle::{self, Forecast, SettledThread};
use crate::transaction::{PendingBody, PendingTransaction};
use crate::unfit::Unfit;

/// How many blocks back the newest block hash lies that contracts can read; it is written when a block opens.
const BLOCK_HASH_LAG: u64 = blockifier::abi::constants::STORED_BLOCK_HASH_BUFFER;

pub(crate) struct Session {
    executor: Executor,
    /// What `inner` has come to, for others to read.
    state: ChainState,
    inner: TransactionExecutor<ChainState>,
    /// Most entries of the state that may change, once something has been executed; any number if absent.
    most_entries: Option<usize>,
}

impl Session {
    /// Opens the state after block `parent` for the block of the given context.
    pub(crate) fn open(
        executor: &Executor,
        parent: BlockNumber,
        context: BlockContext,
    ) -> Result<Self, ExecutionError> {
        let number = context.block_info().block_number;
        let config = TransactionExecutorConfig::default();
        let mut state = executor.state_after(parent);
        let mut inner = match old_hash(executor, number)? {
            Some(old) => {
                TransactionExecutor::pre_process_and_create(state.clone(), context, Some(old), config)?
            }
            None => TransactionExecutor::new(CachedState::new(state.clone()), context, config),
        };
        if let Some(opened) = &mut inner.block_state {
            state.overlay.write(&opened.to_state_diff()?.state_maps);
        }
        Ok(Self { executor: executor.clone(), state, inner, most_entries: None })
    }

    /// Continues an open block on a copy of its state.
    pub(crate) fn resume(executor: &Executor, state: ChainState, context: BlockContext) -> Self {
        let copy = CachedState::new(state.clone());
        let inner = TransactionExecutor::new(copy, context, TransactionExecutorConfig::default());
        Self { executor: executor.clone(), state, inner, most_entries: None }
    }

    pub(crate) fn number(&self) -> BlockNumber {
        self.context().block_info().block_number
    }

    /// The state after what was executed so far.
    pub(crate) fn state(&self) -> &ChainState {
        &self.state
    }

    pub(crate) fn context(&self) -> &Arc<BlockContext> {
        &self.inner.block_context
    }

    /// Executes a transaction; if it is refused, the state is as before. One that no block can hold as it was executed is
    /// reverted, if it is of a kind that can be.
    pub(crate) fn execute(
        &mut self,
        transaction: &PendingTransaction,
        flags: ExecutionFlags,
    ) -> Result<(Receipt, TransactionTrace), Refusal> {
        let unbounded = self.context().versioned_constants().initial_gas_no_user_l2_bound();
        let prepared = to_blockifier(transaction, flags, unbounded).map_err(AdmitError::from)?;
        let executed = match self.attempt(&transaction.body, &prepared, None) {
            Err(Failure::Unfit(unfit)) => {
                tracing::info!(hash = %transaction.hash, reason = unfit.reason, "its execution is dropped");
                self.attempt(&transaction.body, &prepared, Some(&unfit))
            }
            executed => executed,
        };
        let executed = executed.map_err(Refusal::from)?;
        if let PendingBody::Declare { tx, class } = &transaction.body {
            let record = ClassRecord { declared_at: self.number(), ..class.as_ref().clone() };
            let runnable = block_state(&mut self.inner)?.get_compiled_class(tx.class_hash);
            let runnable = runnable.map_err(AdmitError::from)?;
            self.state.overlay.declare(tx.class_hash, Declared { record: Arc::new(record), runnable });
        }
        self.state.overlay.write(&executed.changes);
        Ok(executed.finish(transaction, self.context().versioned_constants())?)
    }

    /// Refuses from now on what would change more entries of the state in all.
    pub(super) fn hold_at_most(&mut self, entries: usize) {
        self.most_entries = Some(entries);
    }

    /// Counts anew how full the block is.
    pub(crate) fn forget_fullness(&mut self) {
        let mut bouncer = self.inner.bouncer.lock().unwrap_or_else(PoisonError::into_inner);
        *bouncer = Bouncer::new(self.inner.block_context.bouncer_config.clone());
    }

    /// Writes to the state without a transaction.
    pub(crate) fn write(&mut self, changes: &StateMaps) -> Result<(), ExecutionError> {
        let state = self.inner.block_state.as_mut().ok_or_else(state_is_gone)?;
        // Blockifier cannot build a state diff of a nonce or a class hash that it never read.
        for contract in changes.nonces.keys() {
            state.get_nonce_at(*contract)?;
        }
        for contract in changes.class_hashes.keys() {
            state.get_class_hash_at(*contract)?;
        }
        // It would read these when the block is sealed, and a failure would be the block's.
        for (contract, key) in changes.storage.keys() {
            state.get_storage_at(*contract, *key)?;
        }
        state.apply_writes(changes, &HashMap::new());
        self.state.overlay.write(changes);
        Ok(())
    }

    /// Takes over what another session on the same state has come to.
    pub(super) fn adopt(&mut self, overlay: &Overlay) -> Result<(), ExecutionError> {
        let state = self.inner.block_state.as_mut().ok_or_else(state_is_gone)?;
        let mut classes = HashMap::new();
        let mut changes = StateMaps {
            storage: overlay.storage.iter().map(|(cell, value)| (*cell, *value)).collect(),
            nonces: overlay.nonces.iter().map(|(contract, nonce)| (*contract, *nonce)).collect(),
            class_hashes: overlay.class_hashes.iter().map(|(contract, class)| (*contract, *class)).collect(),
            ..StateMaps::default()
        };
        // Blockifier cannot build a state diff of what it never read.
        for contract in changes.nonces.keys() {
            state.get_nonce_at(*contract)?;
        }
        for contract in changes.class_hashes.keys() {
            state.get_class_hash_at(*contract)?;
        }
        for (hash, declared) in &overlay.classes {
            state.get_compiled_class_hash(*hash)?;
            changes.compiled_class_hashes.insert(*hash, declared.record.compiled_class_hash);
            changes.declared_contracts.insert(*hash, true);
            classes.insert(*hash, declared.runnable.clone());
        }
        state.apply_writes(&changes, &classes);
        self.state.overlay = overlay.clone();
        Ok(())
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
    pub(crate) fn check_thread(&mut self, thread: &ThreadTransaction) -> Result<Forecast, ExecutionError> {
        let scope = Scope::new(&self.executor, self.number(), &self.state, thread);
        let context = Arc::clone(&self.inner.block_context);
        let state = self.inner.block_state.as_mut().ok_or_else(state_is_gone)?;
        settle::check(&scope, &context, &mut TransactionalState::create_transactional(state))
    }

    /// Executes a transaction, or, with `unfit`, all of it but its `__execute__`. A panic inside blockifier ends here.
    fn attempt(
        &mut self,
        body: &PendingBody,
        prepared: &Transaction,
        unfit: Option<&Unfit>,
    ) -> Result<Executed, Failure> {
        // What could not be read for others before is not this transaction's business.
        let _ = self.state.all_read();
        let executed = catch_unwind(AssertUnwindSafe(|| match (body, prepared) {
            (PendingBody::Thread { thread, .. }, Transaction::Account(envelope)) => {
                self.execute_thread(thread, envelope, unfit)
            }
            (_, prepared) => self.execute_ordinary(prepared, unfit),
        }));
        let executed = executed.unwrap_or_else(|_| {
            self.inner.bouncer.clear_poison();
            Err(Unfit::panicked(&self.inner.block_context).into())
        });
        self.state.all_read().map_err(AdmitError::from)?;
        executed
    }

    /// How many entries more may change.
    fn room(&self) -> Option<usize> {
        Some(self.most_entries?.saturating_sub(self.state.overlay.entries()))
    }

    fn execute_ordinary(
        &mut self,
        transaction: &Transaction,
        unfit: Option<&Unfit>,
    ) -> Result<Executed, Failure> {
        let (context, bouncer) = (Arc::clone(&self.inner.block_context), Arc::clone(&self.inner.bouncer));
        let room = self.room();
        let mut state = TransactionalState::create_transactional(block_state(&mut self.inner)?);
        let info = in_time(self.executor.time_limits(), unfit, || match (transaction, unfit) {
            (transaction, Some(unfit)) => {
                Ok(without_execute::execute(&mut state, &context, transaction, unfit)?)
            }
            // Each by its kind: blockifier's own way for both weighs the result, and drops it.
            (Transaction::Account(account), None) => {
                Ok(account.execute_raw(&mut state, &context, false).map_err(AdmitError::from)?)
            }
            (Transaction::L1Handler(message), None) => {
                Ok(message.execute_raw(&mut state, &context, false).map_err(AdmitError::from)?)
            }
        })?;
        self.state.all_read().map_err(AdmitError::from)?;
        let summary = info.summarize(context.versioned_constants());
        let changes = close(&bouncer, &context, state, room, &info, &summary, unfit)?;
        Ok(Executed { info, changes, thread: None })
    }

    fn execute_thread(
        &mut self,
        thread: &ThreadTransaction,
        transaction: &AccountTransaction,
        unfit: Option<&Unfit>,
    ) -> Result<Executed, Failure> {
        let scope = Scope::new(&self.executor, self.number(), &self.state, thread);
        let (context, bouncer) = (Arc::clone(&self.inner.block_context), Arc::clone(&self.inner.bouncer));
        let room = self.room();
        let mut state = TransactionalState::create_transactional(block_state(&mut self.inner)?);
        let SettledThread { info, settled, outcome, summary } =
            in_time(self.executor.time_limits(), unfit, || {
                Ok(settle::execute(&scope, &context, &mut state, transaction, unfit)?)
            })?;
        self.state.all_read().map_err(AdmitError::from)?;
        let changes = close(&bouncer, &context, state, room, &info, &summary, unfit)?;
        Ok(Executed { info, changes, thread: Some((settled, outcome)) })
    }
}

/// Why a transaction was not executed, or not to an end that a block can hold.
enum Failure {
    /// The block does not take it.
    Refused(Refusal),
    /// It is to be executed without its `__execute__`.
    Unfit(Unfit),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AdmitError> for Failure {
    fn from(error: AdmitError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Unfit> for Failure {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Unfit(unfit) => AdmitError::Execution(unfit.reason).into(),
        }
    }
}

/// The block hash that becomes readable with block `number`, if there is one. Those of another chain's blocks, which
/// this chain was forked off, are unknown.
fn old_hash(executor: &Executor, number: BlockNumber) -> Result<Option<BlockHashAndNumber>, ExecutionError> {
    let storage = executor.storage();
    let Some(old) = number.0.checked_sub(BLOCK_HASH_LAG).map(BlockNumber) else { return Ok(None) };
    match storage.header(old)? {
        Some(header) => Ok(Some(BlockHashAndNumber { number: old, hash: header.block_hash })),
        None if storage.fork().is_some_and(|fork| old <= fork.number) => Ok(None),
        None => Err(ExecutionError::MissingBlock(old)),
    }
}

/// A transaction whose effects are in the session's state.
pub(super) struct Executed {
    pub(super) info: TransactionExecutionInfo,
    changes: StateMaps,
    pub(super) thread: Option<receipt::ThreadPart>,
}

impl Executed {
    fn finish(
        self,
        transaction: &PendingTransaction,
        constants: &VersionedConstants,
    ) -> Result<(Receipt, TransactionTrace), AdmitError> {
        let receipt = receipt::build(transaction, &self)?;
        let mut diff = ThinStateDiff::from(CommitmentStateDiff::from(self.changes));
        sort(&mut diff);
        Ok((receipt, trace::build(&self.info, diff, constants)))
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

/// Ends what takes too long, before anything of it is in the block.
fn in_time<R>(
    time: TimeLimits,
    unfit: Option<&Unfit>,
    execute: impl FnOnce() -> Result<R, Failure>,
) -> Result<R, Failure> {
    let is_again = unfit.is_some();
    let limit = move |mode| match mode {
        // It took less at the door, on the same state.
        ExecutionMode::Validate => time.validation.saturating_mul(2),
        ExecutionMode::Execute if is_again => Duration::MAX, // Only the fee's transfer.
        ExecutionMode::Execute => time.execution,
    };
    let (executed, ended) = watched(limit, Cancellation::default(), execute);
    match (ended, unfit) {
        (None, _) => executed,
        (Some(ExecutionMode::Execute), None) => Err(Unfit::too_long(time.execution).into()),
        (Some(mode), _) => Err(AdmitError::TooLong(limit(mode)).into()),
    }
}

/// Takes a transaction into the block if a block can hold what it did, and this one has room for it. What was dropped as
/// `unfit` is paid for, but not in the block.
fn close(
    bouncer: &Mutex<Bouncer>,
    context: &BlockContext,
    mut state: TransactionalState<'_, CachedState<ChainState>>,
    room: Option<usize>,
    info: &TransactionExecutionInfo,
    summary: &ExecutionSummary,
    unfit: Option<&Unfit>,
) -> Result<StateMaps, Failure> {
    let dropped = unfit.map_or(GasAmount(0), |unfit| unfit.gas(context));
    let l2_gas = GasAmount(info.receipt.gas.l2_gas.0.saturating_sub(dropped.0));
    if let Err(error) = receipt::check_messages(info) {
        return Err(Unfit::new(error.to_string(), info, context).into());
    }
    let diff = state.to_state_diff().map_err(AdmitError::from)?.state_maps;
    let (keys, builtins) = (diff.keys(), info.summarize_builtins());
    let weighed = verify_tx_weights_within_max_capacity(
        &state,
        summary,
        &builtins,
        &info.receipt.resources,
        &keys,
        &context.bouncer_config,
        context.versioned_constants(),
        l2_gas,
    );
    if let Err(error) = weighed {
        return Err(Unfit::too_large(error, info, context)?.into());
    }
    if room.is_some_and(|room| entries(&diff) > room) {
        return Err(Refusal::BlockFull.into());
    }
    let updated = bouncer.lock().unwrap_or_else(PoisonError::into_inner).try_update(
        &state,
        &keys,
        summary,
        &builtins,
        &info.receipt.resources,
        context.versioned_constants(),
        l2_gas,
    );
    match updated {
        Ok(()) => state.commit(),
        Err(TransactionExecutorError::BlockFull) => return Err(Refusal::BlockFull.into()),
        Err(error) => return Err(AdmitError::from(error).into()),
    }
    Ok(diff)
}

/// How many entries of the state these are.
fn entries(changes: &StateMaps) -> usize {
    [
        changes.storage.len(),
        changes.nonces.len(),
        changes.class_hashes.len(),
        changes.declared_contracts.len(),
    ]
    .into_iter()
    .fold(0, usize::saturating_add)
}
