//! The pool's bookkeeping.
//!
//! Transactions of one account execute in the order of their nonces; over all accounts, whichever can execute and
//! offers the highest tip goes first, and of several the one that came first; but threads go before, in the order of
//! their times ([`crate::turn`]). A transaction is *waiting* (behind a nonce gap, for its proof's verdict, *held* until
//! its time has come, or ready to be taken), *taken* (in the block under construction), or gone, in which case a
//! rejection may be remembered.
//!
//! What others must be told (the journal, listeners, the verification workers) is put into an [`Outbox`].

pub(crate) mod contents;
mod room;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use starknet_api::block::BlockTimestamp;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{KeptVerdict, PendingTransaction};
use zkthreads_rpc_api::{PoolStatus, SubmitError};
use zkthreads_storage::{Dropped, RejectedTransaction};

use crate::account::{AccountQueue, Condition, ProofRequest, successor};
use crate::limits::MempoolLimits;
use crate::offenders::Offenders;
use crate::rejections::Rejections;
use crate::turn::{OpenedBlock, Priority};
use crate::usage::Usages;
use crate::waiting::{Arrival, Proof, Seconds, Waiting};
use crate::weight::weight;

#[derive(Debug)]
pub(crate) struct Pool {
    limits: MempoolLimits,
    accounts: HashMap<ContractAddress, AccountQueue>,
    /// Heads of the accounts' queues that can execute, the best first.
    ready: BTreeMap<Priority, ContractAddress>,
    /// Heads that could, were it time; those that are due next first.
    held: BTreeSet<(BlockTimestamp, ContractAddress)>,
    block: OpenedBlock,
    /// Whether threads that are due still come before all that offers a tip.
    threads_go_first: bool,
    /// Where each waiting transaction is.
    places: HashMap<TransactionHash, (ContractAddress, Nonce)>,
    /// The same, the oldest first.
    by_age: BTreeMap<Arrival, (ContractAddress, Nonce)>,
    taken: HashMap<TransactionHash, Waiting>,
    rejections: Rejections,
    offenders: Offenders,
    arrivals: Arrival,
    /// By what waits and what is taken.
    usages: Usages,
    outbox: Outbox,
}

/// What others must be told of.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Transactions that the pool holds no longer, and why.
    pub(crate) dropped: Dropped,
    /// Transactions that are to be validated again.
    pub(crate) validations: Vec<PendingTransaction>,
    /// Threads whose proofs are to be looked at.
    pub(crate) proofs: Vec<ProofRequest>,
}

/// What putting a transaction in takes.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Its account's next nonce.
    next: Nonce,
    /// What must go to make room.
    victims: Vec<(ContractAddress, Nonce)>,
}

impl Pool {
    pub(crate) fn new(limits: MempoolLimits) -> Self {
        Self {
            limits,
            accounts: HashMap::new(),
            ready: BTreeMap::new(),
            held: BTreeSet::new(),
            block: OpenedBlock::default(),
            threads_go_first: true,
            places: HashMap::new(),
            by_age: BTreeMap::new(),
            taken: HashMap::new(),
            rejections: Rejections::new(limits.rejections),
            offenders: Offenders::default(),
            arrivals: 0,
            usages: Usages::default(),
            outbox: Outbox::default(),
        }
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When the first thread is due that waits for nothing but that.
    pub(crate) fn next_due(&self) -> Option<BlockTimestamp> {
        self.held.first().map(|(due_at, _)| *due_at)
    }

    /// Whether a transaction that came before `mark` waits for nothing but a verdict or a validation: its own, or one of its
    /// account's that is under way and after which its own comes. Accounts whose proofs come last make nobody wait, nor does
    /// a thread whose time has not come.
    pub(crate) fn is_verifying_before(&self, mark: Arrival) -> bool {
        let mut heads = self.accounts.iter().filter_map(|(account, queue)| Some((account, queue.head()?)));
        heads.any(|(account, head)| {
            head.arrival < mark
                && !head.is_ready()
                && self.block.may_take(head)
                && !self.offenders.contains(*account)
        })
    }

    /// Whether a transaction that could execute is being validated again.
    pub(crate) fn is_validating(&self) -> bool {
        let mut heads = self.accounts.values().filter_map(AccountQueue::head);
        heads.any(|head| head.in_validation && self.block.may_take(head))
    }

    pub(crate) fn usages(&self) -> Usages {
        self.usages
    }

    /// Accounts that the pool knows a transaction of.
    pub(crate) fn accounts(&self) -> Vec<ContractAddress> {
        self.accounts.keys().copied().collect()
    }

    /// Those whose next nonces a block may have changed: which it names, or of which transactions were taken for it.
    pub(crate) fn affected(&self, changed: &[ContractAddress]) -> HashSet<ContractAddress> {
        let known = changed.iter().copied().filter(|account| self.accounts.contains_key(account));
        known.chain(self.taken.values().map(|waiting| waiting.transaction.sender())).collect()
    }

    pub(crate) fn transaction(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        if let Some(taken) = self.taken.get(&hash) {
            return Some(taken.transaction.clone());
        }
        let (account, nonce) = self.places.get(&hash)?;
        Some(self.accounts.get(account)?.waiting.get(nonce)?.transaction.clone())
    }

    pub(crate) fn status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        if self.taken.contains_key(&hash) {
            Some(PoolStatus::Candidate)
        } else if self.places.contains_key(&hash) {
            Some(PoolStatus::Received)
        } else {
            self.rejections.get(hash).map(|reason| PoolStatus::Rejected { reason: reason.to_owned() })
        }
    }

