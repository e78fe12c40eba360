//! The largest transactions, and what becomes of one that is larger than any block or takes too long.

use std::time::Duration;

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_types_core::felt::Felt;
use zkthreads_execution::{AdmitError, Refusal, Submission, TimeLimits};
use zkthreads_storage::ExecutionStatus;

use crate::support::chain::assert_succeeded;
use crate::support::class::{BRIDGE, deploy_greedy, greedy};
use crate::support::{
    Call, INITIAL_BALANCE, TestChain, address, bounds, eth, message, sequencer, strk, transfer,
};

/// More storage entries than a block of Starknet's size may read.
const TOO_MANY: u64 = 84_000;

/// A call of the greedy contract.
fn ask(entry_point: &'static str, calldata: &[u64]) -> Call {
    Call { to: greedy(), entry_point, calldata: calldata.iter().copied().map(Felt::from).collect() }
}

/// Each was once too large for any block, though it passes the door: nobody could have paid for it.
#[test]
fn what_passes_the_door_fits_a_block() {
    let greedy_calls = [
        ask("read", &[0, TOO_MANY]),
        ask("write", &[0, 45_000]),
        // Rounds: 1,000 in each of 50 hashes.
        ask("keccak", &[1_000, 50]),
        ask("multiply_secp", &[1_000]),
        ask("pedersen", &[100_000]),
        ask("poseidon", &[100_000]),
        ask("multiply_point", &[5_000]),
    ];
    let mut chain = TestChain::extended(1, deploy_greedy);
    chain.users[0].bounds = bounds(100_000_000_000, 10_000_000);
    for call in greedy_calls {
        let entry_point = call.entry_point;
        let transaction = chain.users[0].invoke(&[call]);
        let receipt = chain.block(vec![transaction]).receipts.remove(0);
        assert_eq!(receipt.status, ExecutionStatus::Succeeded, "{entry_point}");
    }
}

