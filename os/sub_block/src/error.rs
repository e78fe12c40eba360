//! Why no sub-block is made.

use blockifier::state::errors::StateError;
use starknet_api::StarknetApiError;
use zkthreads_protocol::limits::MAX_INNER_TRANSACTIONS;

use crate::left_out::LeftOut;

/// Why no sub-block was made.
#[derive(Debug, thiserror::Error)]
pub enum SubBlockError {
    /// The chain id is not a short string, or a transaction's fields cannot be hashed.
    #[error("cannot hash: {0}")]
    Hash(#[from] StarknetApiError),
    /// The state could not be read.
    #[error("state: {0}")]
    State(#[from] StateError),
    /// Every transaction was left out.
    #[error("no transaction to include: {}", reasons(.left_out))]
    Empty {
        /// The transactions with their reasons.
        left_out: Vec<LeftOut>,
    },
    /// More transactions than one sub-block holds.
    #[error("a sub-block has at most {MAX_INNER_TRANSACTIONS} transactions, these are {transactions}")]
    TooMany {
        /// How many were given.
        transactions: usize,
    },
    /// Not all transactions have room in one sub-block: split them.
    #[error("a sub-block is full after {transactions} of these transactions")]
    Full {
        /// How many have room.
        transactions: usize,
    },
}

fn reasons(left_out: &[LeftOut]) -> String {
    let reasons: Vec<String> = left_out.iter().map(|it| format!("{:#x}: {}", it.hash.0, it.reason)).collect();
    if reasons.is_empty() { "none was given".to_owned() } else { reasons.join("; ") }
}
