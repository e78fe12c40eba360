//! What is left out leaves nothing: writes outside the thread, what is too large, what cannot be read.

use std::time::Duration;

use starknet_types_core::felt::Felt;
use zkthreads_protocol::StateCell;
use zkthreads_sub_block::{LeftOutReason, Limit, OpenSubBlock, SubBlockContext};

use super::stage::{chain, context, deploy, open, open_for, pay, pay_too_much, probe, put, refusal, send};
use crate::support::{address, strk};

#[test]
fn only_contracts_of_the_thread_are_written() {
    let mut chain = chain(3);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let mut open = open_for(&chain, &[probe()]);
    // Accounts are none of its contracts, and yet consume nonces.
    open.execute(chain.users[0].inner(&[put(1, 2)])).expect("included");
    let outside = refusal(&mut open, chain.users[1].inner(&[put(1, 3), pay(alice, 5)]));
    assert_eq!(outside, LeftOutReason::OutsideThread { contract: strk() });
    let deployed = refusal(&mut open, chain.users[2].inner(&[deploy(1)]));
    assert!(matches!(deployed, LeftOutReason::OutsideThread { .. }), "{deployed}");

    for account in [bob, chain.users[2].address] {
        assert_eq!(open.state().nonce(account).unwrap().0, Felt::ZERO, "its nonce is free");
    }
    let statement = open.close().unwrap().statement;
    assert_eq!(statement.inner_transactions.len(), 1);
    assert!(statement.contracts.iter().all(|contract| contract.address != strk()));
}

#[test]
fn a_reverted_transaction_writes_nothing_but_its_nonce() {
    let mut chain = chain(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    let mut open = open_for(&chain, &[]);
    let executed = open.execute(chain.users[0].inner(&[pay_too_much(bob)])).expect("included");
    assert!(executed.is_reverted());
    let writes: Vec<_> = executed.accesses.writes.iter().collect();
    assert_eq!(writes.len(), 1);
    assert_eq!((writes[0].contract, writes[0].cell), (alice, StateCell::Nonce));
}

#[test]
fn a_full_sub_block_has_no_verdict_on_what_comes_too_late() {
    let mut chain = chain(2);
    let bob = chain.users[1].address;
    let mut unlimited = open(&chain);
    let first = chain.users[0].inner(&[pay(bob, 1)]);
    unlimited.execute(first.clone()).expect("included");
    let max_steps = Some(unlimited.steps() + 1_000);

    let context = SubBlockContext { max_steps, ..context(&chain.executor) };
    let mut open = OpenSubBlock::open(chain.state(), context);
    open.execute(first).expect("included");
    let second = chain.users[0].inner(&[pay(bob, 1)]);
    assert_eq!(refusal(&mut open, second.clone()), LeftOutReason::Full);
    let state = open.state().clone();
    let mut next = OpenSubBlock::open(state, open.context().clone());
    next.execute(second).expect("the next one has room");

    let many: Vec<_> = (0..40).map(|_| pay(bob, 1)).collect();
    let too_large = refusal(&mut next, chain.users[0].inner(&many));
    assert!(
        matches!(too_large, LeftOutReason::TooLarge { limit: Limit::Steps, max, .. } if Some(max) == max_steps),
        "{too_large}"
    );
}

/// Who sends it pays nothing, and a step that the VM takes is a step of the proof: so it is not executed to its end.
#[test]
fn what_takes_more_steps_than_a_proof_has_is_not_executed_to_its_end() {
    let mut chain = chain(2);
    let bob = chain.users[1].address;
    for (user, max) in [(0, 500), (1, 5_000)] {
        let context = SubBlockContext { max_steps: Some(max), ..context(&chain.executor) };
        let mut open = OpenSubBlock::open(chain.state(), context);
        let many: Vec<_> = (0..40).map(|_| pay(bob, 1)).collect();
        // Of more than 40,000 that contracts take for it; of 500, the signature takes more.
        match refusal(&mut open, chain.users[user].inner(&many)) {
            LeftOutReason::TooLarge { limit: Limit::Steps, size, max: told } => {
                assert!(told == max && max < size && size < max + 2_000, "{size} of {told}");
            }
            other => panic!("{other}"),
        }
        assert!(open.is_empty());
    }
}

#[test]
fn what_takes_too_long_is_left_out() {
    let mut chain = chain(2);
    let payment = pay(chain.users[1].address, 1);
    let max_time = Duration::ZERO;
    let context = SubBlockContext { max_time, ..context(&chain.executor) };
    let mut hurried = OpenSubBlock::open(chain.state(), context);
    let payment = chain.users[0].inner(&[payment]);
    assert_eq!(refusal(&mut hurried, payment.clone()), LeftOutReason::TooLong(max_time));
    open(&chain).execute(payment).expect("with time, it is included");
}

#[test]
fn what_is_left_out_leaves_nothing() {
    let mut chain = chain(2);
    let bob = chain.users[1].address;
    let mut open = open(&chain);
    open.execute(chain.users[0].inner(&[pay(bob, 1)])).expect("included");
    let before = open.close().unwrap();
    let far = chain.users[1].inner(&[send(Felt::TWO.pow(200_u32), &[])]);
    let reason = refusal(&mut open, far);
    assert!(matches!(reason, LeftOutReason::Abort { .. }), "no L1 has such addresses: {reason}");
    chain.users[1].nonce = 7;
    let reason = refusal(&mut open, chain.users[1].inner(&[pay(bob, 1)]));
    assert!(matches!(reason, LeftOutReason::Nonce { .. }), "{reason}");
    chain.users[1].address = address(0x1234_u64);
    let reason = refusal(&mut open, chain.users[1].inner(&[]));
    assert!(matches!(reason, LeftOutReason::NotDeployed { .. }), "{reason}");
    assert_eq!(open.close().unwrap().statement, before.statement);
}
