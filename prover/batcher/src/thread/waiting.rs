//! Transactions that are to be executed later: their nonce is ahead of their account's, and they wait for those that come before
//! them; or their account has made its fresh cells in the open sub-block, and they wait for the next one.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::ThreadLimit;

use super::SubBlockId;

/// How far ahead of its account's nonce a transaction's may be: as far as the node's mempool lets it.
pub(super) const MAX_NONCE_GAP: u64 = zkthreads_execution::admit::MAX_NONCE_GAP;
/// Most transactions of one account that wait.
const MAX_PER_ACCOUNT: usize = 64;
/// Most transactions that wait.
const MAX_IN_ALL: usize = 4_096;

/// A transaction that waits.
#[derive(Debug, Clone)]
pub(super) struct Waiter {
    pub(super) hash: TransactionHash,
    pub(super) transaction: InnerTransaction,
    since: Instant,
    /// The sub-block in which it was tried and had no place.
    held_in: Option<SubBlockId>,
}

/// Why a transaction may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoWaiting {
    /// Another one of the account waits with this nonce.
    Taken,
    /// There is no room.
    Full {
        /// Which room there is none of.
        limit: ThreadLimit,
        /// How many may wait.
        capacity: usize,
    },
}

/// What waits, by account and nonce.
#[derive(Debug, Default)]
pub(super) struct WaitingRoom {
    accounts: BTreeMap<ContractAddress, BTreeMap<Nonce, Waiter>>,
    hashes: HashMap<TransactionHash, (ContractAddress, Nonce)>,
}

impl WaitingRoom {
    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether a transaction of `account` with `nonce` may wait.
    pub(super) fn has_room(&self, account: ContractAddress, nonce: Nonce) -> Result<(), NoWaiting> {
        let of_account = self.accounts.get(&account);
        if of_account.is_some_and(|waiters| waiters.contains_key(&nonce)) {
            return Err(NoWaiting::Taken);
        }
        if of_account.is_some_and(|waiters| waiters.len() >= MAX_PER_ACCOUNT) {
            return Err(NoWaiting::Full { limit: ThreadLimit::WaitingOfAccount, capacity: MAX_PER_ACCOUNT });
        }
        if self.len() >= MAX_IN_ALL {
            return Err(NoWaiting::Full { limit: ThreadLimit::Waiting, capacity: MAX_IN_ALL });
        }
        Ok(())
    }

    /// Adds a transaction, whatever the limits say: one that was acknowledged must not be lost. The one that waited with
    /// its nonce, if there is one.
    pub(super) fn add(
        &mut self,
        hash: TransactionHash,
        transaction: InnerTransaction,
        now: Instant,
    ) -> Option<Waiter> {
        self.put(Waiter { hash, transaction, since: now, held_in: None })
    }

    /// Puts back one that has to wait for the sub-block after `open`. It is not tried again before, however often somebody asks:
    /// each trial executes it.
    pub(super) fn hold(&mut self, waiter: Waiter, open: SubBlockId, now: Instant) {
        self.put(Waiter { held_in: Some(open), since: now, ..waiter });
    }

    fn put(&mut self, waiter: Waiter) -> Option<Waiter> {
        let hash = waiter.hash;
        let invoke = waiter.transaction.as_invoke();
        let (account, nonce) = (invoke.sender_address, invoke.nonce);
        self.hashes.insert(hash, (account, nonce));
        let replaced = self.accounts.entry(account).or_default().insert(nonce, waiter);
        let replaced = replaced.filter(|replaced| replaced.hash != hash);
        if let Some(replaced) = &replaced {
            self.hashes.remove(&replaced.hash);
        }
        replaced
    }

    /// Takes out the transaction of `account` with exactly this nonce.
    pub(super) fn take(&mut self, account: ContractAddress, nonce: Nonce) -> Option<Waiter> {
        let waiters = self.accounts.get_mut(&account)?;
        let taken = waiters.remove(&nonce)?;
        if waiters.is_empty() {
            self.accounts.remove(&account);
        }
        self.hashes.remove(&taken.hash);
        Some(taken)
    }

    /// The same, unless it has to wait for another sub-block than `open`.
    pub(super) fn take_for(
        &mut self,
        account: ContractAddress,
        nonce: Nonce,
        open: SubBlockId,
    ) -> Option<Waiter> {
        let waiter = self.accounts.get(&account)?.get(&nonce)?;
        if waiter.held_in == Some(open) { None } else { self.take(account, nonce) }
    }

    /// The accounts of which something waits, with the lowest nonce that does.
    pub(super) fn accounts(&self) -> Vec<(ContractAddress, Nonce)> {
        let lowest = |(account, waiters): (&ContractAddress, &BTreeMap<Nonce, Waiter>)| {
            waiters.keys().next().map(|nonce| (*account, *nonce))
        };
        self.accounts.iter().filter_map(lowest).collect()
    }

    /// Takes out those that have waited for longer than `patience` for an earlier nonce. What waits for the sub-block after `open`
    /// does not: its time begins when that is there.
    pub(super) fn take_expired(&mut self, now: Instant, patience: Duration, open: SubBlockId) -> Vec<Waiter> {
        let is_expired = |waiter: &Waiter| now.saturating_duration_since(waiter.since) >= patience;
        let is_held = |waiters: &BTreeMap<Nonce, Waiter>| {
            waiters.first_key_value().is_some_and(|(_, first)| first.held_in == Some(open))
        };
        let for_nonces = self.accounts.iter().filter(|(_, waiters)| !is_held(waiters));
        let all = for_nonces.flat_map(|(account, waiters)| {
            waiters.iter().filter(|(_, waiter)| is_expired(waiter)).map(|(nonce, _)| (*account, *nonce))
        });
        let expired: Vec<_> = all.collect();
        expired.into_iter().filter_map(|(account, nonce)| self.take(account, nonce)).collect()
    }

