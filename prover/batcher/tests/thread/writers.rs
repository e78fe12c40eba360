//! Who changed what a thread's users read.

use starknet_api::core::ContractAddress;
use starknet_api::transaction::TransactionHash;
use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::thread::{CellKind, CellWriter, MetConflict};

use super::harness::Harness;
use super::node::Item;
use crate::support::INITIAL_BALANCE;

fn by(transaction_hash: TransactionHash, sender: ContractAddress) -> Option<CellWriter> {
    Some(CellWriter { transaction_hash, sender_address: Some(sender) })
}

/// What the node's user sends past the thread, and who it is by.
fn sent(harness: &Harness, transaction: &InnerTransaction) -> (Item, Option<CellWriter>) {
    let writer = by(harness.hash(transaction), transaction.as_invoke().sender_address);
    (Item::Send(transaction.clone()), writer)
}

/// The only conflict of a sub-block, counted from zero.
fn conflict(harness: &Harness, sub_block: usize) -> MetConflict {
    let unsettled = harness.unsettled();
    let [conflict] = unsettled[sub_block].conflicts[..] else { panic!("{unsettled:#?}") };
    conflict
}

#[test]
fn the_transaction_that_moved_the_chain_is_named() {
    let mut harness = Harness::new(5, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 2, 1);
    let (first, second) = (harness.transfer(3, 1, 5), harness.transfer(4, 1, 6));
    let ((first, _), (second, writer)) = (sent(&harness, &first), sent(&harness, &second));
    harness.block(&[first, second]);
    let met = conflict(&harness, 0);
    assert_eq!((met.kind, met.found), (CellKind::Storage, (INITIAL_BALANCE + 11).into()));
    assert_eq!(met.writer, writer, "the last one");
    // It says the same as long as the sub-block is there.
    harness.block(&[]);
    assert_eq!(conflict(&harness, 0), met);
    harness.prove_all();
    let package = harness.send_bundle().unwrap();
    harness.block(&[package]);
    let settled = harness.status().sub_blocks.into_iter().find(|it| it.block_number.is_some()).unwrap();
    assert_eq!(settled.conflicts, [met]);
}

#[test]
fn nobody_is_named_for_what_follows_from_a_sub_block() {
    let mut harness = Harness::new(6, |_| {});
    // The second sub-block spends what the first one sends.
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    harness.send(1, 2, 1);
    harness.send(1, 2, 1);
    let gift = harness.transfer(5, 1, 7);
    let (gift, writer) = sent(&harness, &gift);
    harness.block(&[gift]);
    let (first, second) = (conflict(&harness, 0), conflict(&harness, 1));
    assert_eq!((first.key, first.found, first.writer), (second.key, (INITIAL_BALANCE + 7).into(), writer));
    assert_eq!((second.found, second.writer), ((INITIAL_BALANCE + 9).into(), None));
}

#[test]
fn nobody_is_named_if_no_transaction_did_it() {
    let mut harness = Harness::new(4, |_| {});
    harness.send(0, 1, 1);
    // A transaction of the block writes the cell, too, but not what is there in the end.
    let gift = harness.transfer(3, 1, 7);
    let items = [sent(&harness, &gift).0, harness.set_balance(1, 50)];
    harness.block(&items);
    let met = conflict(&harness, 0);
    assert_eq!((met.found, met.writer), (50_u128.into(), None));
}

#[test]
fn of_another_thread_the_thread_transaction_is_named() {
    let mut other = Harness::new(4, |_| {});
    other.send(0, 1, 1);
    other.send(0, 1, 1);
    other.prove_all();
    let settling = other.send_bundle().unwrap();
    let Item::Thread(hash, package) = &settling else { panic!("a thread transaction") };
    // Here, the first inner transaction is the envelope.
    let submitter = package.segments[0].inner_transactions[0].transaction.as_invoke().sender_address;
    let writer = by(*hash, submitter);

    let mut harness = Harness::new(4, |_| {});
    harness.send(2, 1, 1);
    harness.block(&[settling]);
    let met = conflict(&harness, 0);
    assert_eq!((met.found, met.writer), ((INITIAL_BALANCE + 2).into(), writer));
}
