//! A sub-block to which transactions are still added.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use blockifier::context::BlockContext;
use blockifier::execution::visited::{Visited, visited_in};
use blockifier::state::cached_state::{CachedState, StateMaps};
use blockifier::state::state_api::StateReader;
use starknet_api::core::ClassHash;
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::busy::{Cancellation, within};
use zkthreads_execution::{ChainState, ClassSource};
use zkthreads_protocol::InnerTransaction;
use zkthreads_protocol::limits::MAX_INNER_TRANSACTIONS;

use crate::account::Execution;
use crate::account_call::state_error;
use crate::below::{InThreads, OnTop, SubBlockState};
use crate::code::ClassUse;
use crate::context::block_context;
use crate::fresh::{Filling, FreshCells, FreshCounts};
use crate::inner::ExecutedInner;
use crate::left_out::{LeftOut, LeftOutReason};
use crate::size::Size;
use crate::{ExecutedSubBlock, SubBlockContext, SubBlockError, account, outcome};

/// A sub-block that grows transaction by transaction. What a transaction did is in the state at once; one that is left
/// out has changed nothing.
pub struct OpenSubBlock<S: SubBlockState = ChainState> {
    below: S,
    /// `below` with all that was written since.
    state: S,
    context: SubBlockContext,
    block_context: Arc<BlockContext>,
    executed: Vec<Arc<ExecutedInner>>,
    size: Size,
    fresh: FreshCells,
}

/// Whether a transaction is taken, or was before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Now,
    Before,
}

impl<S: SubBlockState> OpenSubBlock<S> {
    /// A sub-block without transactions on top of `below`: the state of `context.base_block`, or of a later block, or
    /// what is to come of it by other sub-blocks.
    #[must_use]
    pub fn open(below: S, context: SubBlockContext) -> Self {
        let block_context = Arc::new(block_context(&context));
        let state = below.clone();
        let (size, fresh) = (Size::default(), FreshCells::default());
        Self { below, state, context, block_context, executed: Vec::new(), size, fresh }
    }

    /// Executes a transaction after those already in the sub-block.
    ///
    /// # Errors
    /// If it is left out; see [`LeftOutReason`]. Four of the reasons are no verdict on the transaction:
    /// [`LeftOutReason::Unreadable`], [`LeftOutReason::Full`], [`LeftOutReason::StaleBase`] and
    /// [`LeftOutReason::FreshCellsSpent`].
    pub fn execute(&mut self, transaction: InnerTransaction) -> Result<Arc<ExecutedInner>, Box<LeftOut>> {
        self.execute_as(Taken::Now, transaction)
    }

    /// The same with one that was in a sub-block before and was acknowledged: it is not left out for the fresh cells that its
    /// account makes, though they count for what the account sends after it.
    ///
    /// # Errors
    /// As [`Self::execute`], but neither [`LeftOutReason::TooManyFreshCells`] nor [`LeftOutReason::FreshCellsSpent`].
    pub fn execute_again(
        &mut self,
        transaction: InnerTransaction,
    ) -> Result<Arc<ExecutedInner>, Box<LeftOut>> {
        self.execute_as(Taken::Before, transaction)
    }

    fn execute_as(
        &mut self,
        taken: Taken,
        transaction: InnerTransaction,
    ) -> Result<Arc<ExecutedInner>, Box<LeftOut>> {
        let hash = match transaction.hash(&self.context.chain_id) {
            Ok(hash) => hash,
            Err(error) => {
                let (hash, reason) = (TransactionHash::default(), error.to_string());
                return Err(Box::new(LeftOut { transaction, hash, reason: LeftOutReason::Hash { reason } }));
            }
        };
        match self.try_execute(taken, &transaction, hash) {
            Ok(executed) => {
                self.include(&executed);
                Ok(executed)
            }
            Err(reason) => {
                tracing::debug!(%hash, %reason, "inner transaction left out");
                Err(Box::new(LeftOut { transaction, hash, reason }))
            }
        }
    }

