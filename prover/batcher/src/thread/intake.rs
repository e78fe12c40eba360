//! Users' transactions: taken in groups, executed one after the other, recorded together, answered in order.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::{PendingTransaction, SimulateError, SimulationFlags, Submission};
use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::{InnerRefusal, ThreadLimit};
use zkthreads_storage::JournalPlace;
use zkthreads_sub_block::LeftOutReason;

use super::error::Stopped;
use super::landed;
use super::outage::Outage;
use super::plan::{MAX_FORECAST, is_plenty};
use super::shared::Shared;
use super::waiting::{NoWaiting, is_near};
use super::wall_clock::unix_millis;
use super::work::{Fresh, Work};

/// Most transactions on their way to the sequencer.
const MAX_QUEUED: usize = 1_024;
/// Most transactions that are recorded together.
pub(super) const MAX_GROUP: usize = 32;

/// A transaction that somebody waits to be answered.
pub(super) struct Arrival {
    hash: TransactionHash,
    transaction: InnerTransaction,
    /// Milliseconds since 1970.
    received_at: u64,
    at: Instant,
    answer: SyncSender<Result<TransactionHash, InnerRefusal>>,
}

/// Sends a transaction to the sequencer and waits for the answer.
pub(super) fn submit(
    send: impl FnOnce(Arrival) -> Result<(), Stopped>,
    shared: &Arc<Shared>,
    transaction: InnerTransaction,
) -> Result<TransactionHash, InnerRefusal> {
    let at = Instant::now();
    let hash = transaction
        .hash(&shared.chain_id)
        .map_err(|error| InnerRefusal::NotProvable { reason: error.to_string() })?;
    let _queued = Queued::new(shared)?;
    let (answer, answered) = sync_channel(1);
    let arrival = Arrival { hash, transaction, received_at: unix_millis(), at, answer };
    let stopped = || InnerRefusal::Unavailable { reason: "it is shutting down".to_owned() };
    send(arrival).map_err(|_| stopped())?;
    answered.recv().map_err(|_| stopped())?
}

/// A place among the transactions on their way to the sequencer.
struct Queued<'a>(&'a Shared);

