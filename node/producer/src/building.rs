//! The open block: opened, filled, sealed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use starknet_api::block::{BlockHash, BlockNumber};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{
    AdmitError, BlockEnv, ExecutedInBlock, ExecutionError, OpenBlock, PendingTransaction, Refusal,
};
use zkthreads_mempool::Before;
use zkthreads_rpc_api::ChainEvent;
use zkthreads_storage::StorageError;

use crate::{BlockMode, Producer, ProducerError, REFRESH, report};

impl Producer {
    /// The open block; opened now if there is none.
    pub(crate) fn block(&mut self) -> Result<&mut OpenBlock, ExecutionError> {
        let block = match self.open.take() {
            Some(block) => block,
            None => self.opened(self.env())?,
        };
        Ok(self.open.insert(block))
    }

    /// Whether sealing the open block would make an empty one.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.as_ref().is_none_or(OpenBlock::is_empty)
    }

    /// Opens the block anew if it is still empty and time has gone on since. What gas costs in it has been shown already.
    pub(crate) fn refresh(&mut self) -> Result<(), ExecutionError> {
        let now = self.clock.next();
        let aged = self.open.take_if(|block| block.is_empty() && block.env().timestamp < now);
        let Some(aged) = aged else { return self.block().map(drop) };
        let env = BlockEnv { gas_prices: aged.env().gas_prices, ..self.env() };
        self.open = Some(self.opened(env)?);
        Ok(())
    }

    /// The same if nothing is in it yet, with the time and the prices of now.
    pub(crate) fn renew(&mut self) -> Result<(), ExecutionError> {
        self.open.take_if(|block| block.is_empty());
        self.block().map(drop)
    }

    /// A new block, which is shown.
    pub(crate) fn opened(&mut self, env: BlockEnv) -> Result<OpenBlock, ExecutionError> {
        let block = self.executor.open_block(env)?;
        self.show(&block);
        (self.filling_since, self.holds_others) = (None, false);
        Ok(block)
    }

    /// Shows a block that was opened to everybody, and to the mempool, which holds threads until there is one of their time.
    pub(crate) fn show(&self, block: &OpenBlock) {
        let shown = block.pre_confirmed();
        let (number, timestamp) = (shown.number(), shown.info().block_timestamp);
        self.feed.set_pre_confirmed(Some(shown));
        self.mempool.block_opened(number, timestamp);
    }

    /// What the next block would be opened with.
    pub(crate) fn env(&self) -> BlockEnv {
        BlockEnv {
            timestamp: self.clock.next(),
            may_be_older: self.clock.is_set(),
            gas_prices: self.gas_prices.clone(),
        }
    }

    /// Executes all that came before now and can be executed, threads included, so that whoever sends a transaction and
    /// then a command finds them in this order, on a machine of any speed. What comes meanwhile is left for later.
    pub(crate) fn catch_up(&mut self) -> Result<(), ProducerError> {
        let now = self.mempool.mark();
        while !self.mempool.is_closed() {
            if self.is_due() {
                self.seal()?;
            }
            match self.mempool.take_before(now, Instant::now() + REFRESH) {
                Before::Take(transaction) => self.take_in(*transaction)?,
                // Blocks go on meanwhile.
                Before::Verifying => {}
                Before::Nothing => break,
            }
        }
        Ok(())
    }

    /// Executes a transaction of the mempool's, if its validation saw what the block has. One from before is validated here, so
    /// that none overtakes another.
    pub(crate) fn take_in(&mut self, transaction: PendingTransaction) -> Result<(), ProducerError> {
        if self.is_validated(&transaction)? { self.take_in_as_it_is(transaction, false) } else { Ok(()) }
    }

    /// Whether a transaction can be executed without validating it before. If not, that is being done.
    fn is_validated(&mut self, transaction: &PendingTransaction) -> Result<bool, ProducerError> {
        if self.mempool.is_from_before(transaction.hash) {
            return Ok(true);
        }
        match self.block()?.is_validated(transaction) {
            Ok(true) => Ok(true),
            Ok(false) => {
                self.mempool.validate_again(transaction.hash);
                Ok(false)
            }
            // Executing it fails in the same way.
            Err(error) if is_passing(&error) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Executes a transaction, which may be `the_first` of its block because it had no room in the one before.
    fn take_in_as_it_is(
        &mut self,
        transaction: PendingTransaction,
        the_first: bool,
    ) -> Result<(), ProducerError> {
        let (hash, kind) = (transaction.hash, report::kind(&transaction));
        match self.execute(transaction) {
            Ok(_) => Ok(()),
            Err(Refusal::BlockFull) if self.is_empty() => {
                self.mempool.reject(hash, "the transaction does not fit into any block".to_owned());
                report::rejected(kind);
                Ok(())
            }
            Err(Refusal::BlockFull) => {
                self.mempool.put_back(hash);
                self.seal()?;
                if !the_first {
                    self.take_in_due()?;
                }
                // The first of the next block, which has room for it, or of the one after it, if threads left none: nothing is
                // executed more than twice, or three times in the strict form.
                let again = self.mempool.take_this(hash);
                again.map_or(Ok(()), |transaction| self.take_in_as_it_is(transaction, true))
            }
            Err(Refusal::Rejected { reason }) => self.rejected(hash, kind, *reason),
        }
    }

    /// Executes the threads that are due, where they have no place after anything else, for as long as they may be first.
    fn take_in_due(&mut self) -> Result<(), ProducerError> {
        while self.filled_for() < self.threads_share() {
            let Some(transaction) = self.mempool.take_due() else { break };
            if !self.is_validated(&transaction)? {
                continue;
            }
            let (hash, kind) = (transaction.hash, report::kind(&transaction));
            match self.execute(transaction) {
                Ok(_) => {}
                Err(Refusal::BlockFull) => {
                    self.mempool.put_back(hash);
                    break;
                }
                Err(Refusal::Rejected { reason }) => self.rejected(hash, kind, *reason)?,
            }
        }
        Ok(())
    }

    /// Executes transactions of the mempool's, which were in the open block when it was opened at another time, once more. The
    /// first that does not fit any more, and all after it, wait for the next block: sealing this one forgets what was taken. So
    /// does a thread for which this time is too early, and what its account sent after it.
    pub(crate) fn take_in_again(
        &mut self,
        transactions: Vec<PendingTransaction>,
    ) -> Result<(), ProducerError> {
        let (mut waiting, mut behind) = (Vec::new(), HashSet::new());
        let mut left = transactions.into_iter();
        let mut done = Ok(());
        while let Some(transaction) = left.next() {
            let (hash, kind) = (transaction.hash, report::kind(&transaction));
            let sender = transaction.sender();
            if behind.contains(&sender) || !self.mempool.is_due(hash) {
                behind.insert(sender);
                waiting.push(hash);
                continue;
            }
            done = match self.execute(transaction) {
                Ok(_) => continue,
                Err(Refusal::Rejected { reason }) => self.rejected(hash, kind, *reason),
                Err(Refusal::BlockFull) => Ok(()),
            };
            behind.insert(sender);
            if done.is_err() || self.mempool.taken(hash).is_some() {
                waiting.push(hash);
                waiting.extend(left.map(|later| later.hash));
                break;
            }
        }
        waiting.into_iter().for_each(|hash| self.mempool.put_back(hash));
        done
    }

    /// The open block cannot hold a transaction that was taken.
    fn rejected(
        &mut self,
        hash: TransactionHash,
        kind: &'static str,
        reason: AdmitError,
    ) -> Result<(), ProducerError> {
        match reason {
            AdmitError::Internal(error) if !is_passing(&error) => Err(error.into()),
            AdmitError::Unverified => {
                self.mempool.verify(hash);
                Ok(())
            }
            reason => {
                tracing::info!(hash = format_args!("{:#x}", hash.0), %reason, "transaction rejected");
                if matches!(reason, AdmitError::Internal(_)) {
                    self.mempool.give_up(hash, reason.to_string());
                } else {
                    self.mempool.reject(hash, reason.to_string());
                }
                report::rejected(kind);
                Ok(())
            }
        }
    }

    /// Executes a transaction in the open block and shows it.
    pub(crate) fn execute(
        &mut self,
        transaction: PendingTransaction,
    ) -> Result<Arc<ExecutedInBlock>, Refusal> {
        let kind = report::kind(&transaction);
        let block = self.block().map_err(AdmitError::from)?;
        let executed = block.execute(transaction)?;
        let (number, index) = (block.number(), block.len().saturating_sub(1));
        let shown = block.pre_confirmed();
        self.filling_since.get_or_insert_with(Instant::now);
        if self.filled_for() >= self.threads_share() {
            self.mempool.others_go_first();
        }
        report::executed(kind, &executed);
        self.feed.set_pre_confirmed(Some(shown));
        let transaction = Arc::clone(&executed);
        self.feed.publish(ChainEvent::PreConfirmed { number, index, transaction });
        Ok(executed)
    }

    /// Seals the open block, empty or not, commits it and opens the next one.
    pub(crate) fn seal(&mut self) -> Result<(BlockHash, BlockNumber), ProducerError> {
        let started = Instant::now();
        let block = match self.open.take() {
            Some(block) => block,
            None => self.executor.open_block(self.env())?,
        };
        let transactions = block.len();
        let committed = block.seal().and_then(|sealed| {
            let changed: Vec<_> = sealed.state_diff().nonces.keys().copied().collect();
            Ok((self.executor.commit(sealed)?, changed))
        });
        let (header, changed) = committed.inspect_err(|_| {
            // The failure to report is the first one.
            let _ = self.mempool.block_abandoned();
        })?;
        self.clock.used(header.block_header_without_hash.timestamp);
        self.put_off();
        report::block(&header, transactions, started.elapsed());
        if let Some(kept) = self.config.state_history {
            self.executor.storage().prune(kept)?;
        }
        self.mempool.block_committed(&changed)?;
        self.block()?;
        let made = (header.block_hash, header.block_header_without_hash.block_number);
        self.feed.publish(ChainEvent::Block(made.1, made.0));
        Ok(made)
    }

    /// Sets when the next block is due. One that took longer than the interval does not make others come in a burst.
    fn put_off(&mut self) {
        if let BlockMode::Interval(interval) = self.config.mode {
            let now = Instant::now();
            let due = if self.deadline <= now { self.deadline } else { now };
            self.deadline = (due + interval).max(now);
        }
    }
}

/// Whether the node goes on: what was forked cannot be read now, which is no failure of our own.
fn is_passing(error: &ExecutionError) -> bool {
    matches!(error, ExecutionError::Storage(StorageError::Base(_)))
}