    fn try_execute(
        &mut self,
        taken: Taken,
        transaction: &InnerTransaction,
        hash: TransactionHash,
    ) -> Result<Arc<ExecutedInner>, LeftOutReason> {
        // What could not be read for others before is not this transaction's business.
        let _ = self.state.take_failure();
        let run = || catch_unwind(AssertUnwindSafe(|| self.run(transaction, hash)));
        let max_time = self.context.max_time;
        let executed = within(max_time, Cancellation::default(), run);
        if let Some(reason) = self.state.take_failure() {
            return Err(LeftOutReason::Unreadable { reason });
        }
        let executed = executed.map_err(|_| LeftOutReason::TooLong(max_time))?;
        let executed = executed.unwrap_or(Err(LeftOutReason::Panic))?;
        let is_stale = self.is_too_old_for(&executed);
        if let Some(reason) = self.state.take_failure() {
            return Err(LeftOutReason::Unreadable { reason });
        }
        if is_stale? {
            return Err(LeftOutReason::StaleBase);
        }
        self.check_room(taken, &executed)?;
        Ok(Arc::new(executed))
    }

    /// Whether a transaction may be in this sub-block. What no sub-block takes is told first: this one is not to be completed
    /// for its sake.
    fn check_room(&self, taken: Taken, executed: &ExecutedInner) -> Result<(), LeftOutReason> {
        let has_room = self.has_room(executed);
        let max_steps = self.context.max_steps;
        if !has_room
            && let Some((limit, size, max)) = Size::default().counts_with(executed).exceeds(max_steps)
        {
            return Err(LeftOutReason::TooLarge { limit, size, max });
        }
        match self.overspent(executed).filter(|_| taken == Taken::Now) {
            Some(reason @ LeftOutReason::TooManyFreshCells { .. }) => Err(reason),
            _ if !has_room => Err(LeftOutReason::Full),
            Some(reason) => Err(reason),
            None => Ok(()),
        }
    }

    /// Whether a transaction fits into this sub-block.
    fn has_room(&self, executed: &ExecutedInner) -> bool {
        let FreshCounts { in_all, .. } = self.fresh.counts_with(executed.sender(), &executed.filling);
        let has_cells = self.context.max_fresh_cells.is_none_or(|max| in_all <= max);
        self.size.counts_with(executed).exceeds(self.context.max_steps).is_none()
            && (has_cells || self.executed.is_empty())
    }

    /// Why its account may not make the fresh cells that a transaction makes, if it may not.
    fn overspent(&self, executed: &ExecutedInner) -> Option<LeftOutReason> {
        let (account, max) = (executed.sender(), self.context.max_fresh_cells_per_account?);
        let after = self.fresh.counts_with(account, &executed.filling).of_account;
        let alone = FreshCells::default().counts_with(account, &executed.filling).of_account;
        match (after > max, alone > max) {
            (false, _) => None,
            (true, true) => Some(LeftOutReason::TooManyFreshCells { account, cells: alone, max }),
            (true, false) => Some(LeftOutReason::FreshCellsSpent { account, cells: after, max }),
        }
    }

    /// Adds what has room.
    fn include(&mut self, executed: &Arc<ExecutedInner>) {
        self.size.add(executed);
        self.fresh.add(executed.sender(), &executed.filling);
        self.state.write(&executed.changes, self.context.base_block.time());
        self.executed.push(Arc::clone(executed));
    }

