//! What the benches make chains of.

use starknet_api::block::{BlockHash, BlockHeader, BlockHeaderWithoutHash, BlockNumber};
use starknet_api::state::ThinStateDiff;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};
use zkthreads_storage::{BlockCommit, BlockTransaction, Storage, TransactionTrace};

/// A felt below 2^250, another one for each role and number, and as good as random.
pub(crate) fn felt(role: u64, n: u64) -> Felt {
    let mut bytes = Poseidon::hash(&Felt::from(role), &Felt::from(n)).to_bytes_be();
    bytes[0] &= 0x03;
    Felt::from_bytes_be(&bytes)
}

/// The next block, with this diff and these transactions, which did nothing that traces tell.
pub(crate) fn next_block(
    storage: &Storage,
    state_diff: ThinStateDiff,
    transactions: Vec<BlockTransaction>,
) -> BlockCommit {
    let tip = storage.latest().expect("readable");
    let number = tip.map_or(0, |tip| tip.0 + 1);
    let hash = |number: u64| BlockHash(Felt::from(number + 1));
    let state = storage.prepare_state(&state_diff).expect("prepares");
    BlockCommit {
        header: BlockHeader {
            block_hash: hash(number),
            block_header_without_hash: BlockHeaderWithoutHash {
                parent_hash: tip.map(|tip| hash(tip.0)).unwrap_or_default(),
                block_number: BlockNumber(number),
                state_root: state.global_root(),
                ..Default::default()
            },
            n_transactions: transactions.len(),
            ..Default::default()
        },
        traces: vec![TransactionTrace::default(); transactions.len()],
        transactions,
        packages: Vec::new(),
        settled: Vec::new(),
        l1_messages: Vec::new(),
        classes: Vec::new(),
        state_diff,
        thread_times: Vec::new(),
        state,
    }
}