impl<'a> Queued<'a> {
    fn new(shared: &'a Shared) -> Result<Self, InnerRefusal> {
        let queued = Self(shared);
        if shared.queued.fetch_add(1, Ordering::Relaxed) < MAX_QUEUED {
            return Ok(queued);
        }
        Err(InnerRefusal::Full { limit: ThreadLimit::Arriving, capacity: MAX_QUEUED })
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Arrival {
    /// Answers.
    pub(super) fn answer(self, result: Result<TransactionHash, InnerRefusal>, shared: &Shared) {
        if result.is_ok() {
            shared.figures.lock().answered(self.at.elapsed());
        }
        // Whoever asked may have gone.
        let _ = self.answer.send(result);
    }

    /// Answers that nothing can be taken now.
    pub(super) fn refuse(self, outage: &Outage) {
        let refusal = match outage {
            Outage::State { reason } => InnerRefusal::StateUnavailable { reason: reason.clone() },
            Outage::Journal { reason } => InnerRefusal::NotRecorded { reason: reason.clone() },
        };
        let _ = self.answer.send(Err(refusal));
    }
}

impl Work {
    /// Takes transactions, and records those that are taken. Nobody is answered yet.
    pub(super) fn take_in(
        &mut self,
        arrivals: &[Arrival],
    ) -> Result<Vec<Result<TransactionHash, InnerRefusal>>, Outage> {
        let mut results = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            results.push(self.take(arrival)?.map(|()| arrival.hash));
        }
        self.end_turn()?;
        Ok(results)
    }

    fn take(&mut self, arrival: &Arrival) -> Result<Result<(), InnerRefusal>, Outage> {
        let Arrival { hash, transaction, received_at, .. } = arrival;
        let (hash, received_at) = (*hash, *received_at);
        if self.ledger.has(hash) || self.turn.is_fresh(hash) {
            return Ok(Err(InnerRefusal::Duplicate));
        }
        if let Err(refusal) = self.has_room(transaction).and_then(|()| self.is_in_time()) {
            return Ok(Err(refusal));
        }
        let (account, found) = (transaction.as_invoke().sender_address, transaction.as_invoke().nonce);
        let expected = match self.unsettled.state().nonce(account) {
            Ok(expected) => expected,
            Err(error) => return Ok(Err(InnerRefusal::StateUnavailable { reason: error.to_string() })),
        };
        if found < expected {
            let is_known = landed::block_of(self.executor.storage(), hash)?.is_some();
            let refusal = InnerRefusal::Nonce { account, expected, found };
            return Ok(Err(if is_known { InnerRefusal::Duplicate } else { refusal }));
        }
        // What the chain would not take by itself could not be sent there, if it came to that; and the node refuses every package
        // that brings it.
        let invoke = || Submission::Invoke(transaction.as_invoke().clone());
        let prepared = self.executor.check_inner(transaction);
        let pending = match prepared.and_then(|()| self.executor.prepare(invoke(), false)) {
            Ok(pending) => pending,
            Err(error) => return Ok(Err(InnerRefusal::NotProvable { reason: error.to_string() })),
        };
        let fresh = Fresh { hash, transaction: transaction.clone(), received_at };
        if found > expected {
            let allowed = self.may_wait(account, expected, pending);
            if allowed.is_ok() {
                self.waiting.add(hash, transaction.clone(), Instant::now());
                self.turn.places.push((hash, JournalPlace::Waiting));
                self.turn.fresh.push(fresh);
            }
            return Ok(allowed);
        }
        match self.execute(transaction.clone())? {
            Ok(_) => {
                self.turn.fresh.push(fresh);
                self.promote(account)?;
                Ok(Ok(()))
            }
            Err(left_out) => Ok(Err(self.refusal(left_out.reason))),
        }
    }

    /// Whether what is taken now can settle: a node holds nothing for longer than the longest forecast.
    fn is_in_time(&self) -> Result<(), InnerRefusal> {
        if is_plenty(self.rules.limits(self.base_block())) {
            return Ok(());
        }
        let now = Instant::now();
        let forecast = self.shared.figures.lock().forecasts.all(now).as_secs();
        let ahead = self.next_base().timestamp.0.saturating_sub(self.clock.at(now).0);
        let (seconds, max) = (forecast.max(ahead), MAX_FORECAST.as_secs());
        if seconds > max { Err(InnerRefusal::Busy { seconds, max }) } else { Ok(()) }
    }

    /// Executes what of `account` waits for no other any more.
    pub(super) fn promote(&mut self, account: ContractAddress) -> Result<(), Outage> {
        loop {
            let (nonce, open) = (self.unsettled.state().nonce(account)?, self.unsettled.open.seed.id);
            let Some(waiter) = self.waiting.take_for(account, nonce, open) else { return Ok(()) };
            let Err(left_out) = self.execute(waiter.transaction.clone())? else { continue };
            match left_out.reason {
                LeftOutReason::Unreadable { reason } => return Err(Outage::State { reason }),
                // It was acknowledged, so it is not refused. The open sub-block may be another one by now.
                LeftOutReason::FreshCellsSpent { .. } => {
                    self.waiting.hold(waiter, self.unsettled.open.seed.id, Instant::now());
                    return Ok(());
                }
                reason => self.reject(waiter.hash, reason.to_string()),
            }
        }
    }

    /// Executes what waits for no other any more, and finds what will never be executed.
    pub(super) fn look_after_waiting(&mut self) -> Result<(), Outage> {
        for (account, mut lowest) in self.waiting.accounts() {
            let nonce = self.unsettled.state().nonce(account)?;
            while lowest < nonce {
                if let Some(waiter) = self.waiting.take(account, lowest) {
                    match landed::block_of(self.executor.storage(), waiter.hash)? {
                        Some(block) => {
                            self.turn.places.push((waiter.hash, JournalPlace::OnChain { block }));
                        }
                        None => {
                            let reason = "another transaction of the account has its nonce".to_owned();
                            self.reject(waiter.hash, reason);
                        }
                    }
                }
                let rest = self.waiting.accounts().into_iter().find(|(other, _)| *other == account);
                let Some((_, next)) = rest else { break };
                lowest = next;
            }
            self.promote(account)?;
        }
        Ok(())
    }

    /// Rejects what has waited for too long.
    pub(super) fn drop_expired(&mut self, now: Instant) {
        let patience = self.rules.config.waiting_time;
        for waiter in self.waiting.take_expired(now, patience, self.unsettled.open.seed.id) {
            let reason = format!(
                "no transaction of the account with a lower nonce came within {} seconds",
                patience.as_secs()
            );
            self.reject(waiter.hash, reason);
        }
    }

    /// Notes that a transaction ends here.
    pub(super) fn reject(&mut self, hash: TransactionHash, reason: String) {
        let block = self.base_block().number;
        self.turn.places.push((hash, JournalPlace::Rejected { reason, block }));
    }

    /// Whether a transaction whose nonce is ahead may wait. Its account has to accept it as it is, or strangers could take
    /// the place of the account's own.
    fn may_wait(
        &self,
        account: ContractAddress,
        expected: Nonce,
        pending: PendingTransaction,
    ) -> Result<(), InnerRefusal> {
        let found = pending.nonce();
        let nonce = InnerRefusal::Nonce { account, expected, found };
        if !is_near(found, expected) {
            return Err(nonce);
        }
        self.waiting.has_room(account, found).map_err(|no_room| match no_room {
            NoWaiting::Taken => nonce,
            NoWaiting::Full { limit, capacity } => InnerRefusal::Full { limit, capacity },
        })?;
        let unavailable = |reason: String| InnerRefusal::StateUnavailable { reason };
        match self.unsettled.state().class_hash(account) {
            Ok(class) if class == Default::default() => return Err(InnerRefusal::NotDeployed { account }),
            Ok(_) => {}
            Err(error) => return Err(unavailable(error.to_string())),
        }
        let at = self.pre_confirmed().map_err(|outage| unavailable(outage.to_string()))?;
        let flags =
            SimulationFlags { skip_validate: false, skip_fee_charge: true, nonces_may_be_ahead: true };
        match self.executor.simulate(at, vec![pending], flags) {
            Ok(_) => Ok(()),
            Err(SimulateError::Transaction { error, .. }) => {
                Err(InnerRefusal::Validate { reason: error.to_string() })
            }
            Err(error) => Err(unavailable(error.to_string())),
        }
    }

    /// Why a transaction that was not executed is refused.
    fn refusal(&self, reason: LeftOutReason) -> InnerRefusal {
        match reason {
            LeftOutReason::Nonce { account, expected, found } => {
                InnerRefusal::Nonce { account, expected, found }
            }
            LeftOutReason::NotDeployed { account } => InnerRefusal::NotDeployed { account },
            LeftOutReason::Validate { .. } | LeftOutReason::ValidateReturn { .. } => {
                InnerRefusal::Validate { reason: reason.to_string() }
            }
            LeftOutReason::OutsideThread { contract } => InnerRefusal::OutsideThread { contract },
            LeftOutReason::TooManyFreshCells { account, cells, max } => {
                InnerRefusal::TooManyFreshCells { account, cells, max }
            }
            LeftOutReason::FreshCellsSpent { account, cells, max } => {
                InnerRefusal::FreshCellsSpent { account, cells, max, seconds: self.left_of_open() }
            }
            LeftOutReason::Unreadable { reason } => InnerRefusal::StateUnavailable { reason },
            LeftOutReason::StaleBase => InnerRefusal::StateUnavailable { reason: reason.to_string() },
            LeftOutReason::Abort { .. }
            | LeftOutReason::Syscall { .. }
            | LeftOutReason::LegacyClass { .. }
            | LeftOutReason::UnhardenedClass { .. }
            | LeftOutReason::Message { .. }
            | LeftOutReason::TooLarge { .. }
            | LeftOutReason::TooLong(_)
            | LeftOutReason::Hash { .. }
            | LeftOutReason::Panic
            | LeftOutReason::Full
            | LeftOutReason::State { .. } => InnerRefusal::NotProvable { reason: reason.to_string() },
        }
    }

    /// In how many seconds the open sub-block is complete for its age, if a prover is free then; the one that has begun counts.
    fn left_of_open(&self) -> u64 {
        let age = self.unsettled.open.since.map(|since| since.elapsed()).unwrap_or_default();
        self.rules.config.max_age.saturating_sub(age).as_secs().saturating_add(1)
    }
}