    /// Whether something that a transaction depends on is of a later time than the sub-block.
    fn is_too_old_for(&self, executed: &ExecutedInner) -> Result<bool, LeftOutReason> {
        let base = self.context.base_block.time();
        for cell in &executed.accesses.reads {
            if self.state.is_newer(base, cell).map_err(state_error)? {
                return Ok(true);
            }
        }
        for class_hash in executed.classes.keys() {
            if self.state.is_declared_after(base.number, *class_hash).map_err(state_error)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Executes on a snapshot, which is dropped: nothing that one transaction read is kept for another.
    fn run(
        &self,
        transaction: &InnerTransaction,
        hash: TransactionHash,
    ) -> Result<ExecutedInner, LeftOutReason> {
        let mut state = CachedState::new(InThreads(self.state.clone()));
        let max_steps = self.context.max_steps.unwrap_or(u64::MAX);
        let run = || account::run(&mut state, &self.state, &self.block_context, transaction, hash, max_steps);
        let (execution, visited) = visited_in(run);
        let execution = execution?;
        let changes = state.to_state_diff().map_err(state_error)?.state_maps;
        self.check_writable(&changes)?;
        let filling = Filling::new(&self.state, &changes).map_err(state_error)?;
        let classes = self.uses(&execution, visited)?;
        let constants = self.block_context.versioned_constants();
        ExecutedInner::new(transaction.clone(), hash, execution, (changes, filling), classes, constants)
    }

    /// The classes that ran or were given, and which parts of them ran.
    fn uses(
        &self,
        execution: &Execution,
        mut visited: Visited,
    ) -> Result<BTreeMap<ClassHash, ClassUse>, LeftOutReason> {
        let classes = execution.touched.classes.iter().map(|class_hash| {
            let code = self.context.codes.of(&self.state, *class_hash).map_err(state_error)?;
            Ok((*class_hash, ClassUse { code, visited: visited.remove(class_hash).unwrap_or_default() }))
        });
        classes.collect()
    }

    /// Whether all that was changed may be.
    fn check_writable(&self, changes: &StateMaps) -> Result<(), LeftOutReason> {
        let Some(writable) = &self.context.writable else { return Ok(()) };
        let written = changes.storage.keys().map(|(contract, _)| contract).chain(changes.class_hashes.keys());
        match written.filter(|contract| !writable.contains(contract)).min() {
            None => Ok(()),
            Some(contract) => Err(LeftOutReason::OutsideThread { contract: *contract }),
        }
    }

    /// Adds a transaction as another sub-block over the same base block executed it, without doing that again: the caller
    /// has made sure that every cell which it read holds the same here, and is not newer than the base block.
    ///
    /// # Errors
    /// [`LeftOutReason::Full`]
    pub fn adopt(&mut self, executed: &Arc<ExecutedInner>) -> Result<(), LeftOutReason> {
        if !self.has_room(executed) {
            return Err(LeftOutReason::Full);
        }
        self.include(executed);
        Ok(())
    }

    /// The state after its transactions.
    #[must_use]
    pub fn state(&self) -> &S {
        &self.state
    }

    /// Puts the sub-block on top of another state, in which every cell that its transactions read, and that none of
    /// them wrote before, holds what it held, and is not newer than the base block: the caller has made sure.
    pub fn rebase(&mut self, below: S) {
        self.state = below.clone();
        for executed in &self.executed {
            self.state.write(&executed.changes, self.context.base_block.time());
        }
        self.below = below;
    }

    /// What its transactions see around them.
    #[must_use]
    pub fn context(&self) -> &SubBlockContext {
        &self.context
    }

    /// Its transactions, in order.
    #[must_use]
    pub fn executed(&self) -> &[Arc<ExecutedInner>] {
        &self.executed
    }

    /// How many transactions it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.executed.len()
    }

    /// Whether it holds no transaction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.executed.is_empty()
    }

    /// About how many steps the thread OS will take for it.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.size.counts().steps()
    }

    /// How many cells its transactions read and write: each counts for every transaction that does.
    #[must_use]
    pub fn accesses(&self) -> usize {
        self.size.counts().accesses()
    }

    /// Length of its statement, felts.
    #[must_use]
    pub fn felts(&self) -> usize {
        self.size.counts().felts()
    }

    /// Size of its package without the proof, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.size.counts().bytes()
    }

    /// The sub-block as it is now.
    ///
    /// # Errors
    /// If it is empty, or the state cannot be read.
    pub fn close(&self) -> Result<ExecutedSubBlock, SubBlockError> {
        outcome::close(&self.below, &self.state, &self.context, &self.executed, &self.size)
    }
}

/// Executes `transactions` in order on top of `state`, the state of `context.base_block` or of a later block.
///
/// # Errors
/// If the state cannot be read, nothing can be included, or the sub-block is too large. A transaction that fails is
/// not an error: it is left out.
pub fn execute<S: StateReader + ClassSource>(
    state: S,
    context: &SubBlockContext,
    transactions: Vec<InnerTransaction>,
) -> Result<ExecutedSubBlock, SubBlockError> {
    if transactions.len() > MAX_INNER_TRANSACTIONS {
        return Err(SubBlockError::TooMany { transactions: transactions.len() });
    }
    let mut open = OpenSubBlock::open(OnTop::new(&state), context.clone());
    let mut all_left_out = Vec::new();
    for transaction in transactions {
        match open.execute(transaction) {
            Ok(_) => {}
            Err(left_out) if left_out.reason == LeftOutReason::Full => {
                return Err(SubBlockError::Full { transactions: open.len() });
            }
            Err(left_out) => all_left_out.push(*left_out),
        }
    }
    if open.is_empty() {
        return Err(SubBlockError::Empty { left_out: all_left_out });
    }
    Ok(ExecutedSubBlock { left_out: all_left_out, ..open.close()? })
}
