//! What an envelope and its package say of how they can settle, whatever the state.

use starknet_api::block::BlockTimestamp;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::ThreadTransaction;

/// Whether an envelope asks for calls of its own. Accounts take an array of them, which begins with its length.
#[must_use]
pub fn makes_calls(envelope: &InvokeTransactionV3) -> bool {
    let calls = envelope.calldata.0.as_slice();
    !calls.is_empty() && calls != [Felt::ZERO]
}

/// When a thread can settle at the earliest, wholly: the latest time of its segments.
#[must_use]
pub fn due_at(thread: &ThreadTransaction) -> BlockTimestamp {
    let segments = thread.package().segments.iter();
    segments.map(|segment| segment.statement.base_block.timestamp).max().unwrap_or_default()
}
