//! The pool's bookkeeping.
//!
//! Transactions of one account execute in the order of their nonces; over all accounts, whichever can execute and
//! came first goes first. A transaction is *waiting* (behind a gap, or ready to be taken), *taken* (in the block
//! under construction), or gone, in which case a rejection may be remembered.

use std::collections::{BTreeMap, HashMap};

use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_execution::PendingTransaction;
use zkthreads_execution::admit::MAX_NONCE_GAP;
use zkthreads_rpc::{PoolStatus, SubmitError};

use super::account::{AccountQueue, Arrival, Waiting, successor};
use super::rejections::Rejections;

/// How much the pool may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Transactions.
    pub transactions: usize,
    /// Their memory, bytes.
    pub bytes: usize,
    /// How far a nonce may be ahead of the account's.
    pub nonce_gap: u64,
    /// Rejections remembered.
    pub rejections: usize,
}

impl Default for Limits {
    /// A burst of a few blocks; memory for some hundred thread packages of about a megabyte.
    fn default() -> Self {
        Self { transactions: 16_384, bytes: 512 << 20, nonce_gap: MAX_NONCE_GAP, rejections: 10_000 }
    }
}

#[derive(Debug)]
pub(super) struct Pool {
    limits: Limits,
    accounts: HashMap<ContractAddress, AccountQueue>,
    /// Heads of the accounts' queues that can execute, by arrival.
    ready: BTreeMap<Arrival, ContractAddress>,
    /// Where each waiting transaction is.
    places: HashMap<TransactionHash, (ContractAddress, Nonce)>,
    taken: HashMap<TransactionHash, Waiting>,
    rejections: Rejections,
    arrivals: Arrival,
    bytes: usize,
}

