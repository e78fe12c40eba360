//! Accounts whose proofs were bad lately, or were verified and not paid for.

use std::collections::{HashMap, HashSet, VecDeque};

use starknet_api::core::ContractAddress;

/// For how many blocks an account comes last.
const BLOCKS: usize = 100;

/// Accounts that come last: others' proofs are verified before theirs. Each of them has paid for a proof, or for a transaction
/// that took away what would have paid for one; so there are no more than such transactions in the last blocks.
#[derive(Debug, Default)]
pub(crate) struct Offenders {
    /// How often each is in `by_block`.
    counts: HashMap<ContractAddress, usize>,
    /// Those of the last blocks, the latest first.
    by_block: VecDeque<HashSet<ContractAddress>>,
}

impl Offenders {
    pub(crate) fn contains(&self, account: ContractAddress) -> bool {
        self.counts.contains_key(&account)
    }

    pub(crate) fn insert(&mut self, account: ContractAddress) {
        if self.by_block.is_empty() {
            self.by_block.push_front(HashSet::new());
        }
        let is_new = self.by_block.front_mut().is_some_and(|block| block.insert(account));
        if is_new {
            *self.counts.entry(account).or_default() += 1;
        }
    }

    /// A block has been made.
    pub(crate) fn block_passed(&mut self) {
        self.by_block.push_front(HashSet::new());
        if self.by_block.len() <= BLOCKS {
            return;
        }
        for account in self.by_block.pop_back().into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(&account) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&account);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_comes_last_for_a_hundred_blocks_after_its_last_offence() {
        let (alice, bob) = (ContractAddress::from(1_u8), ContractAddress::from(2_u8));
        let mut offenders = Offenders::default();
        offenders.insert(alice);
        offenders.insert(alice);
        (0..50).for_each(|_| offenders.block_passed());
        offenders.insert(alice);
        offenders.insert(bob);
        (0..50).for_each(|_| offenders.block_passed());
        assert!(offenders.contains(alice) && offenders.contains(bob));
        (0..50).for_each(|_| offenders.block_passed());
        assert!(!offenders.contains(alice) && !offenders.contains(bob));
        assert!(offenders.counts.is_empty());
    }
}