    pub(crate) fn nonce_after(&self, account: ContractAddress) -> Option<Nonce> {
        self.accounts.get(&account).map(AccountQueue::nonce_after_run)
    }

    /// The place in the order of arrival that the next transaction gets.
    pub(crate) fn next_arrival(&self) -> Arrival {
        self.arrivals
    }

    /// A place in the order of arrival, after all others and after `at_least`.
    pub(crate) fn arrive(&mut self, at_least: Arrival) -> Arrival {
        let arrival = self.arrivals.max(at_least);
        self.arrivals = arrival + 1;
        arrival
    }

    /// Whether and how a transaction can be put in. `canonical` is the sender's nonce on the chain; it counts only if
    /// the pool knows no better (a transaction of the sender in the block under construction).
    pub(crate) fn plan(&self, new: &Waiting, canonical: Nonce) -> Result<Plan, SubmitError> {
        let next = self.next_nonce(new, canonical)?;
        let (account, nonce) = (new.transaction.sender(), new.nonce());
        if nonce.0 - next.0 > Felt::from(self.limits.nonce_gap) {
            return Err(SubmitError::Nonce { account, expected: next, found: nonce });
        }
        let queue = self.accounts.get(&account);
        let old = queue.and_then(|queue| queue.waiting.get(&nonce));
        let executable = nonce <= queue.map_or(next, AccountQueue::nonce_after_run);
        let victims = self.find_room(new, old, executable)?;
        Ok(Plan { next, victims })
    }

    /// As [`Pool::plan`], for a transaction that was in the pool before. It was within its limits then, also if a block took
    /// those before it that nobody will see.
    pub(crate) fn plan_again(&self, new: &Waiting, canonical: Nonce) -> Result<Plan, SubmitError> {
        Ok(Plan { next: self.next_nonce(new, canonical)?, victims: Vec::new() })
    }

    /// The next nonce of a transaction's account, if the transaction can still have its own.
    fn next_nonce(&self, new: &Waiting, canonical: Nonce) -> Result<Nonce, SubmitError> {
        let (hash, account, nonce) = (new.transaction.hash, new.transaction.sender(), new.nonce());
        if self.places.contains_key(&hash) || self.taken.contains_key(&hash) {
            return Err(SubmitError::Duplicate);
        }
        let queue = self.accounts.get(&account);
        let next = queue.map_or(canonical, |queue| queue.next);
        if nonce < next {
            return Err(SubmitError::Nonce { account, expected: next, found: nonce });
        }
        match queue.and_then(|queue| queue.waiting.get(&nonce)) {
            Some(old) if old.owes() => Err(SubmitError::NotReplaceable { account, nonce }),
            Some(old) if !new.outbids(old) => Err(SubmitError::ReplacementUnderpriced { account, nonce }),
            Some(_) | None => Ok(next),
        }
    }

