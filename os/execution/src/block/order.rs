//! The order of a state diff.

use starknet_api::state::ThinStateDiff;

/// Blockifier's maps have a random order; stored ones have none of it.
pub fn sort(diff: &mut ThinStateDiff) {
    diff.deployed_contracts.sort_unstable_keys();
    diff.class_hash_to_compiled_class_hash.sort_unstable_keys();
    diff.nonces.sort_unstable_keys();
    diff.storage_diffs.sort_unstable_keys();
    diff.storage_diffs.values_mut().for_each(|cells| cells.sort_unstable_keys());
}
