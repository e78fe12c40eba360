//! The node takes back blocks.

use zkthreads_rpc_api::ChainEvent;
use zkthreads_rpc_api::thread::SubBlockStage;

use super::node::Item;
use super::rig::{Fate, Rig};
use crate::support::INITIAL_BALANCE;

#[test]
fn what_undone_blocks_settled_is_settled_again() {
    let mut rig = Rig::new(4, |_| {});
    rig.block(&[]);
    let forced = rig.transfer(2, 3, 1);
    let settled = [rig.send(0, 1, 1), rig.send(0, 1, 1)];
    let on_chain = rig.submit(&forced).unwrap();
    rig.prove_all();
    let package = rig.send_bundle().unwrap();
    rig.block(&[package]);
    rig.block(&[Item::Send(forced)]);
    let open = rig.send(1, 2, 2);
    assert_eq!(rig.shown(), [open]);
    let mut events = rig.feed.subscribe();

    rig.revert_to(1);
    assert_eq!(rig.shown(), [settled[0], settled[1], on_chain, open]);
    assert_eq!(rig.handle.head().0.0, 1);
    assert_eq!(rig.balance(1), INITIAL_BALANCE);
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    let reorgs = told.iter().filter(|event| matches!(event, ChainEvent::Reorg { .. })).count();
    assert_eq!(reorgs, 1, "{told:?}");

    let rig2 = rig.restart();
    assert_eq!(rig2.shown(), [settled[0], settled[1], on_chain, open]);
    let mut rig = rig2;
    rig.prove_all();
    let package = rig.send_bundle().expect("proven again");
    rig.block(&[package]);
    assert!(settled.iter().all(|hash| rig.fate(*hash) == Fate::Settled));
}

#[test]
fn what_is_based_on_undone_blocks_is_executed_again() {
    let mut rig = Rig::new(4, |_| {});
    let old = [rig.send(2, 3, 1), rig.send(2, 3, 1)];
    rig.block(&[]);
    rig.block(&[]);
    rig.send(0, 1, 1);
    rig.send(0, 1, 1);
    rig.prove_all();
    rig.send(1, 0, 1);
    rig.revert_to(1);
    let unsettled = rig.unsettled();
    let stages: Vec<_> = unsettled.iter().map(|it| (it.stage, it.attempt)).collect();
    assert_eq!(
        stages,
        [(SubBlockStage::Proven, 1), (SubBlockStage::Closed, 2), (SubBlockStage::Open, 2)],
        "the first is based on block 0, the others on block 2"
    );
    rig.revert_to(0);
    rig.block(&[]);
    assert_eq!(rig.shown()[..2], old);
    let job = rig.job().expect("the second one, over block 0");
    assert_eq!((job.attempt, job.executed.statement.base_block.number.0), (3, 0));
}

#[test]
fn a_reorg_that_happened_while_it_was_away_is_found() {
    let mut rig = Rig::new(2, |_| {});
    rig.block(&[]);
    let sent = [rig.send(0, 1, 1), rig.send(0, 1, 1)];
    rig.prove_all();
    let package = rig.send_bundle().unwrap();
    rig.block(&[package]);
    assert!(rig.shown().is_empty());
    // The database went back, and the journal knows nothing of it.
    rig.executor.storage().revert_to(starknet_api::block::BlockNumber(1)).unwrap();
    let rig = rig.restart();
    assert_eq!(rig.shown(), sent);
}