    /// Puts a transaction in as planned, if nothing has changed since.
    pub(crate) fn put(&mut self, new: Waiting, plan: Plan) {
        let (hash, account, nonce) = (new.transaction.hash, new.transaction.sender(), new.nonce());
        for (account, nonce) in plan.victims {
            self.drop_waiting(account, nonce, "the pool was full and a nonce before this one was missing");
        }
        let queue = self.accounts.entry(account).or_insert_with(|| AccountQueue::new(plan.next));
        if let Some(old) = queue.waiting.insert(nonce, new) {
            self.forget(&old);
            self.reject_gone(old.transaction.hash, format!("replaced by {hash}"));
        }
        self.remember(account, nonce);
        self.rejections.remove(hash, &mut self.outbox.dropped);
        self.refresh(account);
    }

    pub(crate) fn take(&mut self) -> Option<PendingTransaction> {
        self.take_before(Arrival::MAX)
    }

    /// Takes the best of those that can execute and came before `mark`.
    pub(crate) fn take_before(&mut self, mark: Arrival) -> Option<PendingTransaction> {
        let came = || self.ready.iter().filter(move |(priority, _)| priority.arrival() < mark);
        let other =
            if self.threads_go_first { None } else { came().find(|(priority, _)| !priority.is_due()) };
        let (_, account) = other.or_else(|| came().next())?;
        self.take_of(*account)
    }

    /// Takes the first thread that is due, in a block in which it has no place after anything else.
    pub(crate) fn take_due(&mut self) -> Option<PendingTransaction> {
        let strict = self.block.strict;
        let (_, account) = self.ready.iter().find(|(priority, _)| strict && priority.is_due())?;
        self.take_of(*account)
    }

    /// A block was opened, perhaps at an earlier time than the one before it.
    pub(crate) fn block_opened(&mut self, block: OpenedBlock) {
        let before = std::mem::replace(&mut self.block, block);
        self.threads_go_first = true;
        // Not the head alone: the proof of what comes behind an early one is asked for once that one is due.
        let has_moved = |waiting: &Waiting| {
            waiting.thread().is_some()
                && (before.strict != block.strict || before.may_take(waiting) != block.may_take(waiting))
        };
        let moved = self.accounts.iter().filter(|(_, queue)| queue.waiting.values().any(has_moved));
        let moved: Vec<_> = moved.map(|(account, _)| *account).collect();
        moved.into_iter().for_each(|account| self.refresh(account));
    }

    /// Threads have been first for long enough in the open block.
    pub(crate) fn others_go_first(&mut self) {
        self.threads_go_first = false;
    }

    /// Whether the open block is late enough for a transaction that was taken.
    pub(crate) fn is_due(&self, hash: TransactionHash) -> bool {
        self.taken.get(&hash).is_some_and(|taken| self.block.may_take(taken))
    }

    /// Takes this one, if it can execute, whatever would come before it.
    pub(crate) fn take_this(&mut self, hash: TransactionHash) -> Option<PendingTransaction> {
        let (account, nonce) = *self.places.get(&hash)?;
        let queue = self.accounts.get(&account)?;
        if queue.ready.is_none() || queue.next != nonce {
            return None;
        }
        self.take_of(account)
    }

    fn take_of(&mut self, account: ContractAddress) -> Option<PendingTransaction> {
        let queue = self.accounts.get_mut(&account)?;
        let waiting = queue.waiting.remove(&queue.next)?;
        queue.next = successor(queue.next);
        queue.taken += 1;
        let transaction = waiting.to_execute();
        self.places.remove(&transaction.hash);
        self.by_age.remove(&waiting.arrival);
        self.taken.insert(transaction.hash, waiting);
        self.refresh(account);
        Some(transaction)
    }

    pub(crate) fn taken(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        self.taken.get(&hash).map(Waiting::to_execute)
    }

    pub(crate) fn put_back(&mut self, hash: TransactionHash) {
        let Some(waiting) = self.untake(hash) else { return };
        self.wait_again(Waiting { executed: true, ..waiting });
    }

    /// What the validation of a transaction that was taken saw has changed: it waits until it has been validated again.
    pub(crate) fn validate_again(&mut self, hash: TransactionHash) {
        let Some(waiting) = self.untake(hash) else { return };
        self.outbox.validations.push(waiting.transaction.clone());
        self.wait_again(Waiting { in_validation: true, ..waiting });
    }

