//! Aliases, short names of contracts and storage keys: the contract 0x2 holds one of each that a block changes. They are
//! given when the block is sealed.

use std::collections::HashSet;

use blockifier::context::BlockContext;
use blockifier::state::cached_state::{CachedState, CommitmentStateDiff, StateMaps};
use blockifier::state::stateful_compression::{allocate_aliases_in_storage, predicted_alias_storage_entries};
use starknet_api::core::ContractAddress;
use starknet_api::state::StorageKey;

use crate::error::ExecutionError;
use crate::state::ChainState;

/// Reads what sealing these changes will read. On a chain that was forked that may fail: then it is this change that cannot
/// be made now, and not the whole block. On another it cannot, and costs nothing.
pub(super) fn read(
    state: &ChainState,
    changes: &StateMaps,
    context: &BlockContext,
) -> Result<(), ExecutionError> {
    if state.is_forked() {
        for (contract, key) in cells(changes.clone(), context) {
            state.storage(contract, key)?;
        }
    }
    Ok(())
}

/// Gives an alias to each changed contract and storage key that has none.
pub(super) fn allocate(
    state: &mut CachedState<ChainState>,
    context: &BlockContext,
) -> Result<(), ExecutionError> {
    if !cells(state.to_state_diff()?.state_maps, context).is_empty() {
        allocate_aliases_in_storage(state, contract(context))?;
    }
    Ok(())
}

/// The cells that hold the aliases of what has one or gets one, and the counter of aliases; none if nothing does.
fn cells(changes: StateMaps, context: &BlockContext) -> HashSet<(ContractAddress, StorageKey)> {
    let changes = CommitmentStateDiff::from(changes);
    let cells = predicted_alias_storage_entries(&changes, contract(context));
    if cells.len() > 1 { cells } else { HashSet::new() }
}

fn contract(context: &BlockContext) -> ContractAddress {
    context.versioned_constants().os_constants.os_contract_addresses.alias_contract_address()
}
