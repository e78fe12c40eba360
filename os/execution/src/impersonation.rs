//! Accounts whose signatures nobody asks for. A developer's tool: a chain that strangers use leaves it empty.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use starknet_api::core::ContractAddress;

/// The accounts that anyone may speak for. Transactions of theirs are executed without `__validate__`.
#[derive(Debug, Default)]
pub struct Impersonation {
    accounts: RwLock<BTreeSet<ContractAddress>>,
    all: AtomicBool,
}

impl Impersonation {
    /// From now on, anyone may speak for `account`.
    pub fn start(&self, account: ContractAddress) {
        self.accounts.write().insert(account);
    }

    /// From now on, only `account` itself may.
    pub fn stop(&self, account: ContractAddress) {
        self.accounts.write().remove(&account);
    }

    /// From now on, anyone may speak for every account, chosen or not, or no more.
    pub fn set_all(&self, all: bool) {
        self.all.store(all, Ordering::Relaxed);
    }

    /// From now on, anyone may speak for exactly these accounts, and for all others if `all` is set.
    pub fn replace(&self, all: bool, accounts: impl IntoIterator<Item = ContractAddress>) {
        *self.accounts.write() = accounts.into_iter().collect();
        self.set_all(all);
    }

    /// The accounts chosen.
    #[must_use]
    pub fn accounts(&self) -> Vec<ContractAddress> {
        self.accounts.read().iter().copied().collect()
    }

    /// Whether anyone may speak for every account, chosen or not.
    #[must_use]
    pub fn covers_all(&self) -> bool {
        self.all.load(Ordering::Relaxed)
    }

    /// Whether anyone may speak for `account` now.
    #[must_use]
    pub fn covers(&self, account: ContractAddress) -> bool {
        self.all.load(Ordering::Relaxed) || self.accounts.read().contains(&account)
    }
}
