//! Calls, simulations and fee estimates.

use std::time::Duration;

use crate::support::chain::assert_succeeded;
use crate::support::class::{deploy_greedy, greedy};
use crate::support::{Call, INITIAL_BALANCE, TestChain, bounds, eth, sequencer, strk, transfer, unproven};
use blockifier::execution::call_info::Retdata;
use blockifier::execution::stack_trace::{Cairo1RevertHeader, Cairo1RevertSummary, TRACE_LENGTH_CAP};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::BlockNumber;
use starknet_api::transaction::fields::Calldata;
use starknet_types_core::felt::Felt;
use zkthreads_execution::busy::{Ended, within};
use zkthreads_execution::{
    AdmitError, CallError, Cancellation, PendingTransaction, SimulateError, SimulationFlags,
};
use zkthreads_storage::ExecutionStatus;

/// What a string begins with in the data of a panic (Cairo's core library, `panics.cairo`).
const BYTE_ARRAY_MAGIC: &str = "0x46a6158a16a947e5916b2a2ca68501a45e93d7110e81aa2d6438b1c57c879a3";

const ESTIMATE: SimulationFlags =
    SimulationFlags { skip_validate: false, skip_fee_charge: true, nonces_may_be_ahead: true };

#[test]
fn calls_read_any_block() {
    let mut chain = TestChain::new(2);
    let bob = chain.users[1].address;
    let invoke = chain.users[0].invoke(&[transfer(eth(), bob, 7)]);
    chain.block(vec![invoke]);
    let balance_at = |number| {
        let calldata = Calldata(vec![*bob.0.key()].into());
        chain.executor.call(BlockNumber(number), eth(), selector_from_name("balance_of"), calldata)
    };
    assert_eq!(balance_at(0).unwrap(), [Felt::from(INITIAL_BALANCE), Felt::ZERO]);
    assert_eq!(balance_at(1).unwrap(), [Felt::from(INITIAL_BALANCE + 7), Felt::ZERO]);
    assert!(matches!(balance_at(2), Err(CallError::UnknownBlock(BlockNumber(2)))));

    let call = |contract, name: &str| {
        chain.executor.call(BlockNumber(1), contract, selector_from_name(name), Calldata::default())
    };
    assert!(matches!(call(sequencer(), "balance_of"), Err(CallError::ContractNotFound(_))));
    assert!(matches!(call(eth(), "no_such_thing"), Err(CallError::EntryPointNotFound { .. })));
    assert!(matches!(call(eth(), "balance_of"), Err(CallError::Reverted(_))));
}

#[test]
fn an_estimate_without_bounds_is_what_execution_then_costs() {
    let mut chain = TestChain::new(2);
    let bob = chain.users[1].address;
    let mut dry = chain.users[0].clone();
    dry.bounds = bounds(0, 0);
    let queries: Vec<_> = (0..2)
        .map(|_| chain.executor.prepare(dry.invoke(&[transfer(eth(), bob, 7)]), false).unwrap())
        .collect();
    let estimates = chain.executor.simulate(BlockNumber(0), queries, ESTIMATE).unwrap();
    assert_eq!(chain.balance(eth(), bob), INITIAL_BALANCE);
    assert!(estimates.iter().all(|it| it.trace.fee_transfer.is_none() && it.trace.execute.is_some()));

    let invokes = (0..2).map(|_| chain.users[0].invoke(&[transfer(eth(), bob, 7)])).collect();
    let block = chain.block(invokes);
    for (estimate, receipt) in estimates.iter().zip(&block.receipts) {
        assert_succeeded(receipt);
        assert_eq!(estimate.fee.overall_fee, receipt.actual_fee);
        assert_eq!(estimate.fee.gas, receipt.gas);
    }
}

