//! One real proof, and everything that can become of it on a chain.

use crate::support::chain::{assert_succeeded, settle_error};
use crate::support::commitments::assert_recomputed;
use crate::support::thread::{errors_of, prove, sub_block, sub_block_over};
use crate::support::{INITIAL_BALANCE, TestChain, bounds, eth, sequencer, strk, transfer};
use starknet_api::abi::abi_utils::get_fee_token_var_address;
use starknet_api::block::BlockNumber;
use starknet_types_core::felt::Felt;
use zkthreads_execution::thread::constants::{diff_entry_count, minimal_l2_gas};
use zkthreads_execution::{SimulationFlags, StateAt};
use zkthreads_protocol::{OsProgramHash, Package, SettleError, StateCell};

/// User 0 submits, users 1 and 2 transfer to user 3. All chains made by this are equal up to block 2.
fn chain() -> TestChain {
    let chain = TestChain::new(5);
    chain.advance(2);
    chain
}

#[test]
fn prove_once_and_settle_everywhere() {
    let mut first = chain();
    let (submitter, to) = (first.users[0].address, first.users[3].address);
    let transactions = vec![
        first.users[1].inner(&[transfer(eth(), to, 3)]),
        first.users[2].inner(&[transfer(eth(), to, 4)]),
    ];
    let package = prove(&sub_block(&first, submitter, transactions));

    settles_with_a_call_of_its_own(first, &package);
    estimates_are_exact(chain(), &package);
    settles_among_ordinary_transactions(chain(), &package);
    reverts_whole_if_its_own_call_fails(chain(), &package);
    reverts_whole_if_the_bounds_do_not_suffice(chain(), &package);
    is_refused_once_damaged(chain(), &package);
    is_seen_by_the_next_thread_of_its_block(chain(), &package);
}

fn settles_with_a_call_of_its_own(mut chain: TestChain, package: &Package) {
    let [submitter, alice, bob, to, other] = [0, 1, 2, 3, 4].map(|index: usize| chain.users[index].address);
    let hash = chain.os_program_hash();
    let check = chain.executor.check_thread(submitter, OsProgramHash(hash), &package.encode()).unwrap();
    assert!(check.would_settle, "{:?}", check.errors);

    // It spends what the sub-block brought: the calls see the settled state.
    let thread = chain.users[0].thread(hash, package.encode(), &[transfer(eth(), other, 9)]);
    let block = chain.block(vec![thread]);
    let receipt = &block.receipts[0];
    assert_succeeded(receipt);
    assert_eq!(chain.balance(eth(), to), INITIAL_BALANCE + 7);
    assert_eq!(chain.balance(eth(), alice), INITIAL_BALANCE - 3);
    assert_eq!(chain.balance(eth(), other), INITIAL_BALANCE + 9);
    assert_eq!([submitter, alice, bob].map(|user| chain.nonce(user)), [1, 1, 1]);
    // Inner transactions pay nothing, the submitter pays all.
    assert_eq!(chain.balance(strk(), alice), INITIAL_BALANCE);
    assert_eq!(chain.balance(strk(), submitter), INITIAL_BALANCE - receipt.actual_fee.0);
    assert_eq!(chain.balance(strk(), sequencer()), receipt.actual_fee.0);
    // Two inner transfers, the envelope's own, the fee's.
    assert_eq!(receipt.events.len(), 4);
    assert_eq!(receipt.events[..2], package.segments[0].events.iter().map(event).collect::<Vec<_>>());
    let outcome = receipt.thread.as_ref().unwrap();
    assert!(outcome.error.is_none() && outcome.verify_micros.is_some());
    println!(
        "settled {} entries for {} fri, {:?}, verified in {:?} µs",
        diff_entry_count(&package.segments[0].statement),
        receipt.actual_fee.0,
        receipt.gas,
        outcome.verify_micros
    );

    // A replay conflicts on the nonces it would consume again.
    let again = chain.users[0].thread(hash, package.encode(), &[]);
    let SettleError::Conflicts(conflicts) = settle_error(&chain.block(vec![again]).receipts[0]) else {
        panic!("another error")
    };
    let nonces: Vec<_> = conflicts.iter().filter(|it| it.cell == StateCell::Nonce).collect();
    assert_eq!(nonces.len(), 2);
    assert!(nonces.iter().all(|it| (it.expected, it.found) == (Felt::ZERO, Felt::ONE)));
    assert_eq!(chain.balance(eth(), to), INITIAL_BALANCE + 7);

    let chain = chain.reopen();
    assert_eq!(chain.balance(eth(), to), INITIAL_BALANCE + 7);
    assert_eq!(chain.nonce(alice), 1);
}

