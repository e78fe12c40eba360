//! Programs for `contracts/metered/everything.cairo`, and transactions of it: it is an account, too, whose signature is
//! the program of `__validate__`.
#![allow(dead_code, unreachable_pub)]

use starknet_api::block::GasPrice;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::execution_resources::GasAmount;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{
    AllResourceBounds, Calldata, ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::InnerTransaction;

/// Opcodes, as in the contract.
#[derive(Clone, Copy)]
pub enum Op {
    Write = 0,
    Read = 1,
    Emit = 2,
    Send = 3,
    Call = 4,
    LibraryCall = 5,
    Deploy = 6,
    ReplaceClass = 7,
    Context = 8,
    ClassAt = 9,
    BlockHash = 10,
    Keccak = 11,
    Sha256 = 12,
    SecpMul = 13,
    SecpNew = 14,
    Pedersen = 15,
    Poseidon = 16,
    Bitwise = 17,
    Curve = 18,
    Dictionary = 19,
    Wide = 20,
    Narrow = 21,
    Panic = 22,
    Recurse = 23,
    Loop = 24,
    Domain = 25,
    Meta = 26,
}

/// One action: opcode, number of arguments, arguments.
pub fn act(op: Op, arguments: impl IntoIterator<Item = impl Into<Felt>>) -> Vec<Felt> {
    let arguments: Vec<Felt> = arguments.into_iter().map(Into::into).collect();
    [vec![Felt::from(op as u64)], span(&arguments)].concat()
}

/// An array in calldata.
pub fn span(felts: &[Felt]) -> Vec<Felt> {
    [&[felts.len().into()], felts].concat()
}

/// A transaction of such an account: `validate` and `execute` are what its two phases do.
pub fn transaction(
    sender_address: ContractAddress,
    nonce: u64,
    validate: &[Felt],
    execute: &[Felt],
    l2_gas: u64,
) -> InnerTransaction {
    let bound = |max_amount: u64| ResourceBounds {
        max_amount: GasAmount(max_amount),
        max_price_per_unit: GasPrice(1_000_000_000),
    };
    let invoke = InvokeTransactionV3 {
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
            l1_gas: bound(0),
            l2_gas: bound(l2_gas),
            l1_data_gas: bound(10_000),
        }),
        tip: Tip(7),
        signature: TransactionSignature(validate.to_vec().into()),
        nonce: Nonce(nonce.into()),
        sender_address,
        calldata: Calldata(span(execute).into()),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
        proof_facts: Default::default(),
    };
    InnerTransaction::try_from(invoke).expect("an inner transaction")
}
