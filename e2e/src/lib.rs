//! The harness of the scenario tests: the real binary on a free port, spoken to over HTTP as a stranger would.
//!
//! [`node`] starts and kills it ([`thread`] a thread of it, [`pair`] both), [`rpc`] asks it, [`wallet`] signs, [`token`] knows the
//! ERC-20s, [`sub_block`] makes proven packages (each once per machine), [`receipt`] reads what became of a transaction,
//! [`wait`] waits for what is to happen, [`heads`] hears of blocks, [`times`] sums up how long things took. Scenarios are in
//! `tests/`.

pub mod dice;
pub mod heads;
pub mod node;
mod overlay;
pub mod pair;
pub mod process;
pub mod receipt;
pub mod rpc;
pub mod sub_block;
pub mod thread;
pub mod times;
pub mod token;
pub mod wait;
pub mod wallet;

pub use node::{NodeOptions, TestNode};
pub use overlay::Presumed;
pub use receipt::Receipt;
pub use rpc::{Failure, Rpc};
pub use thread::{TestThread, ThreadOptions};
pub use wallet::{Call, Wallet};

use starknet_types_core::felt::Felt;

/// `0x…`, as JSON-RPC wants felts.
#[must_use]
pub fn hex(felt: impl Into<Felt>) -> String {
    felt.into().to_hex_string()
}

/// A felt out of a JSON string.
///
/// # Errors
/// If the value is not a string that holds a felt.
pub fn felt(value: &serde_json::Value) -> anyhow::Result<Felt> {
    let text = value.as_str().ok_or_else(|| anyhow::anyhow!("{value} is not a string"))?;
    Ok(Felt::from_hex(text)?)
}
