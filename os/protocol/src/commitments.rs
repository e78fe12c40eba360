//! Hashes over a sub-block's events, computed alike by the thread OS (in Cairo) and by the node.

use starknet_api::transaction::{EventContent, TransactionHash};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

use crate::package::InnerEvent;

/// Hash of one event of one inner transaction, as in Starknet's event commitment:
/// `Poseidon(from_address, transaction_hash, keys_len, keys.., data_len, data..)`.
#[must_use]
pub fn event_hash(event: &InnerEvent, transaction_hash: TransactionHash) -> Felt {
    let EventContent { keys, data } = &event.content;
    let header = [*event.from_address.0.key(), transaction_hash.0, Felt::from(keys.len())];
    let preimage: Vec<Felt> = header
        .into_iter()
        .chain(keys.iter().map(|key| key.0))
        .chain([Felt::from(data.0.len())])
        .chain(data.0.iter().copied())
        .collect();
    Poseidon::hash_array(&preimage)
}

/// Commitment to the ordered events of a sub-block: `Poseidon(event_hash_0, event_hash_1, ..)`.
///
/// Returns `None` if an event names an inner transaction that is not in `transaction_hashes`.
#[must_use]
pub fn events_commitment(events: &[InnerEvent], transaction_hashes: &[TransactionHash]) -> Option<Felt> {
    let hashes: Option<Vec<Felt>> = events
        .iter()
        .map(|event| {
            let index = usize::try_from(event.transaction_index).ok()?;
            Some(event_hash(event, *transaction_hashes.get(index)?))
        })
        .collect();
    Some(Poseidon::hash_array(&hashes?))
}
