//! Programs for `contracts/metered/everything.cairo`, whose accounts check no signature: nothing but the OS stands
//! between the prover and the statement.

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

use crate::sub_block_support::everything;
pub use crate::sub_block_support::everything::{Op, act, span};

/// Gas for anything.
pub const PLENTY: u64 = 1_000_000_000;

/// Where a failure is survived.
pub const CATCH: u64 = 1;

/// An action without arguments.
pub fn plain(op: Op) -> Vec<Felt> {
    act(op, Vec::<Felt>::new())
}

/// A call of the entry point `name` that may fail.
pub fn call(to: ContractAddress, name: &str, calldata: &[Felt]) -> Vec<Felt> {
    let mut arguments = vec![Felt::from(CATCH), *to.0.key(), selector_from_name(name).0];
    arguments.extend(calldata);
    act(Op::Call, arguments)
}

/// Lets another contract run a program; it may fail.
pub fn let_run(contract: ContractAddress, program: &[Vec<Felt>]) -> Vec<Felt> {
    call(contract, "run", &span(&program.concat()))
}

/// A transaction that does `program`.
pub fn transaction(sender: ContractAddress, nonce: u64, program: &[Vec<Felt>]) -> InnerTransaction {
    with_gas(sender, nonce, program, PLENTY)
}

/// A transaction that does `program` with so much gas.
pub fn with_gas(
    sender_address: ContractAddress,
    nonce: u64,
    program: &[Vec<Felt>],
    l2_gas: u64,
) -> InnerTransaction {
    everything::transaction(sender_address, nonce, &[], &program.concat(), l2_gas)
}
