//! Cells of the state that statements and executions change, whatever their kind.

use blockifier::state::cached_state::StateMaps;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{ContractAccess, StateCell};

/// The cells of a contract that a statement writes, with their new values.
pub(crate) fn writes(access: &ContractAccess) -> impl Iterator<Item = (StateCell, Felt)> {
    let class = access.changes_class().then_some((StateCell::ClassHash, access.class_hash_after.0));
    let nonce = access.consumes_nonces().then_some((StateCell::Nonce, access.nonce_after.0));
    let storage = access.storage.iter().filter(|cell| cell.is_write());
    class.into_iter().chain(nonce).chain(storage.map(|cell| (StateCell::Storage(cell.key), cell.after)))
}

/// Changed cells with their new values.
pub(crate) fn changed(changes: &StateMaps) -> impl Iterator<Item = ((ContractAddress, StateCell), Felt)> {
    let storage = changes.storage.iter();
    let storage = storage.map(|((contract, key), value)| ((*contract, StateCell::Storage(*key)), *value));
    let nonces = changes.nonces.iter().map(|(contract, nonce)| ((*contract, StateCell::Nonce), nonce.0));
    let classes = changes.class_hashes.iter();
    let classes = classes.map(|(contract, class)| ((*contract, StateCell::ClassHash), class.0));
    storage.chain(nonces).chain(classes)
}
