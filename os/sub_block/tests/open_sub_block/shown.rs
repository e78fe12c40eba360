//! What a thread's RPC shows: receipts, traces, and the state on which questions are asked.

use rpds::VectorSync;
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::block::BlockTimestamp;
use starknet_api::transaction::fields::{Calldata, Fee};
use starknet_types_core::felt::Felt;
use zkthreads_execution::{BlockEnv, PreConfirmed, SimulationFlags};
use zkthreads_protocol::limits::MAX_REVERT_REASON_BYTES;
use zkthreads_protocol::{BaseBlock, IncludedTransaction, Transaction};
use zkthreads_storage::ExecutionStatus;

use super::stage::{chain, deploy, open, pay, pay_too_much, put, send};
use crate::support::{INITIAL_BALANCE, strk};

#[test]
fn a_receipt_says_what_the_package_will() {
    let mut chain = chain(3);
    let bob = chain.users[1].address;
    let mut open = open(&chain);
    for (user, calls) in [
        (0, vec![pay(bob, 7), send(Felt::from(0xe1), &[4, 5])]),
        (1, vec![pay_too_much(bob)]),
        (2, vec![deploy(3), put(1, 2)]),
    ] {
        open.execute(chain.users[user].inner(&calls)).expect("included");
    }
    let executed = open.close().unwrap();
    let (statement, events) = (executed.statement.clone(), executed.events.clone());
    let package = executed.into_package(vec![]);
    let included: &[IncludedTransaction] = &package.segments[0].inner_transactions;
    for (index, (inner, included)) in open.executed().iter().zip(included).enumerate() {
        let shown = &inner.in_block.transaction;
        assert_eq!(shown.hash, inner.hash);
        assert_eq!(shown.body, Transaction::Invoke(included.transaction.as_invoke().clone()));
        assert_eq!((shown.receipt.actual_fee, shown.receipt.gas), (Fee(0), Default::default()));
        let reason = match &shown.receipt.status {
            ExecutionStatus::Succeeded => None,
            ExecutionStatus::Reverted { reason } => Some(reason.clone()),
        };
        assert!(reason.as_ref().is_none_or(|reason| reason.len() <= MAX_REVERT_REASON_BYTES));
        assert_eq!(reason, included.revert_reason);
        assert_eq!(inner.is_reverted(), statement.inner_transactions[index].reverted);
        let of_this = events.iter().filter(|event| event.transaction_index as usize == index);
        let of_this: Vec<_> = of_this.map(|event| (event.from_address, event.content.clone())).collect();
        let shown_events = shown.receipt.events.iter();
        assert_eq!(shown_events.map(|it| (it.from_address, it.content.clone())).collect::<Vec<_>>(), of_this);
        let sent = statement.messages.iter().filter(|it| it.transaction_index as usize == index).count();
        assert_eq!(shown.receipt.messages.len(), sent);
        let trace = &inner.in_block.trace;
        assert_eq!(trace.validate.as_ref().unwrap().result, [Felt::from_bytes_be_slice(b"VALID")]);
        assert_eq!(trace.execute.is_none(), inner.is_reverted(), "as traces of the chain");
        assert!(trace.fee_transfer.is_none());
        assert!(trace.state_diff.nonces.contains_key(&included.transaction.as_invoke().sender_address));
    }
}

#[test]
fn questions_are_answered_on_its_state() {
    let mut chain = chain(2);
    let (alice, bob) = (chain.users[0].address, chain.users[1].address);
    chain.advance(1);
    let mut open = open(&chain);
    let transaction = chain.users[0].inner(&[pay(bob, 7), put(1, 2)]);
    let executed = open.execute(transaction).expect("included");

    let head = chain.executor.latest_header().unwrap();
    let timestamp = BlockTimestamp(head.block_header_without_hash.timestamp.0 + 5);
    let base = BaseBlock { timestamp, ..open.context().base_block };
    let env = BlockEnv::of(&head).unwrap();
    let mut transactions = VectorSync::new_sync();
    transactions.push_back_mut(std::sync::Arc::clone(&executed.in_block));
    let shown = PreConfirmed::of_thread(&head, env, base, transactions, open.state().clone()).unwrap();

    assert_eq!(shown.number(), head.block_header_without_hash.block_number.next().unwrap());
    assert_eq!((shown.parent_hash(), shown.len()), (head.block_hash, 1));
    assert_eq!(shown.find(executed.hash).unwrap().0, 0);
    let diff = shown.state_diff().unwrap();
    assert_eq!(diff, executed.in_block.trace.state_diff);
    let calldata = Calldata(vec![*bob.0.key()].into());
    let balance =
        chain.executor.call(shown.clone(), strk(), selector_from_name("balance_of"), calldata).unwrap();
    assert_eq!(balance[0], Felt::from(INITIAL_BALANCE + 7));
    assert_eq!(shown.state().nonce(alice).unwrap().0, Felt::ONE);
    // The next transaction of hers is simulated on top.
    let next = chain.users[0].invoke(&[pay(bob, 1)]);
    let next = chain.executor.prepare(next, false).unwrap();
    let flags = SimulationFlags { skip_validate: false, skip_fee_charge: true, nonces_may_be_ahead: true };
    let simulated = chain.executor.simulate(shown, vec![next], flags).unwrap();
    assert_eq!(simulated.len(), 1);
}