    /// A transaction was validated again: as it is now, or why it is refused. One that does not wait for that any more is
    /// nobody's business.
    pub(crate) fn validated(&mut self, hash: TransactionHash, validated: Result<PendingTransaction, String>) {
        let Some((account, nonce)) = self.places.get(&hash).copied() else { return };
        let queue = self.accounts.get_mut(&account);
        let waiting = queue.and_then(|queue| queue.waiting.get_mut(&nonce));
        let Some(waiting) = waiting.filter(|waiting| waiting.in_validation) else { return };
        match validated {
            Ok(transaction) => {
                let usage = self.usages.of_mut(waiting.kind());
                usage.remove(waiting.bytes);
                waiting.bytes = weight(&transaction);
                usage.add(waiting.bytes);
                waiting.transaction = transaction;
                waiting.in_validation = false;
                self.refresh(account);
            }
            Err(reason) => self.drop_waiting(account, nonce, &reason),
        }
    }

    /// Whether a transaction that was taken was acknowledged on top of blocks that are gone.
    pub(crate) fn is_from_before(&self, hash: TransactionHash) -> bool {
        self.taken.get(&hash).is_some_and(|taken| taken.from_before)
    }

    /// A transaction that was taken is in no block, for that reason, which is its sender's or `nobodys` fault. The account's
    /// later transactions stay: another one with this nonce may still come.
    pub(crate) fn reject(&mut self, hash: TransactionHash, reason: String, nobodys: bool) {
        let Some(waiting) = self.untake(hash) else { return };
        self.usages.of_mut(waiting.kind()).remove(waiting.bytes);
        self.reject_gone(hash, reason);
        if !nobodys {
            self.offend_if_unpaid(&waiting);
        }
        self.refresh(waiting.transaction.sender());
    }

    /// The verdict on a thread's proof is known.
    pub(crate) fn verified(&mut self, hash: TransactionHash, accepted: bool, kept: Option<KeptVerdict>) {
        let Some(waiting) = self.waiting_mut(hash) else { return };
        waiting.proof = Proof::Known { accepted, _kept: kept };
        let account = waiting.transaction.sender();
        if !accepted {
            self.offenders.insert(account);
        }
        self.refresh(account);
    }

    /// It is a thread's turn: its preconditions are about to be read, and its proof to be verified. `false` if nobody waits for
    /// that any more.
    pub(crate) fn begin_proof(&mut self, hash: TransactionHash) -> bool {
        let waiting = self.waiting_mut(hash).filter(|waiting| matches!(waiting.proof, Proof::Asked));
        waiting.map(|waiting| waiting.proof = Proof::UnderWay).is_some()
    }

    /// The preconditions of a thread whose turn it was do not hold: nobody looks at its proof.
    pub(crate) fn defer(&mut self, hash: TransactionHash) {
        let waiting = self.waiting_mut(hash).filter(|waiting| matches!(waiting.proof, Proof::UnderWay));
        let Some(waiting) = waiting else { return };
        waiting.proof = Proof::Deferred;
        let account = waiting.transaction.sender();
        self.refresh(account);
    }

    fn waiting_mut(&mut self, hash: TransactionHash) -> Option<&mut Waiting> {
        let (account, nonce) = self.places.get(&hash)?;
        self.accounts.get_mut(account)?.waiting.get_mut(nonce)
    }

    /// The preconditions of a thread that was taken do hold: its proof is looked at before it is taken again.
    pub(crate) fn verify(&mut self, hash: TransactionHash) {
        let Some(waiting) = self.untake(hash) else { return };
        if let Some(thread) = waiting.thread().cloned() {
            let last = self.offenders.contains(waiting.transaction.sender());
            self.outbox.proofs.push(ProofRequest { hash, thread, condition: Condition::None, last });
        }
        // It was executed up to that point.
        self.wait_again(Waiting { proof: Proof::Asked, executed: true, ..waiting });
    }

    /// Takes over the canonical nonces after a block that holds whatever was taken. A transaction whose nonce it
    /// consumed otherwise is dropped; without a rejection if it is `settled`, an inner transaction of the block.
    pub(crate) fn settle(
        &mut self,
        nonces: impl IntoIterator<Item = (ContractAddress, Nonce)>,
        settled: impl Fn(TransactionHash) -> bool,
    ) {
        for (hash, waiting) in std::mem::take(&mut self.taken) {
            self.usages.of_mut(waiting.kind()).remove(waiting.bytes);
            self.outbox.dropped.gone.push(hash);
        }
        self.offenders.block_passed();
        self.renumber(nonces, settled);
    }

