//! Which calls were open when an execution failed.

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::BlockNumber;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::transaction::fields::Calldata;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{CallError, CallStack, OpenCall, SimulationFlags};

use crate::support::{Call, TestChain, address, class};

const PROBE: u64 = 0x9120be;
const LEDGER: u64 = 0x1ed6e4;
const UDC: u64 = 0xdc;

fn chain() -> TestChain {
    TestChain::extended(1, |genesis| {
        for (at, class) in [(PROBE, &class::PROBE), (LEDGER, &class::LEDGER), (UDC, &class::UDC)] {
            genesis.classes.push((**class).clone());
            genesis.contracts.insert(address(at), class.0);
        }
    })
}

/// The calldata that makes a contract call this.
fn calling(to: impl Into<Felt>, entry_point: &str, calldata: &[Felt]) -> Vec<Felt> {
    let mut felts = vec![to.into(), selector_from_name(entry_point).0, calldata.len().into()];
    felts.extend(calldata);
    felts
}

fn bad() -> Felt {
    Felt::from_bytes_be_slice(b"bad")
}

fn call(chain: &TestChain, to: u64, entry_point: &str, calldata: Vec<Felt>) -> CallStack {
    let selector = selector_from_name(entry_point);
    match chain.executor.call(BlockNumber(0), address(to), selector, Calldata(calldata.into())) {
        Err(CallError::Reverted(stack)) => stack,
        called => panic!("{called:?}"),
    }
}

/// Why an invocation would be reverted, without the account's call around it.
fn invoked(chain: &TestChain, to: u64, entry_point: &'static str, calldata: Vec<Felt>) -> CallStack {
    let mut alice = chain.users[0].clone();
    let account = open(alice.address, class::ACCOUNT.0, "__execute__");
    let query =
        chain.executor.prepare(alice.invoke(&[Call { to: address(to), entry_point, calldata }]), false);
    let simulated = chain.executor.simulate(BlockNumber(0), vec![query.unwrap()], ESTIMATE);
    let mut stack = simulated.unwrap().remove(0).failure.expect("it is reverted");
    assert_eq!(stack.calls.remove(0), account);
    stack
}

const ESTIMATE: SimulationFlags =
    SimulationFlags { skip_validate: false, skip_fee_charge: true, nonces_may_be_ahead: true };

fn open(contract: ContractAddress, class_hash: ClassHash, entry_point: &str) -> OpenCall {
    OpenCall { contract, class_hash, selector: selector_from_name(entry_point) }
}

fn probe(entry_point: &str) -> OpenCall {
    open(address(PROBE), class::PROBE.0, entry_point)
}

fn ledger(entry_point: &str) -> OpenCall {
    open(address(LEDGER), class::LEDGER.0, entry_point)
}

#[test]
fn a_contract_that_calls_itself_is_told_as_often() {
    let chain = chain();
    let nested = calling(PROBE, "call", &calling(PROBE, "call", &calling(PROBE, "fail", &[bad()])));
    let expected = [probe("call"), probe("call"), probe("call"), probe("fail")];
    for stack in [call(&chain, PROBE, "call", nested.clone()), invoked(&chain, PROBE, "call", nested)] {
        assert_eq!(stack.calls, expected);
        assert!(stack.reason.contains("'bad'"), "{}", stack.reason);
    }
}

#[test]
fn library_calls_are_told_with_their_class() {
    let chain = chain();
    // The ledger's class in the probe's name.
    let calldata = calling(class::LEDGER.0.0, "add", &[Felt::ZERO, Felt::ONE]);
    let expected = [probe("delegate"), open(address(PROBE), class::LEDGER.0, "add")];
    for stack in
        [call(&chain, PROBE, "delegate", calldata.clone()), invoked(&chain, PROBE, "delegate", calldata)]
    {
        assert_eq!(stack.calls, expected);
        assert!(stack.reason.contains("nobody"), "{}", stack.reason);
    }
}

#[test]
fn cairo_0_is_told_as_well() {
    let chain = chain();
    let calldata = calling(PROBE, "call", &calling(LEDGER, "add", &[Felt::ZERO, Felt::ONE]));
    let expected = [ledger("forward"), probe("call"), ledger("add")];
    for stack in
        [call(&chain, LEDGER, "forward", calldata.clone()), invoked(&chain, LEDGER, "forward", calldata)]
    {
        assert_eq!(stack.calls, expected);
        assert!(stack.reason.contains("nobody"), "{}", stack.reason);
    }
    // One of Cairo 1 fails inside.
    let calldata = calling(PROBE, "fail", &[bad()]);
    for stack in
        [call(&chain, LEDGER, "forward", calldata.clone()), invoked(&chain, LEDGER, "forward", calldata)]
    {
        assert_eq!(stack.calls, [ledger("forward"), probe("fail")]);
        assert!(stack.reason.contains("'bad'"), "{}", stack.reason);
    }
}

#[test]
fn constructors_are_told() {
    let chain = chain();
    // A token that is not told what it is called.
    let calldata = vec![class::STRK.0.0, Felt::ONE, Felt::ZERO, Felt::ZERO];
    let stack = invoked(&chain, UDC, "deploy_contract", calldata);
    let [deployer, constructor] = stack.calls[..] else { panic!("{stack:?}") };
    assert_eq!(deployer, open(address(UDC), class::UDC.0, "deploy_contract"));
    assert_eq!(
        (constructor.class_hash, constructor.selector),
        (class::STRK.0, selector_from_name("constructor"))
    );
    assert!(stack.reason.contains("Failed to deserialize param #1"), "{}", stack.reason);
}

#[test]
fn what_fails_in_the_innermost_call_ends_with_what_it_said() {
    let chain = chain();
    // It does not exist.
    let stack = call(&chain, PROBE, "call", calling(PROBE, "nothing", &[]));
    assert_eq!(stack.calls, [probe("call"), probe("nothing")]);
    assert!(stack.reason.contains("ENTRYPOINT_NOT_FOUND"), "{}", stack.reason);
    // Nobody is there.
    let stack = call(&chain, PROBE, "call", calling(Felt::from(0x404), "nothing", &[]));
    assert_eq!(stack.calls[0], probe("call"));
    assert!(
        stack.reason.contains("CONTRACT_NOT_DEPLOYED") || stack.reason.contains("not deployed"),
        "{stack:?}"
    );
}
