//! Fresh cells: those of storage that hold zero when a sub-block opens, and something else after it. A node charges whoever
//! settles the sub-block for each of them, since its state grows by it for ever.
//!
//! Nothing below the sub-block is read for this. What a transaction makes of a cell, from zero or to zero, depends on what the
//! cell held, which is one of its preconditions: it is the same wherever the transaction is put.

use std::collections::{BTreeMap, BTreeSet};

use blockifier::state::cached_state::{StateMaps, StorageEntry};
use blockifier::state::state_api::{StateReader, StateResult};
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;

/// What a transaction makes of cells.
#[derive(Debug, Default)]
pub(crate) struct Filling {
    /// They held zero before it, and do not after it.
    filled: BTreeSet<StorageEntry>,
    /// The other way round.
    cleared: BTreeSet<StorageEntry>,
}

impl Filling {
    /// Of a transaction that changed `changes` of `before`.
    pub(crate) fn new(before: &impl StateReader, changes: &StateMaps) -> StateResult<Self> {
        let mut filling = Self::default();
        for ((contract, key), value) in &changes.storage {
            if *value == Felt::ZERO {
                filling.cleared.insert((*contract, *key));
            } else if before.get_storage_at(*contract, *key)? == Felt::ZERO {
                filling.filled.insert((*contract, *key));
            }
        }
        Ok(filling)
    }
}

/// The fresh cells of a sub-block.
#[derive(Debug, Default)]
pub(crate) struct FreshCells {
    /// With the account whose transaction filled them.
    makers: BTreeMap<StorageEntry, ContractAddress>,
    /// How many each account has.
    counts: BTreeMap<ContractAddress, usize>,
    /// They held something when the sub-block opened, and zero now. Filled again, they are not fresh.
    cleared: BTreeSet<StorageEntry>,
}

/// How many fresh cells there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FreshCounts {
    /// Those of one account.
    pub(crate) of_account: usize,
    /// Those of all.
    pub(crate) in_all: usize,
}

impl FreshCells {
    /// How many there are now, for `account` and in all.
    pub(crate) fn counts(&self, account: ContractAddress) -> FreshCounts {
        let of_account = self.counts.get(&account).copied().unwrap_or_default();
        FreshCounts { of_account, in_all: self.makers.len() }
    }

    /// How many there would be after one more transaction, of `account`.
    pub(crate) fn counts_with(&self, account: ContractAddress, filling: &Filling) -> FreshCounts {
        let FreshCounts { of_account, in_all } = self.counts(account);
        let made = filling.filled.difference(&self.cleared).count();
        let undone = filling.cleared.iter().filter_map(|entry| self.makers.get(entry));
        let (mut undone_in_all, mut undone_of_account) = (0_usize, 0_usize);
        for maker in undone {
            undone_in_all = undone_in_all.saturating_add(1);
            undone_of_account = undone_of_account.saturating_add(usize::from(*maker == account));
        }
        FreshCounts {
            of_account: of_account.saturating_add(made).saturating_sub(undone_of_account),
            in_all: in_all.saturating_add(made).saturating_sub(undone_in_all),
        }
    }

    /// Adds a transaction of `account`.
    pub(crate) fn add(&mut self, account: ContractAddress, filling: &Filling) {
        for entry in &filling.cleared {
            if let Some(maker) = self.makers.remove(entry) {
                self.forget_one(maker);
            } else {
                self.cleared.insert(*entry);
            }
        }
        for entry in &filling.filled {
            if !self.cleared.remove(entry) {
                self.makers.insert(*entry, account);
                let count = self.counts.entry(account).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    fn forget_one(&mut self, maker: ContractAddress) {
        if let Some(count) = self.counts.get_mut(&maker) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(&maker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use starknet_api::state::StorageKey;

    use super::*;

    fn filling(filled: &[u64], cleared: &[u64]) -> Filling {
        let entry = |key: &u64| {
            (ContractAddress::from(9_u64), StorageKey::try_from(Felt::from(*key)).expect("small"))
        };
        Filling { filled: filled.iter().map(entry).collect(), cleared: cleared.iter().map(entry).collect() }
    }

    /// What `counts_with` promises is what there is after `add`.
    fn add(fresh: &mut FreshCells, account: u64, filled: &[u64], cleared: &[u64]) -> (usize, usize) {
        let (account, filling) = (ContractAddress::from(account), filling(filled, cleared));
        let promised = fresh.counts_with(account, &filling);
        fresh.add(account, &filling);
        assert_eq!(fresh.counts(account), promised);
        (promised.of_account, promised.in_all)
    }

    #[test]
    fn each_account_has_those_that_it_filled() {
        let mut fresh = FreshCells::default();
        assert_eq!(add(&mut fresh, 1, &[10, 11], &[]), (2, 2));
        assert_eq!(add(&mut fresh, 2, &[12], &[]), (1, 3));
        assert_eq!(add(&mut fresh, 1, &[13], &[]), (3, 4));
    }

    #[test]
    fn what_is_cleared_again_costs_nobody_anything() {
        let mut fresh = FreshCells::default();
        add(&mut fresh, 1, &[10, 11], &[]);
        assert_eq!(add(&mut fresh, 2, &[], &[10]), (0, 1), "another account's");
        assert_eq!(fresh.counts(ContractAddress::from(1_u64)).of_account, 1);
        assert_eq!(add(&mut fresh, 2, &[10], &[11]), (1, 1), "who fills it last has it");
        assert_eq!(fresh.counts(ContractAddress::from(1_u64)).of_account, 0);
    }

    #[test]
    fn what_was_there_before_is_never_fresh() {
        let mut fresh = FreshCells::default();
        assert_eq!(add(&mut fresh, 1, &[], &[10]), (0, 0));
        assert_eq!(add(&mut fresh, 1, &[10], &[]), (0, 0), "it is back");
        assert_eq!(add(&mut fresh, 1, &[], &[10]), (0, 0));
        assert_eq!(add(&mut fresh, 1, &[10, 11], &[]), (1, 1));
    }
}