    /// Takes over the canonical nonces after the block under construction was given up: what was taken waits again. All are
    /// from before: they may build on what was in it.
    pub(crate) fn abandon(&mut self, nonces: impl IntoIterator<Item = (ContractAddress, Nonce)>) {
        let waiting = self.accounts.values_mut().flat_map(|queue| queue.waiting.values_mut());
        for waiting in self.taken.values_mut().chain(waiting) {
            waiting.from_before = true;
            waiting.in_validation = false;
        }
        for waiting in std::mem::take(&mut self.taken).into_values() {
            self.wait_again(waiting);
        }
        self.renumber(nonces, |_| false);
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self, reason: &str) {
        let dropped: Vec<_> = self.each().map(|dropped| dropped.transaction.hash).collect();
        dropped.into_iter().for_each(|hash| self.reject_gone(hash, reason.to_owned()));
        self.forget_all();
    }

    /// Drops what has waited for too long.
    pub(crate) fn expire(&mut self, now: Seconds) {
        while let Some((account, nonce)) = self.oldest_expired(now) {
            let reason = format!("expired after {} seconds in the pool", self.limits.ttl.as_secs());
            self.drop_waiting(account, nonce, &reason);
        }
    }

    /// Remembers why a transaction that the pool does not hold was dropped.
    pub(crate) fn reject_gone(&mut self, hash: TransactionHash, reason: String) {
        self.rejections.insert(hash, reason, &mut self.outbox.dropped);
        self.outbox.dropped.gone.push(hash);
    }

    /// Takes up what the journal remembers of rejections.
    pub(crate) fn restore_rejections(&mut self, rejected: Vec<RejectedTransaction>) {
        self.rejections = Rejections::new(self.limits.rejections);
        self.rejections.restore(rejected, &mut self.outbox.dropped);
    }

    pub(crate) fn empty_outbox(&mut self) -> Outbox {
        std::mem::take(&mut self.outbox)
    }