fn event(event: &zkthreads_protocol::InnerEvent) -> starknet_api::transaction::Event {
    starknet_api::transaction::Event { from_address: event.from_address, content: event.content.clone() }
}

fn estimates_are_exact(mut chain: TestChain, package: &Package) {
    let hash = chain.os_program_hash();
    let mut dry = chain.users[0].clone();
    dry.bounds = bounds(0, 0);
    let query = chain.executor.prepare(dry.thread(hash, package.encode(), &[]), true).unwrap();
    let flags = SimulationFlags { skip_validate: true, skip_fee_charge: true, nonces_may_be_ahead: true };
    let estimate = chain.executor.simulate(BlockNumber(2), vec![query], flags).unwrap().remove(0);
    assert_succeeded(&estimate.receipt);
    assert_eq!(estimate.receipt.events.len(), 2);
    let thread = chain.users[0].thread(hash, package.encode(), &[]);
    let receipt = chain.block(vec![thread]).receipts.remove(0);
    assert_succeeded(&receipt);
    assert!(estimate.fee.overall_fee <= receipt.actual_fee);
    assert_eq!(estimate.fee.gas.l1_data_gas, receipt.gas.l1_data_gas);
}

fn settles_among_ordinary_transactions(mut chain: TestChain, package: &Package) {
    let [bob, to] = [2, 3].map(|index: usize| chain.users[index].address);
    let hash = chain.os_program_hash();
    // Before: a key the thread does not read. After: what it just wrote, a nonce it consumed.
    let before = chain.users[4].invoke(&[transfer(strk(), to, 5)]);
    let thread = chain.users[0].thread(hash, package.encode(), &[]);
    let mut spender = chain.users[2].clone();
    spender.nonce = 1;
    let after =
        chain.executor.prepare(spender.invoke(&[transfer(eth(), to, INITIAL_BALANCE - 4)]), false).unwrap();
    let [before, thread] = [before, thread].map(|submission| chain.executor.admit(submission).unwrap());
    let mut open = chain.open();
    for transaction in [before, thread, after] {
        assert_succeeded(&open.execute(transaction).unwrap().transaction.receipt);
    }
    // The open block shows the inner transactions and what they did; the stored one says where they are.
    let shown = open.pre_confirmed();
    let inner: Vec<_> = package.segments[0].statement.transaction_hashes().collect();
    assert!(shown.transaction(1).unwrap().settled.hashes().eq(inner.iter().copied()));
    let bob_holds =
        |at: StateAt| chain.executor.state(&at).storage(eth(), get_fee_token_var_address(bob)).unwrap();
    assert_eq!(bob_holds(shown.clone().into()), Felt::ZERO);
    assert_eq!(bob_holds(BlockNumber(2).into()), INITIAL_BALANCE.into());
    let header = chain.executor.commit(open.seal().unwrap()).unwrap().block_header_without_hash;
    let storage = chain.executor.storage();
    let thread = shown.transaction(1).unwrap().transaction.hash;
    for (index, hash) in (0..).zip(&inner) {
        assert_eq!(storage.inner_place(*hash).unwrap(), Some((thread, index)));
    }
    assert_eq!(assert_recomputed(storage, header.block_number), 3);
    assert_eq!(chain.balance(eth(), bob), 0);
    assert_eq!(chain.balance(eth(), to), 2 * INITIAL_BALANCE + 3);
    assert_eq!(chain.nonce(bob), 2);
}

fn reverts_whole_if_its_own_call_fails(mut chain: TestChain, package: &Package) {
    let to = chain.users[3].address;
    let hash = chain.os_program_hash();
    let thread = chain.users[0].thread(hash, package.encode(), &[transfer(eth(), to, 2 * INITIAL_BALANCE)]);
    let receipt = chain.block(vec![thread]).receipts.remove(0);
    let SettleError::Execution { reason } = settle_error(&receipt) else { panic!("another error") };
    assert!(reason.contains("insufficient balance"), "{reason}");
    assert_nothing_settled(&chain, receipt.actual_fee.0);
}

