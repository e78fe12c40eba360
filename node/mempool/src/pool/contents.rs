//! What the pool holds, to be remembered and brought back: a devnet's snapshots.

use std::collections::{HashMap, HashSet};

use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use zkthreads_execution::PendingTransaction;
use zkthreads_storage::StorageError;

use super::Pool;
use crate::account::{AccountQueue, successor};
use crate::waiting::{Arrival, Seconds, Waiting};
use crate::{Mempool, journal};

/// Transactions of the pool, each with its place and time of arrival.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Those in the block under construction.
    taken: Vec<(PendingTransaction, Arrival, Seconds)>,
    /// Those that wait.
    waiting: Vec<(PendingTransaction, Arrival, Seconds)>,
}

impl Mempool {
    /// What the pool holds.
    #[must_use]
    pub fn contents(&self) -> Contents {
        self.peek().contents()
    }

    /// Lets the pool hold `contents` again and nothing else. The chain must be as it was then, and so the block under
    /// construction.
    ///
    /// # Errors
    /// If the database fails.
    pub fn bring_back(&self, contents: Contents, reason: &str) -> Result<(), StorageError> {
        let mut nonces = HashMap::new();
        for (transaction, ..) in contents.taken.iter().chain(&contents.waiting) {
            let account = transaction.sender();
            nonces.insert(account, self.canonical_nonce(account)?);
        }
        let storage = self.executor.storage();
        let mut pool = self.lock();
        pool.bring_back(contents, &nonces, reason);
        for waiting in pool.each() {
            storage.pool_put(&journal::row(waiting))?;
        }
        Ok(())
    }
}

impl Pool {
    fn contents(&self) -> Contents {
        let remember =
            |waiting: &Waiting| (waiting.transaction.clone(), waiting.arrival, waiting.admitted_at);
        let mut taken: Vec<_> = self.taken.values().map(remember).collect();
        let queues = self.accounts.values();
        let mut waiting: Vec<_> = queues.flat_map(|queue| queue.waiting.values()).map(remember).collect();
        taken.sort_unstable_by_key(|(_, arrival, _)| *arrival);
        waiting.sort_unstable_by_key(|(_, arrival, _)| *arrival);
        Contents { taken, waiting }
    }

    fn bring_back(&mut self, contents: Contents, nonces: &HashMap<ContractAddress, Nonce>, reason: &str) {
        let Contents { taken, waiting } = contents;
        let kept: HashSet<TransactionHash> =
            taken.iter().chain(&waiting).map(|(transaction, ..)| transaction.hash).collect();
        let dropped: Vec<_> =
            self.each().map(|old| old.transaction.hash).filter(|hash| !kept.contains(hash)).collect();
        for hash in dropped {
            self.reject_gone(hash, reason.to_owned());
        }
        self.forget_all();
        let canonical = |account| nonces.get(&account).copied().unwrap_or_default();
        let mut accounts = HashSet::new();
        for (transaction, arrival, admitted_at) in taken {
            let taken = Waiting { from_before: true, ..Waiting::new(transaction, arrival, admitted_at) };
            let account = taken.transaction.sender();
            let queue = self.accounts.entry(account).or_insert_with(|| AccountQueue::new(canonical(account)));
            queue.next = queue.next.max(successor(taken.nonce()));
            queue.taken += 1;
            self.usages.of_mut(taken.kind()).add(taken.bytes);
            self.rejections.remove(taken.transaction.hash, &mut self.outbox.dropped);
            self.taken.insert(taken.transaction.hash, taken);
        }
        for (transaction, arrival, admitted_at) in waiting {
            let waiting = Waiting { from_before: true, ..Waiting::new(transaction, arrival, admitted_at) };
            let (account, nonce) = (waiting.transaction.sender(), waiting.nonce());
            let queue = self.accounts.entry(account).or_insert_with(|| AccountQueue::new(canonical(account)));
            self.rejections.remove(waiting.transaction.hash, &mut self.outbox.dropped);
            queue.waiting.insert(nonce, waiting);
            self.remember(account, nonce);
            accounts.insert(account);
        }
        accounts.into_iter().for_each(|account| self.refresh(account));
    }
}
