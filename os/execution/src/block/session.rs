//! One state on which transactions are executed one after the other: a block's, or a simulation's.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use blockifier::blockifier::config::TransactionExecutorConfig;
use blockifier::blockifier::transaction_executor::TransactionExecutor;
use blockifier::bouncer::Bouncer;
use blockifier::context::BlockContext;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::state::cached_state::{CachedState, CommitmentStateDiff, StateMaps, TransactionalState};
use blockifier::state::errors::StateError;
use blockifier::state::state_api::{StateReader, UpdatableState};
use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::transaction_execution::Transaction;
use blockifier::transaction::transactions::ExecutableTransaction;
use starknet_api::block::{BlockHashAndNumber, BlockNumber};
use starknet_api::state::ThinStateDiff;
use zkthreads_protocol::ThreadTransaction;
use zkthreads_storage::{ClassRecord, Receipt, ThreadTimes, TransactionTrace, is_changed};

use super::executed::{Executed, Execution};
use super::failure::Failure;
use super::order::sort;
use super::room::Room;
use super::{Refusal, aliases, without_execute};
use crate::blockifier_tx::to_blockifier;
use crate::busy::{Cancellation, TimeLimits, watched};
use crate::call_stack::CallStack;
use crate::error::{AdmitError, ExecutionError};
use crate::executor::Executor;
use crate::overlay::{Declared, Overlay};
use crate::state::ChainState;
use crate::thread::settle::{self, Forecast, SettledThread};
use crate::thread::{Scope, SettlingBlock};
use crate::transaction::{PendingBody, PendingTransaction};
use crate::unfit::Unfit;

/// How many blocks back the newest block hash lies that contracts can read; it is written when a block opens.
const BLOCK_HASH_LAG: u64 = blockifier::abi::constants::STORED_BLOCK_HASH_BUFFER;

pub(crate) struct Session {
    executor: Executor,
    /// What `inner` has come to, for others to read.
    state: ChainState,
    inner: TransactionExecutor<ChainState>,
    /// The block, with the times that its transactions saw so far.
    block: SettlingBlock,
    /// Most entries of the state that may change, once something has been executed; any number if absent.
    most_entries: Option<usize>,
    /// Whether a block is made of it; otherwise it answers questions only.
    will_be_sealed: bool,
}

impl Session {
    /// Opens the state after block `parent` for the block of the given context.
    pub(crate) fn open(
        executor: &Executor,
        parent: BlockNumber,
        context: BlockContext,
    ) -> Result<Self, ExecutionError> {
        let number = context.block_info().block_number;
        let timestamp = context.block_info().block_timestamp;
        // Of a fork's first block, it is another chain's: no thread is based on that.
        let before = executor.storage().header(parent)?;
        let before = before.map(|header| header.block_header_without_hash.timestamp).unwrap_or_default();
        let block = SettlingBlock::new(number, timestamp, before);
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
        Ok(Self {
            executor: executor.clone(),
            state,
            inner,
            block,
            most_entries: None,
            will_be_sealed: false,
        })
    }

    /// Continues an open block on a copy of its state.
    pub(crate) fn resume(
        executor: &Executor,
        state: ChainState,
        block: SettlingBlock,
        context: BlockContext,
    ) -> Self {
        let copy = CachedState::new(state.clone());
        let inner = TransactionExecutor::new(copy, context, TransactionExecutorConfig::default());
        Self { executor: executor.clone(), state, inner, block, most_entries: None, will_be_sealed: false }
    }

    pub(crate) fn number(&self) -> BlockNumber {
        self.context().block_info().block_number
    }

    /// The state after what was executed so far.
    pub(crate) fn state(&self) -> &ChainState {
        &self.state
    }

    /// The block as it stands in time.
    pub(crate) fn block(&self) -> SettlingBlock {
        self.block
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
    ) -> Result<Execution, Refusal> {
        let executed = self.executed(transaction, flags)?;
        Ok(executed.finish(transaction, self.context().versioned_constants())?)
    }

    /// As [`Self::execute`]; tells in which call the transaction failed besides, or why it is reverted otherwise.
    pub(crate) fn execute_and_explain(
        &mut self,
        transaction: &PendingTransaction,
        flags: ExecutionFlags,
    ) -> Result<(Receipt, TransactionTrace, Option<CallStack>), Refusal> {
        let executed = self.executed(transaction, flags)?;
        let failure = executed.info.revert_error.as_ref().map(CallStack::from);
        let finished = executed.finish(transaction, self.context().versioned_constants())?;
        let Execution { receipt, trace, .. } = finished;
        Ok((receipt, trace, failure))
    }

