//! The node takes back blocks.

use zkthreads_rpc_api::ChainEvent;
use zkthreads_rpc_api::thread::SubBlockStage;

use super::harness::{Fate, Harness};
use super::node::Item;
use crate::support::INITIAL_BALANCE;

#[test]
fn what_undone_blocks_settled_is_settled_again() {
    let mut harness = Harness::new(4, |_| {});
    harness.block(&[]);
    let forced = harness.transfer(2, 3, 1);
    let settled = [harness.send(0, 1, 1), harness.send(0, 1, 1)];
    let on_chain = harness.submit(&forced).unwrap();
    harness.prove_all();
    let package = harness.send_bundle().unwrap();
    harness.block(&[package]);
    harness.block(&[Item::Send(forced)]);
    let open = harness.send(1, 2, 2);
    assert_eq!(harness.shown(), [open]);
    let mut events = harness.feed.subscribe();

    harness.revert_to(1);
    assert_eq!(harness.shown(), [settled[0], settled[1], on_chain, open]);
    assert_eq!(harness.handle.head().0.0, 1);
    assert_eq!(harness.balance(1), INITIAL_BALANCE);
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    let reorgs = told.iter().filter(|event| matches!(event, ChainEvent::Reorg { .. })).count();
    assert_eq!(reorgs, 1, "{told:?}");

    let rig2 = harness.restart();
    assert_eq!(rig2.shown(), [settled[0], settled[1], on_chain, open]);
    let mut harness = rig2;
    harness.prove_all();
    let package = harness.send_bundle().expect("proven again");
    harness.block(&[package]);
    assert!(settled.iter().all(|hash| harness.fate(*hash) == Fate::Settled));
}

#[test]
fn what_is_based_on_undone_blocks_is_executed_again() {
    let mut harness = Harness::new(4, |_| {});
    let old = [harness.send(2, 3, 1), harness.send(2, 3, 1)];
    harness.block(&[]);
    harness.block(&[]);
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    harness.prove_all();
    harness.send(1, 0, 1);
    harness.revert_to(1);
    let unsettled = harness.unsettled();
    let stages: Vec<_> = unsettled.iter().map(|it| (it.stage, it.attempt)).collect();
    assert_eq!(
        stages,
        [(SubBlockStage::Proven, 1), (SubBlockStage::Closed, 2), (SubBlockStage::Open, 2)],
        "the first is based on block 0, the others on block 2"
    );
    harness.revert_to(0);
    harness.block(&[]);
    assert_eq!(harness.shown()[..2], old);
    let job = harness.job().expect("the second one, over block 0");
    assert_eq!((job.attempt, job.executed.statement.base_block.number.0), (3, 0));
}

#[test]
fn a_reorg_that_happened_while_it_was_away_is_found() {
    let mut harness = Harness::new(2, |_| {});
    harness.block(&[]);
    let sent = [harness.send(0, 1, 1), harness.send(0, 1, 1)];
    harness.prove_all();
    let package = harness.send_bundle().unwrap();
    harness.block(&[package]);
    assert!(harness.shown().is_empty());
    // The database went back, and the journal knows nothing of it.
    harness.executor.storage().revert_to(starknet_api::block::BlockNumber(1)).unwrap();
    let harness = harness.restart();
    assert_eq!(harness.shown(), sent);
}