impl Pool {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            accounts: HashMap::new(),
            ready: BTreeMap::new(),
            places: HashMap::new(),
            taken: HashMap::new(),
            rejections: Rejections::new(limits.rejections),
            arrivals: 0,
            bytes: 0,
        }
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Accounts that the pool knows a transaction of.
    pub(super) fn accounts(&self) -> Vec<ContractAddress> {
        self.accounts.keys().copied().collect()
    }

    pub(super) fn transaction(&self, hash: TransactionHash) -> Option<PendingTransaction> {
        if let Some(taken) = self.taken.get(&hash) {
            return Some(taken.transaction.clone());
        }
        let (account, nonce) = self.places.get(&hash)?;
        Some(self.accounts.get(account)?.waiting.get(nonce)?.transaction.clone())
    }

    pub(super) fn status(&self, hash: TransactionHash) -> Option<PoolStatus> {
        if self.taken.contains_key(&hash) {
            Some(PoolStatus::Candidate)
        } else if self.places.contains_key(&hash) {
            Some(PoolStatus::Received)
        } else {
            self.rejections.get(hash).map(|reason| PoolStatus::Rejected { reason: reason.to_owned() })
        }
    }

    pub(super) fn nonce_after(&self, account: ContractAddress) -> Option<Nonce> {
        self.accounts.get(&account).map(AccountQueue::nonce_after_run)
    }

    /// Puts a transaction in. `canonical` is the sender's nonce on the chain; it counts only if the pool knows no
    /// better (a transaction of the sender in the block under construction).
    pub(super) fn insert(
        &mut self,
        transaction: PendingTransaction,
        canonical: Nonce,
    ) -> Result<(), SubmitError> {
        let (hash, account, nonce) = (transaction.hash, transaction.sender(), transaction.nonce());
        if self.places.contains_key(&hash) || self.taken.contains_key(&hash) {
            return Err(SubmitError::Duplicate);
        }
        let known = self.accounts.get(&account);
        let expected = known.map_or(canonical, |queue| queue.next);
        let ahead = nonce.0 - expected.0;
        if nonce < expected || ahead > Felt::from(self.limits.nonce_gap) {
            return Err(SubmitError::Nonce { account, expected, found: nonce });
        }
        let new = Waiting::new(transaction, self.arrivals);
        let old = known.and_then(|queue| queue.waiting.get(&nonce)).cloned();
        match &old {
            Some(old) if !new.outbids(old) => {
                return Err(SubmitError::ReplacementUnderpriced { account, nonce });
            }
            Some(_) => {}
            None => {
                let run_end = known.map_or(expected, AccountQueue::nonce_after_run);
                self.make_room(new.bytes, nonce <= run_end)?;
            }
        }

        if let Some(old) = old {
            self.remove(account, nonce);
            self.rejections.insert(old.transaction.hash, format!("replaced by {hash}"));
        }
        self.arrivals += 1;
        self.bytes += new.bytes;
        self.rejections.remove(hash);
        self.places.insert(hash, (account, nonce));
        let queue = self.accounts.entry(account).or_insert_with(|| AccountQueue::new(expected));
        if nonce == queue.next {
            self.ready.insert(new.arrival, account);
        }
        queue.waiting.insert(nonce, new);
        Ok(())
    }

    pub(super) fn take(&mut self) -> Option<PendingTransaction> {
        let (_, account) = self.ready.pop_first()?;
        let queue = self.accounts.get_mut(&account)?;
        let waiting = queue.waiting.remove(&queue.next)?;
        queue.next = successor(queue.next);
        queue.taken += 1;
        if let Some(head) = queue.head() {
            self.ready.insert(head.arrival, account);
        }
        let transaction = waiting.transaction.clone();
        self.places.remove(&transaction.hash);
        self.taken.insert(transaction.hash, waiting);
        Some(transaction)
    }

    pub(super) fn put_back(&mut self, hash: TransactionHash) {
        let Some(waiting) = self.untake(hash) else { return };
        let (account, nonce) = (waiting.transaction.sender(), waiting.transaction.nonce());
        self.places.insert(hash, (account, nonce));
        self.ready.insert(waiting.arrival, account);
        if let Some(queue) = self.accounts.get_mut(&account) {
            queue.waiting.insert(nonce, waiting);
        }
    }

    /// The account's later transactions stay: another one with this nonce may still come.
    pub(super) fn reject(&mut self, hash: TransactionHash, reason: String) {
        let Some(waiting) = self.untake(hash) else { return };
        self.bytes -= waiting.bytes;
        self.rejections.insert(hash, reason);
        self.forget_if_idle(waiting.transaction.sender());
    }

    /// Takes over the canonical nonces after a block; nothing is taken any more.
    pub(super) fn settle(&mut self, nonces: impl IntoIterator<Item = (ContractAddress, Nonce)>) {
        for (_, waiting) in self.taken.drain() {
            self.bytes -= waiting.bytes;
        }
        for (account, canonical) in nonces {
            let Some(queue) = self.accounts.get_mut(&account) else { continue };
            if let Some(head) = queue.head() {
                self.ready.remove(&head.arrival);
            }
            queue.taken = 0;
            queue.next = canonical;
            let still_waiting = queue.waiting.split_off(&canonical);
            let consumed = std::mem::replace(&mut queue.waiting, still_waiting);
            if let Some(head) = queue.head() {
                self.ready.insert(head.arrival, account);
            }
            for (nonce, waiting) in consumed {
                let hash = waiting.transaction.hash;
                self.bytes -= waiting.bytes;
                self.places.remove(&hash);
                self.rejections.insert(hash, format!("nonce {nonce} was consumed by another transaction"));
            }
            self.forget_if_idle(account);
        }
    }

    /// A taken transaction, given back; its account's next nonce is its own again.
    fn untake(&mut self, hash: TransactionHash) -> Option<Waiting> {
        let waiting = self.taken.remove(&hash)?;
        let queue = self.accounts.get_mut(&waiting.transaction.sender())?;
        if let Some(head) = queue.head() {
            self.ready.remove(&head.arrival);
        }
        queue.taken = queue.taken.saturating_sub(1);
        queue.next = waiting.transaction.nonce();
        Some(waiting)
    }

    /// Drops a waiting transaction.
    fn remove(&mut self, account: ContractAddress, nonce: Nonce) -> Option<Waiting> {
        let queue = self.accounts.get_mut(&account)?;
        let waiting = queue.waiting.remove(&nonce)?;
        self.ready.remove(&waiting.arrival);
        self.places.remove(&waiting.transaction.hash);
        self.bytes -= waiting.bytes;
        Some(waiting)
    }

    fn forget_if_idle(&mut self, account: ContractAddress) {
        if self.accounts.get(&account).is_some_and(AccountQueue::is_idle) {
            self.accounts.remove(&account);
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.places.len() + self.taken.len() < self.limits.transactions
            && self.bytes.saturating_add(bytes) <= self.limits.bytes
    }

    /// Makes room for a transaction that can execute by dropping those behind a nonce gap, the youngest first.
    fn make_room(&mut self, bytes: usize, executable: bool) -> Result<(), SubmitError> {
        while !self.has_room(bytes) {
            let victim = if executable { self.youngest_behind_a_gap() } else { None };
            let Some((account, nonce)) = victim else {
                return Err(SubmitError::Full { capacity: self.limits.transactions });
            };
            if let Some(waiting) = self.remove(account, nonce) {
                let reason = "the pool was full and a nonce before this one was missing";
                self.rejections.insert(waiting.transaction.hash, reason.to_owned());
            }
            self.forget_if_idle(account);
        }
        Ok(())
    }

    fn youngest_behind_a_gap(&self) -> Option<(ContractAddress, Nonce)> {
        self.accounts
            .iter()
            .flat_map(|(account, queue)| {
                let behind_gap = queue.waiting.range(queue.nonce_after_run()..);
                behind_gap.map(move |(nonce, waiting)| (waiting.arrival, *account, *nonce))
            })
            .max()
            .map(|(_, account, nonce)| (account, nonce))
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
