//! Which parts of the state a sub-block touches.

use std::collections::{BTreeMap, BTreeSet};

use blockifier::execution::call_info::CallInfo;
use starknet_api::core::{ClassHash, ContractAddress, PatriciaKey};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

use crate::record::is_aborted;
use crate::watched::Accesses;

/// The contract that holds the hashes of old blocks: `get_block_hash(n)` reads its cell `n`.
pub(crate) fn block_hash_contract() -> ContractAddress {
    ContractAddress::from(1_u128)
}

/// Contracts, cells and classes touched by the calls noted so far, whether or not they were undone.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Every contract on which a call ran, whose class hash was asked for, or of which a cell was accessed.
    pub(crate) contracts: BTreeMap<ContractAddress, BTreeSet<StorageKey>>,
    /// Every class that was called or that a contract was given.
    pub(crate) classes: BTreeSet<ClassHash>,
}

impl Touched {
    /// Notes all of `tree`.
    pub(crate) fn note_tree(&mut self, tree: &CallInfo, accesses: &Accesses) {
        self.classes.extend(&accesses.given_classes);
        for call in tree.iter() {
            self.note(call);
        }
    }

    /// Notes `tree` up to its first aborted call; `accesses` are those of a run that stopped there.
    pub(crate) fn note_until_abort(&mut self, tree: &CallInfo, accesses: &Accesses) {
        let mut noted = Self::default();
        noted.classes.extend(&accesses.given_classes);
        // Calls come in the order in which they began.
        for call in tree.iter() {
            if is_aborted(call) {
                noted.contracts.entry(call.call.storage_address).or_default();
                break;
            }
            noted.note(call);
        }
        // A caller of the aborted call may have gone on.
        for (contract, mut keys) in noted.contracts {
            if let Some(accessed) = accesses.contracts.get(&contract) {
                keys.retain(|key| accessed.contains(key));
                self.contracts.entry(contract).or_default().extend(keys);
            }
        }
        self.classes.extend(noted.classes);
    }

    /// Notes one call (inner calls not looked at).
    fn note(&mut self, call: &CallInfo) {
        let tracker = &call.storage_access_tracker;
        self.contracts.entry(call.call.storage_address).or_default().extend(&tracker.accessed_storage_keys);
        for contract in &tracker.accessed_contract_addresses {
            self.contracts.entry(*contract).or_default();
        }
        for block in &tracker.accessed_blocks {
            // A block number is always below the bound of a key.
            if let Ok(key) = PatriciaKey::try_from(Felt::from(block.0)) {
                self.contracts.entry(block_hash_contract()).or_default().insert(StorageKey(key));
            }
        }
        self.classes.extend(call.call.class_hash);
    }
}