#[test]
fn simulations_build_on_one_another_and_obey_their_flags() {
    let chain = TestChain::new(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let mut dry = chain.users[0].clone();
    let first = dry.invoke(&[transfer(eth(), bob, INITIAL_BALANCE)]);
    let second = dry.invoke(&[transfer(eth(), bob, 1)]);
    let prepare = |submission| chain.executor.prepare(submission, false).unwrap();
    let (first, second) = (prepare(first), prepare(second));
    let all = chain
        .executor
        .simulate(BlockNumber(0), vec![first.clone(), second.clone()], SimulationFlags::default())
        .unwrap();
    assert_succeeded(&all[0].receipt);
    assert!(matches!(all[1].receipt.status, ExecutionStatus::Reverted { .. }));
    assert!(all[0].trace.fee_transfer.is_some() && all[0].trace.validate.is_some());
    assert!(all[0].trace.state_diff.nonces.contains_key(&alice));
    assert!(all[0].trace.state_diff.storage_diffs.contains_key(&strk()));

    let out_of_order = chain.executor.simulate(BlockNumber(0), vec![second], SimulationFlags::default());
    let Err(SimulateError::Transaction { index: 0, error }) = out_of_order else { panic!("simulated") };
    assert!(matches!(*error, AdmitError::InvalidNonce { .. }));

    // Who offers nothing is asked for nothing only if no fee is to be charged; its nonce is checked all the same.
    let mut poor = chain.users[0].clone();
    poor.bounds = bounds(0, 0);
    let (free, later) = {
        let mut next = || prepare(poor.invoke(&[transfer(eth(), bob, 1)]));
        (next(), next())
    };
    let run = |transaction: &PendingTransaction, flags| {
        chain.executor.simulate(BlockNumber(0), vec![transaction.clone()], flags)
    };
    let charged = run(&free, SimulationFlags::default());
    let Err(SimulateError::Transaction { index: 0, error }) = charged else { panic!("simulated") };
    assert!(matches!(*error, AdmitError::InsufficientResources(_)), "{error}");
    let uncharged = SimulationFlags { skip_fee_charge: true, ..SimulationFlags::default() };
    let simulated = run(&free, uncharged).unwrap().remove(0);
    assert_succeeded(&simulated.receipt);
    assert!(simulated.trace.fee_transfer.is_none() && simulated.fee.overall_fee.0 > 0);
    assert!(matches!(run(&later, uncharged), Err(SimulateError::Transaction { index: 0, .. })));
    assert!(run(&later, SimulationFlags { nonces_may_be_ahead: true, ..uncharged }).is_ok());

    // Anyone's signature will do if validation is skipped.
    let mut unsigned = first;
    unsigned.hash = Default::default();
    let run = |flags| chain.executor.simulate(BlockNumber(0), vec![unsigned.clone()], flags);
    assert!(run(SimulationFlags::default()).is_err());
    let skipped = run(SimulationFlags { skip_validate: true, ..SimulationFlags::default() }).unwrap();
    assert!(skipped[0].trace.validate.is_none());
    assert_eq!(chain.nonce(alice), 0);
}

#[test]
fn threads_can_be_simulated() {
    let mut chain = TestChain::new(3);
    chain.advance(1);
    let (submitter, to) = (chain.users[0].address, chain.users[2].address);
    let inner = chain.users[1].inner(&[transfer(eth(), to, 3)]);
    let package = unproven(&chain, submitter, vec![inner]).encode();
    let hash = chain.os_program_hash();
    let submission = chain.users[0].thread(hash, package, &[]);
    let prepared = chain.executor.prepare(submission, false).unwrap();
    let simulated = chain.executor.simulate(BlockNumber(1), vec![prepared], ESTIMATE).unwrap();
    let ExecutionStatus::Reverted { reason } = &simulated[0].receipt.status else { panic!("settled") };
    assert!(reason.starts_with("proof: "), "{reason}");
    assert!(simulated[0].fee.overall_fee.0 > 0);
}

#[test]
fn a_simulation_has_the_gas_of_one_transaction() {
    let mut chain = TestChain::extended(1, deploy_greedy);
    let read =
        |times: u64| Call { to: greedy(), entry_point: "read", calldata: vec![0.into(), times.into()] };
    let alice = &mut chain.users[0];
    alice.bounds = bounds(0, 0);
    let submissions = [1, 60_000, 1].map(|times| alice.invoke(&[read(times)]));
    let [small, large, last] = submissions.map(|it| chain.executor.prepare(it, false).unwrap());

    let simulated = chain.executor.simulate(BlockNumber(0), vec![small.clone(), large.clone()], ESTIMATE);
    assert!(simulated.unwrap().iter().all(|it| it.receipt.status == ExecutionStatus::Succeeded));
    let simulated = chain.executor.simulate(BlockNumber(0), vec![small, large, last], ESTIMATE);
    assert!(matches!(simulated, Err(SimulateError::TooMuchWork { index: 2, .. })), "{simulated:?}");
}

#[test]
fn execution_ends_when_it_is_cancelled_or_takes_too_long() {
    let chain = TestChain::new(1);
    let balance = || {
        let calldata = Calldata(vec![*chain.users[0].address.0.key()].into());
        chain.executor.call(BlockNumber(0), eth(), selector_from_name("balance_of"), calldata)
    };
    let cancelled = Cancellation::default();
    let called = within(Duration::MAX, cancelled.clone(), balance).expect("nobody ends it");
    assert_eq!(called.unwrap()[0], Felt::from(INITIAL_BALANCE));
    assert_eq!(
        within(Duration::ZERO, cancelled.clone(), balance).err(),
        Some(Ended::TooLong(Duration::ZERO))
    );
    cancelled.cancel();
    assert_eq!(within(Duration::MAX, cancelled.clone(), balance).err(), Some(Ended::Cancelled));
    // An outer limit holds within an inner one, and ends with it.
    let inner = || within(Duration::MAX, Cancellation::default(), balance).expect("the inner one does not");
    assert_eq!(within(Duration::MAX, cancelled, inner).err(), Some(Ended::Cancelled));
    assert!(balance().is_ok());
}

/// Each of these announces a string. Whoever made a text of them all would collect the rest for each: some 10^11 felts.
#[test]
fn the_text_of_a_panic_is_made_of_as_much_as_it_holds() {
    let announced = [Felt::from_hex_unchecked(BYTE_ARRAY_MAGIC), Felt::from(u64::MAX)];
    let last_retdata = Retdata(announced.repeat(500_000));
    let panic = Cairo1RevertSummary { header: Cairo1RevertHeader::Execution, stack: vec![], last_retdata };
    assert!(panic.to_string().len() <= TRACE_LENGTH_CAP);
    let few = Retdata(vec![Felt::ONE; 2_000]);
    let panic = Cairo1RevertSummary { last_retdata: few, ..panic };
    assert_eq!(panic.to_string().matches("0x1").count(), 2_000);
}
