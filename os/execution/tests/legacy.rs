//! Contracts of Cairo 0: called, invoked, told by L1, and calling others.

use crate::support::chain::assert_succeeded;
use crate::support::{
    Call, INITIAL_BALANCE, TestChain, address, bounds, bounds_with_l1_gas, class, eth, message,
};
use blockifier::state::state_api::StateReader;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::BlockNumber;
use starknet_api::transaction::fields::Calldata;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{SimulationFlags, Submission};
use zkthreads_storage::ExecutionStatus;

const LEDGER: u64 = 0x1ed6e4;

fn chain() -> TestChain {
    TestChain::extended(1, |genesis| {
        genesis.classes.push(class::LEDGER.clone());
        genesis.contracts.insert(address(LEDGER), class::LEDGER.0);
    })
}

fn call(entry_point: &'static str, calldata: impl IntoIterator<Item = Felt>) -> Call {
    Call { to: address(LEDGER), entry_point, calldata: calldata.into_iter().collect() }
}

fn add(owner: u64, amount: u64) -> Call {
    call("add", [owner.into(), amount.into()])
}

fn balance(chain: &TestChain, at: u64, owner: u64) -> Felt {
    let calldata = Calldata(vec![Felt::from(owner)].into());
    let called =
        chain.executor.call(BlockNumber(at), address(LEDGER), selector_from_name("balance"), calldata);
    called.unwrap()[0]
}

#[test]
fn a_cairo_0_contract_is_called_and_invoked() {
    let mut chain = chain();
    let alice = chain.users[0].address;
    let mut dry = chain.users[0].clone();
    dry.bounds = bounds(0, 0);
    let query = chain.executor.prepare(dry.invoke(&[add(5, 40)]), false).unwrap();
    let flags = SimulationFlags { skip_validate: false, skip_fee_charge: true, nonces_may_be_ahead: true };
    let estimate = chain.executor.simulate(BlockNumber(0), vec![query], flags).unwrap().remove(0);

    chain.users[0].bounds = bounds_with_l1_gas(100_000, 200_000_000, 100_000);
    let invokes = [
        chain.users[0].invoke(&[add(5, 40)]),
        chain.users[0].invoke(&[add(5, 2), add(6, 1)]),
        chain.users[0].invoke(&[add(0, 1)]),
        chain.users[0].invoke(&[call("withdraw", [5, 30, 0xe78].map(Felt::from))]),
        Submission::L1Handler(message(address(LEDGER), 0, &[5, 9])),
    ];
    let block = chain.block(invokes.into());
    for index in [0, 1, 3, 4] {
        assert_succeeded(&block.receipts[index]);
    }
    let ExecutionStatus::Reverted { reason } = &block.receipts[2].status else { panic!("succeeded") };
    assert!(reason.contains("nobody"), "{reason}");
    assert_eq!(block.receipts[0].gas, estimate.receipt.gas);

    let event = &block.receipts[0].events[0];
    assert_eq!(event.from_address, address(LEDGER));
    assert_eq!(event.content.data.0, [5.into(), *alice.0.key(), 40.into()]);
    assert_eq!(block.receipts[3].messages[0].payload.0, [5, 30].map(Felt::from));
    assert_eq!((balance(&chain, 0, 5), balance(&chain, 1, 5)), (Felt::ZERO, Felt::from(40 + 2 - 30 + 9)));
    assert_eq!(balance(&chain, 1, 6), Felt::ONE);

    let trace = chain.executor.storage().trace(BlockNumber(1), 0).unwrap().unwrap();
    let inner = &trace.execute.unwrap().calls[0];
    assert_eq!((inner.contract, inner.class_hash), (address(LEDGER), class::LEDGER.0));
    assert!(inner.gas.l2_gas > 0);
    let chain = chain.reopen();
    assert!(chain.state().get_compiled_class(class::LEDGER.0).is_ok());
    assert_eq!(balance(&chain, 1, 6), Felt::ONE);
}

#[test]
fn the_two_cairos_call_each_other() {
    let mut chain = chain();
    let alice = chain.users[0].address;
    // An account of Cairo 1 calls the ledger, which calls a token of Cairo 1.
    let asked = [*eth().0.key(), selector_from_name("balance_of").0, Felt::ONE, *alice.0.key()];
    let called = chain.executor.call(
        BlockNumber(0),
        address(LEDGER),
        selector_from_name("forward"),
        Calldata(asked.to_vec().into()),
    );
    assert_eq!(called.unwrap(), [Felt::from(INITIAL_BALANCE), Felt::ZERO]);
    let forwarded = chain.users[0].invoke(&[call("forward", asked)]);
    let itself = [LEDGER.into(), selector_from_name("add").0, Felt::TWO, Felt::from(7), Felt::from(3)];
    let nested = chain.users[0].invoke(&[call("forward", itself)]);
    let block = chain.block(vec![forwarded, nested]);
    block.receipts.iter().for_each(assert_succeeded);
    assert_eq!(balance(&chain, 1, 7), Felt::from(3));
    // The ledger was called by itself.
    assert_eq!(block.receipts[1].events[0].content.data.0[1], Felt::from(LEDGER));
}