    /// What is taken and what waits.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Waiting> {
        let waiting = self.accounts.values().flat_map(|queue| queue.waiting.values());
        self.taken.values().chain(waiting)
    }

    fn forget_all(&mut self) {
        self.taken.clear();
        self.accounts.clear();
        self.places.clear();
        self.by_age.clear();
        self.ready.clear();
        self.held.clear();
        self.usages = Usages::default();
    }

    fn oldest_expired(&self, now: Seconds) -> Option<(ContractAddress, Nonce)> {
        let (_, (account, nonce)) = self.by_age.first_key_value()?;
        let oldest = self.accounts.get(account)?.waiting.get(nonce)?;
        let end = oldest.admitted_at.saturating_add(self.limits.ttl.as_secs());
        (end <= now).then_some((*account, *nonce))
    }

    fn renumber(
        &mut self,
        nonces: impl IntoIterator<Item = (ContractAddress, Nonce)>,
        settled: impl Fn(TransactionHash) -> bool,
    ) {
        for (account, canonical) in nonces {
            let Some(queue) = self.accounts.get_mut(&account) else { continue };
            queue.taken = 0;
            queue.next = canonical;
            let still_waiting = queue.waiting.split_off(&canonical);
            let consumed = std::mem::replace(&mut queue.waiting, still_waiting);
            for (nonce, waiting) in consumed {
                let hash = waiting.transaction.hash;
                self.forget(&waiting);
                if settled(hash) {
                    self.outbox.dropped.gone.push(hash);
                } else {
                    self.reject_gone(hash, format!("nonce {nonce} was consumed by another transaction"));
                    self.offend_if_unpaid(&waiting);
                }
            }
            self.refresh(account);
        }
    }

    /// A taken transaction, given back; its account's next nonce is its own again, unless one before it was given back as well.
    fn untake(&mut self, hash: TransactionHash) -> Option<Waiting> {
        let waiting = self.taken.remove(&hash)?;
        let queue = self.accounts.get_mut(&waiting.transaction.sender())?;
        queue.taken = queue.taken.saturating_sub(1);
        queue.next = queue.next.min(waiting.nonce());
        Some(waiting)
    }

    /// Puts a transaction that was taken among those of its account that wait.
    fn wait_again(&mut self, waiting: Waiting) {
        let (account, nonce) = (waiting.transaction.sender(), waiting.nonce());
        let (hash, arrival) = (waiting.transaction.hash, waiting.arrival);
        let Some(queue) = self.accounts.get_mut(&account) else { return };
        queue.waiting.insert(nonce, waiting);
        self.places.insert(hash, (account, nonce));
        self.by_age.insert(arrival, (account, nonce));
        self.refresh(account);
    }

    fn drop_waiting(&mut self, account: ContractAddress, nonce: Nonce, reason: &str) {
        let queue = self.accounts.get_mut(&account);
        let Some(waiting) = queue.and_then(|queue| queue.waiting.remove(&nonce)) else { return };
        self.forget(&waiting);
        self.reject_gone(waiting.transaction.hash, reason.to_owned());
        self.offend_if_unpaid(&waiting);
        self.refresh(account);
    }

    /// A transaction that no block took is gone. Whoever had a proof verified for nothing comes last for a while.
    fn offend_if_unpaid(&mut self, gone: &Waiting) {
        if gone.owes_for_proof() {
            self.offenders.insert(gone.transaction.sender());
        }
    }

    /// Counts a transaction that was put among those that wait.
    fn remember(&mut self, account: ContractAddress, nonce: Nonce) {
        let queue = self.accounts.get(&account);
        let Some(waiting) = queue.and_then(|queue| queue.waiting.get(&nonce)) else { return };
        self.places.insert(waiting.transaction.hash, (account, nonce));
        self.by_age.insert(waiting.arrival, (account, nonce));
        self.usages.of_mut(waiting.kind()).add(waiting.bytes);
    }

    /// Stops counting a transaction that waited.
    fn forget(&mut self, waiting: &Waiting) {
        self.places.remove(&waiting.transaction.hash);
        self.by_age.remove(&waiting.arrival);
        self.usages.of_mut(waiting.kind()).remove(waiting.bytes);
    }

    /// Finds out anew what an account can do next; after every change of its queue.
    fn refresh(&mut self, account: ContractAddress) {
        let (block, Some(queue)) = (self.block, self.accounts.get_mut(&account)) else { return };
        if let Some(old) = queue.ready.take() {
            self.ready.remove(&old);
        }
        if let Some(old) = queue.held.take() {
            self.held.remove(&(old, account));
        }
        match queue.head().filter(|head| head.is_ready()) {
            Some(head) if block.may_take(head) => {
                let priority = block.priority(head);
                queue.ready = Some(priority);
                self.ready.insert(priority, account);
            }
            Some(head) => {
                let due_at = head.due_at;
                queue.held = Some(due_at);
                self.held.insert((due_at, account));
            }
            None => {}
        }
        if queue.is_idle() {
            self.accounts.remove(&account);
        }
        self.ask_for_proof(account);
    }

    /// Has the account's next proof looked at. Behind one that was deferred and is in the block under construction, none is: what
    /// comes of that one is not known yet.
    fn ask_for_proof(&mut self, account: ContractAddress) {
        let taken = || self.taken.values().filter(|taken| taken.transaction.sender() == account);
        if taken().any(|taken| matches!(taken.proof, Proof::Deferred)) {
            return;
        }
        let (block, queue) = (self.block, self.accounts.get_mut(&account));
        let Some((waiting, earlier)) = queue.and_then(|queue| queue.ask_for_proof(block)) else { return };
        let Some(thread) = waiting.thread().cloned() else { return };
        let hash = waiting.transaction.hash;
        // What has a bad proof changes nothing.
        let settling = taken().filter(|taken| matches!(taken.proof, Proof::Known { accepted: true, .. }));
        let mut before: Vec<_> =
            settling.filter_map(|taken| Some((taken.nonce(), taken.thread()?))).collect();
        before.sort_unstable_by_key(|(nonce, _)| *nonce);
        let before = before.into_iter().map(|(_, thread)| Arc::downgrade(thread));
        let condition = Condition::After(before.chain(earlier).collect());
        let last = self.offenders.contains(account);
        self.outbox.proofs.push(ProofRequest { hash, thread, condition, last });
    }
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
