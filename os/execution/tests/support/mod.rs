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
pub mod commitments;
pub mod echo;
pub mod remote;
pub mod segments;
pub mod thread;
pub mod user;

pub use chain::TestChain;
pub use thread::{package, unproven};
pub use user::{Call, User, bounds, bounds_with_l1_gas, transfer};

use std::sync::Arc;

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::L1HandlerTransaction;
use starknet_api::transaction::fields::{Calldata, Fee};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{L1Message, L1TransactionHash};

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

/// A message from L1 to an entry point `deposit`.
pub fn message(to: ContractAddress, number: u64, payload: &[u64]) -> L1Message {
    const SENDER: u64 = 0xe78;
    let calldata = std::iter::once(SENDER).chain(payload.iter().copied()).map(Felt::from).collect();
    L1Message {
        tx: L1HandlerTransaction {
            version: L1HandlerTransaction::VERSION,
            nonce: Nonce(number.into()),
            contract_address: to,
            entry_point_selector: selector_from_name("deposit"),
            calldata: Calldata(Arc::new(calldata)),
        },
        paid_fee: Fee(1),
        l1_transaction: Some(L1TransactionHash([0xff; 32])),
    }
}