    fn executed(
        &mut self,
        transaction: &PendingTransaction,
        flags: ExecutionFlags,
    ) -> Result<Executed, Refusal> {
        let unbounded = self.context().versioned_constants().initial_gas_no_user_l2_bound();
        let prepared = to_blockifier(transaction, flags, unbounded).map_err(AdmitError::from)?;
        let executed = match self.attempt(transaction, &prepared, None) {
            Err(Failure::Unfit(unfit)) => {
                tracing::info!(hash = %transaction.hash, reason = unfit.reason, "its execution is dropped");
                self.attempt(transaction, &prepared, Some(&unfit))
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
        self.state.overlay.were_written_at(&executed.times);
        if let Some(time) = executed.saw {
            self.block.saw(time);
        }
        Ok(executed)
    }

    /// From now on all that sealing will read is read before a change is taken in. On a chain that was forked that may fail:
    /// then it is this change that cannot be made now, and not the whole block.
    pub(super) fn for_sealing(self) -> Self {
        Self { will_be_sealed: true, ..self }
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
        let read = read_before(state, changes);
        self.state.all_read()?;
        read?;
        aliases::read(&self.state, changes, &self.inner.block_context)?;
        state.apply_writes(changes, &HashMap::new());
        self.state.overlay.write(changes);
        Ok(())
    }

    /// Takes over what another session on the same state has come to.
    pub(super) fn adopt(&mut self, overlay: &Overlay, block: SettlingBlock) -> Result<(), ExecutionError> {
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
        self.block = block;
        Ok(())
    }

    /// When of what has changed so far that was written which sub-blocks wrote.
    pub(super) fn thread_times(&self, diff: &ThinStateDiff) -> ThreadTimes {
        let mut times: ThreadTimes = self.state.overlay.thread_times().collect();
        times.retain(|((contract, cell), _)| is_changed(diff, *contract, *cell));
        times.sort_unstable_by_key(|(cell, _)| *cell);
        times
    }

    /// What has changed so far, with the aliases that it gets. It reads nothing that was not read before.
    pub(crate) fn finalize(&mut self) -> Result<ThinStateDiff, ExecutionError> {
        let state = self.inner.block_state.as_mut().ok_or_else(state_is_gone)?;
        aliases::allocate(state, &self.inner.block_context)?;
        let changes = state.to_state_diff()?.state_maps;
        let mut diff = ThinStateDiff::from(CommitmentStateDiff::from(changes));
        sort(&mut diff);
        Ok(diff)
    }

    /// The values that execution has fetched from the state below so far.
    pub(crate) fn initial_reads(&self) -> Result<StateMaps, ExecutionError> {
        Ok(self.inner.block_state.as_ref().ok_or_else(state_is_gone)?.get_initial_reads()?)
    }

    /// Every check that settling the thread would run, and the gas that settling would cost. Nothing changes.
    pub(crate) fn check_thread(&mut self, thread: &ThreadTransaction) -> Result<Forecast, ExecutionError> {
        let scope = Scope::new(&self.executor, self.block, &self.state, thread);
        let context = Arc::clone(&self.inner.block_context);
        let state = self.inner.block_state.as_mut().ok_or_else(state_is_gone)?;
        settle::check(&scope, &context, &mut TransactionalState::create_transactional(state))
    }

    /// Executes a transaction, or, with `unfit`, all of it but its `__execute__`. A panic inside blockifier ends here.
    fn attempt(
        &mut self,
        transaction: &PendingTransaction,
        prepared: &Transaction,
        unfit: Option<&Unfit>,
    ) -> Result<Executed, Failure> {
        // What could not be read for others before is not this transaction's business.
        let _ = self.state.all_read();
        let executed = catch_unwind(AssertUnwindSafe(|| match (&transaction.body, prepared) {
            (PendingBody::Thread(thread), Transaction::Account(envelope)) => {
                self.execute_thread(thread, transaction.deferred, envelope, unfit)
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

    /// The room that a transaction finds.
    fn room(&self) -> Room {
        Room {
            context: Arc::clone(&self.inner.block_context),
            bouncer: Arc::clone(&self.inner.bouncer),
            before: self.state.clone(),
            most_entries: self.most_entries,
            will_be_sealed: self.will_be_sealed,
        }
    }

    fn execute_ordinary(
        &mut self,
        transaction: &Transaction,
        unfit: Option<&Unfit>,
    ) -> Result<Executed, Failure> {
        let (room, context) = (self.room(), Arc::clone(&self.inner.block_context));
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
        let changes = room.take_in(state, &info, &summary, unfit)?;
        let saw = Some(self.block.timestamp);
        Ok(Executed { info, changes, times: ThreadTimes::new(), saw, thread: None })
    }

    fn execute_thread(
        &mut self,
        thread: &ThreadTransaction,
        deferred: bool,
        envelope: &AccountTransaction,
        unfit: Option<&Unfit>,
    ) -> Result<Executed, Failure> {
        let scope = Scope::new(&self.executor, self.block, &self.state, thread);
        let scope = Scope { deferred, ..scope };
        let (room, context) = (self.room(), Arc::clone(&self.inner.block_context));
        let mut state = TransactionalState::create_transactional(block_state(&mut self.inner)?);
        let SettledThread { info, settled, outcome, times, saw, summary } =
            in_time(self.executor.time_limits(), unfit, || {
                Ok(settle::execute(&scope, &context, &mut state, envelope, unfit)?)
            })?;
        self.state.all_read().map_err(AdmitError::from)?;
        let changes = room.take_in(state, &info, &summary, unfit)?;
        let times = times.of_segments(&changes);
        Ok(Executed { info, changes, times, saw, thread: Some((settled, outcome)) })
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

fn block_state(
    executor: &mut TransactionExecutor<ChainState>,
) -> Result<&mut CachedState<ChainState>, AdmitError> {
    executor.block_state.as_mut().ok_or_else(|| AdmitError::Internal(state_is_gone()))
}

/// Reads what is about to change: blockifier cannot build a state diff of a nonce or a class hash that it never read, and would
/// read cells when the block is sealed, where a failure would be the block's.
fn read_before(state: &CachedState<ChainState>, changes: &StateMaps) -> Result<(), StateError> {
    for contract in changes.nonces.keys() {
        state.get_nonce_at(*contract)?;
    }
    for contract in changes.class_hashes.keys() {
        state.get_class_hash_at(*contract)?;
    }
    for (contract, key) in changes.storage.keys() {
        state.get_storage_at(*contract, *key)?;
    }
    Ok(())
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
