//! Programs for `contracts/metered/everything.cairo`, whose accounts check no signature: nothing but the OS stands
//! between the prover and the statement.

use starknet_api::abi::abi_utils::selector_from_name;
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
    SecpNew = 14,
    Dictionary = 19,
    Panic = 22,
    Meta = 26,
}

/// Gas for anything.
pub const PLENTY: u64 = 1_000_000_000;

/// Where a failure is survived.
pub const CATCH: u64 = 1;

/// One action.
pub fn act(op: Op, arguments: impl IntoIterator<Item = impl Into<Felt>>) -> Vec<Felt> {
    let arguments: Vec<Felt> = arguments.into_iter().map(Into::into).collect();
    let mut felts = vec![Felt::from(op as u64), arguments.len().into()];
    felts.extend(arguments);
    felts
}

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

/// An array in calldata.
pub fn span(felts: &[Felt]) -> Vec<Felt> {
    let mut calldata = vec![felts.len().into()];
    calldata.extend(felts);
    calldata
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
    let bound = |max_amount: u64| ResourceBounds {
        max_amount: GasAmount(max_amount),
        max_price_per_unit: GasPrice(1),
    };
    let invoke = InvokeTransactionV3 {
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds {
            l1_gas: bound(0),
            l2_gas: bound(l2_gas),
            l1_data_gas: bound(10_000),
        }),
        tip: Tip(7),
        signature: TransactionSignature::default(),
        nonce: Nonce(nonce.into()),
        sender_address,
        calldata: Calldata(span(&program.concat()).into()),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
        proof_facts: Default::default(),
    };
    InnerTransaction::try_from(invoke).expect("an inner transaction")
}
