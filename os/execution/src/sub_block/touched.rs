//! Which parts of the state a sub-block touches.

use std::collections::{BTreeMap, BTreeSet};

use blockifier::execution::call_info::CallInfo;
use starknet_api::core::{ClassHash, ContractAddress, PatriciaKey};
use starknet_api::state::StorageKey;
use starknet_types_core::felt::Felt;

/// The contract that holds the hashes of old blocks: `get_block_hash(n)` reads its cell `n`.
pub(super) fn block_hash_contract() -> ContractAddress {
    ContractAddress::from(1_u128)
}

/// Contracts, cells and classes touched by the calls noted so far.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Every contract on which a call ran, whose class hash was asked for, or of which a cell was accessed.
    pub(super) contracts: BTreeMap<ContractAddress, BTreeSet<StorageKey>>,
    /// Every class whose code ran.
    pub(super) classes: BTreeSet<ClassHash>,
}

impl Touched {
    /// Notes one call (inner calls not looked at).
    pub(super) fn note(&mut self, call: &CallInfo) {
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
