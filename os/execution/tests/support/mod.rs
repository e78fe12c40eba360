//! A small chain in a temporary directory: the STRK and ETH tokens, OpenZeppelin accounts that sign, and threads made
//! by the sub-block builder.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    reason = "each test binary uses a part of it"
)]

pub mod chain;
pub mod class;
pub mod echo;
pub mod thread;
pub mod user;

pub use chain::TestChain;
pub use thread::{package, unproven};
pub use user::{Call, User, bounds, transfer};

use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;

/// Balance of every user in each token: 1,000 tokens.
pub const INITIAL_BALANCE: u128 = 1_000_000_000_000_000_000_000;

pub fn address(felt: impl Into<Felt>) -> ContractAddress {
    ContractAddress::try_from(felt.into()).expect("below the address bound")
}

/// STRK's address on Starknet.
pub fn strk() -> ContractAddress {
    address(Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d"))
}

/// ETH's address on Starknet.
pub fn eth() -> ContractAddress {
    address(Felt::from_hex_unchecked("0x49d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7"))
}

pub fn sequencer() -> ContractAddress {
    address(0x5e9_u64)
}