    /// All that waits.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiter> {
        self.accounts.values().flat_map(BTreeMap::values)
    }
}

/// Whether `nonce` is not too far ahead of the account's, `expected`.
pub(super) fn is_near(nonce: Nonce, expected: Nonce) -> bool {
    nonce.0 <= expected.0 + Felt::from(MAX_NONCE_GAP)
}

#[cfg(test)]
pub(super) mod tests {
    use starknet_api::data_availability::DataAvailabilityMode;
    use starknet_api::transaction::InvokeTransactionV3;
    use starknet_api::transaction::fields::{AllResourceBounds, ValidResourceBounds};

    use super::*;

    pub(in crate::thread) fn transaction(account: u64, nonce: u64) -> (TransactionHash, InnerTransaction) {
        let invoke = InvokeTransactionV3 {
            resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds::default()),
            tip: Default::default(),
            signature: Default::default(),
            nonce: Nonce(nonce.into()),
            sender_address: ContractAddress::from(account),
            calldata: Default::default(),
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts: Default::default(),
        };
        let hash = TransactionHash(Felt::from(account * 10_000 + nonce));
        (hash, InnerTransaction::try_from(invoke).expect("plain"))
    }

    fn add(room: &mut WaitingRoom, account: u64, nonce: u64, now: Instant) -> Option<Waiter> {
        let (hash, transaction) = transaction(account, nonce);
        room.add(hash, transaction, now)
    }

    #[test]
    fn transactions_are_taken_by_account_and_nonce() {
        let (mut room, now) = (WaitingRoom::default(), Instant::now());
        for nonce in [7, 5] {
            assert!(add(&mut room, 1, nonce, now).is_none());
        }
        assert!(add(&mut room, 2, 9, now).is_none());
        let lowest = |account: u64, nonce: u64| (ContractAddress::from(account), Nonce(nonce.into()));
        assert_eq!(room.accounts(), [lowest(1, 5), lowest(2, 9)]);
        assert!(room.take(ContractAddress::from(1_u64), Nonce(Felt::from(6))).is_none());
        assert!(room.take(ContractAddress::from(1_u64), Nonce(Felt::from(5))).is_some());
        assert_eq!((room.len(), room.accounts()), (2, vec![lowest(1, 7), lowest(2, 9)]));
        assert_eq!(
            room.has_room(ContractAddress::from(2_u64), Nonce(Felt::from(9))),
            Err(NoWaiting::Taken),
            "one transaction waits per nonce"
        );
    }

    #[test]
    fn an_account_takes_no_more_than_its_room() {
        let (mut room, now) = (WaitingRoom::default(), Instant::now());
        for nonce in 0..u64::try_from(MAX_PER_ACCOUNT).expect("small") {
            assert_eq!(room.has_room(ContractAddress::from(1_u64), Nonce(nonce.into())), Ok(()));
            add(&mut room, 1, nonce, now);
        }
        let next = Nonce(Felt::from(MAX_PER_ACCOUNT));
        let full = Err(NoWaiting::Full { limit: ThreadLimit::WaitingOfAccount, capacity: MAX_PER_ACCOUNT });
        assert_eq!(room.has_room(ContractAddress::from(1_u64), next), full);
        assert_eq!(room.has_room(ContractAddress::from(2_u64), next), Ok(()));
    }

    #[test]
    fn patience_ends() {
        let (mut room, start) = (WaitingRoom::default(), Instant::now());
        add(&mut room, 1, 5, start);
        add(&mut room, 1, 6, start + Duration::from_secs(5));
        let expired =
            room.take_expired(start + Duration::from_secs(10), Duration::from_secs(10), SubBlockId(1));
        assert_eq!(expired.len(), 1);
        assert_eq!((room.len(), expired[0].transaction.as_invoke().nonce), (1, Nonce(Felt::from(5))));
    }

    #[test]
    fn what_waits_for_the_next_sub_block_is_not_tried_before_and_does_not_expire() {
        let (mut room, start) = (WaitingRoom::default(), Instant::now());
        let (account, nonce) = (ContractAddress::from(1_u64), Nonce(Felt::from(5)));
        add(&mut room, 1, 5, start);
        add(&mut room, 1, 6, start);
        let waiter = room.take_for(account, nonce, SubBlockId(7)).expect("it was not tried yet");
        let late = start + Duration::from_secs(1_000);
        room.hold(waiter, SubBlockId(7), late);
        assert!(room.take_for(account, nonce, SubBlockId(7)).is_none());
        let patience = Duration::from_secs(10);
        let much_later = late + patience;
        assert!(room.take_expired(much_later, patience, SubBlockId(7)).is_empty(), "nor what comes after it");
        // Now it can be executed, unless its account's nonce went back.
        let expired = room.take_expired(late, patience, SubBlockId(8));
        assert_eq!((expired.len(), expired[0].transaction.as_invoke().nonce), (1, Nonce(Felt::from(6))));
        assert_eq!(room.take_expired(much_later, patience, SubBlockId(8)).len(), 1);
    }

    #[test]
    fn nonces_far_ahead_do_not_wait() {
        let expected = Nonce(Felt::from(10));
        assert!(is_near(Nonce(Felt::from(10 + MAX_NONCE_GAP)), expected));
        assert!(!is_near(Nonce(Felt::from(11 + MAX_NONCE_GAP)), expected));
    }
}