#[test]
fn what_is_larger_than_any_block_reverts_and_pays() {
    let mut chain = TestChain::with_small_blocks(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    chain.users[0].bounds = bounds(10_000_000_000, 1_000_000);
    let before = chain.balance(strk(), alice);
    let submissions = vec![
        chain.users[0].invoke(&[transfer(eth(), bob, 5), ask("read", &[0, TOO_MANY])]),
        chain.users[1].invoke(&[transfer(eth(), alice, 7)]),
    ];
    let block = chain.block(submissions);
    let ExecutionStatus::Reverted { reason } = &block.receipts[0].status else { panic!("it fits") };
    assert_eq!(reason, "larger than any block: sierra_gas, proving_gas");
    assert_succeeded(&block.receipts[1]);

    // Its nonce is used, its call undone, and all that it took is paid for.
    assert_eq!(chain.nonce(alice), 1);
    assert_eq!(chain.balance(eth(), bob), INITIAL_BALANCE - 7);
    let fee = block.receipts[0].actual_fee.0;
    assert_eq!(chain.balance(strk(), alice), before - fee);
    let gas_of_reading = u128::from(TOO_MANY) * 24_000;
    assert!(fee > gas_of_reading * 1_000_000_000, "{fee}");
    assert_eq!(chain.balance(strk(), sequencer()), fee + block.receipts[1].actual_fee.0);

    // Executed anew it does the same.
    let reads = chain.executor.initial_reads(block.header.block_header_without_hash.block_number);
    assert!(reads.expect("reads").is_some());
}

/// What is paid for what is dropped is larger than a block as well.
#[test]
fn what_costs_more_than_any_block_reverts_and_pays() {
    let mut chain = TestChain::with_small_blocks(1);
    let alice = chain.users[0].address;
    chain.users[0].bounds = bounds(20_000_000_000, 1_000_000);
    // 50,000 rounds, and then half of them twice, in a call of its own each.
    let keccak = selector_from_name("keccak").0;
    let twice = [Felt::TWO, keccak, Felt::TWO, Felt::from(1_000), Felt::from(25)];
    let nested = Call { to: greedy(), entry_point: "call_itself", calldata: twice.into() };
    for (nonce, call) in [(1, ask("keccak", &[1_000, 50])), (2, nested)] {
        let transaction = chain.users[0].invoke(&[call]);
        let receipt = chain.block(vec![transaction]).receipts.remove(0);
        let ExecutionStatus::Reverted { reason } = &receipt.status else { panic!("it fits") };
        assert!(reason.starts_with("larger than any block: "), "{reason}");
        assert!(receipt.gas.l2_gas.0 > 10_000_000_000, "{}", receipt.gas.l2_gas);
        assert_eq!(chain.nonce(alice), nonce);
    }
}

#[test]
fn whoever_did_not_sign_does_not_pay() {
    let mut chain = TestChain::with_small_blocks(1);
    let alice = chain.users[0].address;
    chain.users[0].bounds = bounds(10_000_000_000, 1_000_000);
    let mut transaction = chain.users[0].signed_invoke(&[ask("read", &[0, TOO_MANY])], None);
    transaction.signature.0 = vec![Felt::ONE, Felt::TWO].into();
    let prepared = chain.executor.prepare(Submission::Invoke(transaction), false).expect("prepared");
    let before = chain.balance(strk(), alice);
    let mut open = chain.open();
    assert!(matches!(open.execute(prepared), Err(Refusal::Rejected { .. })));
    // Nothing of it is in the block.
    chain.executor.commit(open.seal().expect("seals")).expect("commits");
    assert_eq!((chain.nonce(alice), chain.balance(strk(), alice)), (0, before));
}

/// Whatever is executed exceeds a limit of nothing with its first step.
const AMPLE: Duration = Duration::from_secs(60);
const NO_EXECUTION: TimeLimits = TimeLimits { validation: AMPLE, execution: Duration::ZERO, sealing: AMPLE };
const NO_VALIDATION: TimeLimits = TimeLimits { validation: Duration::ZERO, execution: AMPLE, sealing: AMPLE };
const NO_SEALING: TimeLimits = TimeLimits { validation: AMPLE, execution: AMPLE, sealing: Duration::ZERO };

/// What keeps a processor busy for seconds may be cheap in gas.
#[test]
fn what_takes_too_long_reverts_and_pays() {
    let mut chain = TestChain::new(2);
    chain.limit_time(NO_EXECUTION);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let before = chain.balance(strk(), alice);
    let transaction = chain.users[0].invoke(&[transfer(eth(), bob, 5)]);
    let receipt = chain.block(vec![transaction]).receipts.remove(0);
    let ExecutionStatus::Reverted { reason } = &receipt.status else { panic!("it was not ended") };
    assert_eq!(reason, "it kept a processor busy for more than 0ns");
    assert_eq!(chain.nonce(alice), 1);
    assert_eq!(chain.balance(eth(), bob), INITIAL_BALANCE);
    let fee = receipt.actual_fee.0;
    assert!(fee > 0);
    assert_eq!(chain.balance(strk(), alice), before - fee);
}

#[test]
fn validation_that_takes_too_long_is_refused_and_free() {
    let mut chain = TestChain::new(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let admitted = chain.users[0].invoke(&[transfer(eth(), bob, 5)]);
    let admitted = chain.executor.admit(admitted).expect("admitted");
    chain.limit_time(NO_VALIDATION);
    let before = chain.balance(strk(), alice);

    let submission = chain.users[0].invoke(&[transfer(eth(), bob, 5)]);
    let refused = chain.executor.admit(submission);
    assert!(matches!(refused, Err(AdmitError::TooLong(limit)) if limit.is_zero()), "{refused:?}");

    // Nor in a block is anybody charged who has not signed.
    let Err(Refusal::Rejected { reason }) = chain.open().execute(admitted) else { panic!("it is refused") };
    assert!(matches!(*reason, AdmitError::TooLong(_)), "{reason}");
    assert_eq!((chain.nonce(alice), chain.balance(strk(), alice)), (0, before));
}

/// L1 was paid for it.
#[test]
fn a_message_that_takes_too_long_is_consumed() {
    let mut chain = TestChain::extended(0, |genesis| {
        genesis.classes.push(BRIDGE.clone());
        genesis.contracts.insert(address(0xb1d6e_u64), BRIDGE.0);
    });
    chain.limit_time(NO_EXECUTION);
    let sent = message(address(0xb1d6e_u64), 7, &[5, 40]);
    let receipt = chain.block(vec![Submission::L1Handler(sent)]).receipts.remove(0);
    let ExecutionStatus::Reverted { reason } = &receipt.status else { panic!("it was not ended") };
    assert_eq!(reason, "it kept a processor busy for more than 0ns");
    assert_eq!(receipt.actual_fee.0, 0);
}

/// Sealing takes time for each entry of the state.
#[test]
fn a_block_is_full_by_what_sealing_it_takes_and_one_transaction_fits_always() {
    let mut chain = TestChain::new(2);
    chain.limit_time(NO_SEALING);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let first = chain.users[0].invoke(&[transfer(eth(), bob, 5)]);
    let second = chain.users[1].invoke(&[transfer(eth(), alice, 5)]);
    let [first, second] = [first, second].map(|it| chain.executor.admit(it).expect("admitted"));
    let mut open = chain.open();
    let before = open.sealing_time();
    open.execute(first).expect("it has a block of its own");
    assert!(open.sealing_time() > before);
    assert!(matches!(open.execute(second.clone()), Err(Refusal::BlockFull)));
    let mut open = chain.executor.reopen_block(&open.pre_confirmed()).expect("opens again");
    assert!(matches!(open.execute(second.clone()), Err(Refusal::BlockFull)));
    chain.executor.commit(open.seal().expect("seals")).expect("commits");
    assert_succeeded(&chain.put(vec![second]).receipts[0]);
}