fn reverts_whole_if_the_bounds_do_not_suffice(mut chain: TestChain, package: &Package) {
    let bytes = package.encode();
    let hash = chain.os_program_hash();
    for (data_gas, resource) in [(1, "L1DataGas"), (100_000, "L2Gas")] {
        chain.users[0].bounds = bounds(minimal_l2_gas(package, bytes.len()).0 + 600_000, data_gas.max(200));
        if data_gas == 1 {
            chain.users[0].bounds = bounds(200_000_000, 200);
        }
        let before = chain.balance(strk(), chain.users[0].address);
        let thread = chain.users[0].thread(hash, bytes.clone(), &[]);
        let receipt = chain.block(vec![thread]).receipts.remove(0);
        let SettleError::Execution { reason } = settle_error(&receipt) else { panic!("another error") };
        assert!(reason.contains("nsufficient max") && reason.contains(resource), "{reason}");
        let most = chain.users[0].bounds.max_possible_fee(Default::default());
        assert!(receipt.actual_fee <= most);
        assert_eq!(chain.balance(strk(), chain.users[0].address), before - receipt.actual_fee.0);
        assert_eq!(chain.nonce(chain.users[1].address), 0);
    }
}

fn is_refused_once_damaged(mut chain: TestChain, package: &Package) {
    let hash = chain.os_program_hash();
    let mut richer = package.clone();
    let to = get_fee_token_var_address(chain.users[3].address);
    for contract in
        richer.segments[0].statement.contracts.iter_mut().filter(|contract| contract.address == eth())
    {
        for cell in contract.storage.iter_mut().filter(|cell| cell.key == to) {
            cell.after += Felt::ONE;
        }
    }
    let thread = chain.users[0].thread(hash, richer.encode(), &[]);
    let receipt = chain.block(vec![thread]).receipts.remove(0);
    assert!(matches!(settle_error(&receipt), SettleError::Proof { .. }));
    let mut total = receipt.actual_fee.0;

    let mut flipped = package.clone();
    let middle = flipped.segments[0].proof.len() / 2;
    flipped.segments[0].proof[middle] ^= 1;
    let thread = chain.users[0].thread(hash, flipped.encode(), &[]);
    let receipt = chain.block(vec![thread]).receipts.remove(0);
    assert!(matches!(settle_error(&receipt), SettleError::Proof { .. }));
    total += receipt.actual_fee.0;
    assert_nothing_settled(&chain, total);
}

/// A second sub-block spends what the first one brought; both are proven over block 2 and settle in block 3, in order.
fn is_seen_by_the_next_thread_of_its_block(mut chain: TestChain, package: &Package) {
    let [bob, to] = [2, 3].map(|index: usize| chain.users[index].address);
    let hash = chain.os_program_hash();
    let second = {
        let mut fork = self::chain();
        let first = fork.users[0].thread(hash, package.encode(), &[]);
        assert_succeeded(&fork.block(vec![first]).receipts[0]);
        let spend = fork.users[3].inner(&[transfer(eth(), bob, INITIAL_BALANCE + 7)]);
        prove(&sub_block_over(&fork, BlockNumber(2), Default::default(), vec![spend]))
    };

    let too_early = chain.executor.check_thread(bob, OsProgramHash(hash), &second.encode()).unwrap();
    assert!(
        matches!(errors_of(&too_early).as_slice(), [SettleError::Conflicts(_)]),
        "{:?}",
        too_early.errors
    );
    let threads = vec![
        chain.users[0].thread(hash, package.encode(), &[]),
        chain.users[4].thread(hash, second.encode(), &[]),
    ];
    chain.block(threads).receipts.iter().for_each(assert_succeeded);
    let assert_both_settled = |chain: &TestChain| {
        assert_eq!(chain.balance(eth(), to), 0);
        assert_eq!(chain.balance(eth(), bob), 2 * INITIAL_BALANCE + 3);
        assert_eq!([bob, to].map(|user| chain.nonce(user)), [1, 1]);
    };
    assert_both_settled(&chain);

    // The same as segments of one package.
    let mut chain = self::chain();
    let both = Package { segments: [package.segments.clone(), second.segments].concat() };
    let thread = chain.users[0].thread(hash, both.encode(), &[]);
    let receipt = chain.block(vec![thread]).receipts.remove(0);
    assert_succeeded(&receipt);
    let outcome = receipt.thread.unwrap();
    assert_eq!((outcome.settled_segments, outcome.error), (2, None));
    println!("two segments of {} bytes, verified in {:?} µs", outcome.package_bytes, outcome.verify_micros);
    assert_both_settled(&chain);
}

fn assert_nothing_settled(chain: &TestChain, fees: u128) {
    let [submitter, alice, to] = [0, 1, 3].map(|index: usize| chain.users[index].address);
    assert_eq!(chain.balance(eth(), to), INITIAL_BALANCE);
    assert_eq!(chain.nonce(alice), 0);
    assert_eq!(chain.balance(strk(), submitter), INITIAL_BALANCE - fees);
}
