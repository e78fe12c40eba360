//! The life of a sub-block: closed, proven, sent, settled.

use std::time::{Duration, Instant};

use zkthreads_batcher::thread::BundleFailure;
use zkthreads_rpc_api::thread::SubBlockStage;

use super::harness::{Fate, Harness, submitter};
use super::node::Item;
use crate::support::INITIAL_BALANCE;

#[test]
fn sub_blocks_are_proven_and_settled_together() {
    let mut harness = Harness::new(3, |_| {});
    let sent: Vec<_> = (0..5).map(|round| harness.send(round % 3, (round + 1) % 3, 1)).collect();
    assert_eq!(harness.prove_all(), 2);
    let bundle = harness.bundle().expect("two proven sub-blocks");
    assert_eq!(bundle.package.segments.len(), 2);
    let statement = &bundle.package.segments[0].statement;
    assert_eq!((statement.submitter, statement.base_block.number.0), (submitter(), 0));
    assert!(harness.bundle().is_none(), "they are taken");
    let package = harness.submitting(&bundle).expect("it may be sent");
    drop(bundle);
    assert!(harness.bundle().is_none(), "they are on their way");
    let status = harness.status();
    assert_eq!((status.queue.in_flight, status.queue.unsettled), (2, 5));

    harness.block(&[package]);
    assert!(sent[..4].iter().all(|hash| harness.fate(*hash) == Fate::Settled));
    assert_eq!(harness.shown(), sent[4..]);
    let status = harness.status();
    assert_eq!((status.totals.settled, status.totals.sub_blocks_settled), (4, 2));
    assert_eq!((status.queue.in_flight, status.queue.unsettled), (0, 1));
    assert_eq!(status.sub_blocks[0].stage, SubBlockStage::Settled);
    assert_eq!(status.sub_blocks[0].block_number.unwrap().0, 1);
    assert_eq!((status.base_block.block_number.0, status.totals.conflicts), (1, 0));
    assert_eq!(harness.balance(0), INITIAL_BALANCE - 1);
}

#[test]
fn later_sub_blocks_are_sent_while_earlier_ones_are_on_their_way() {
    let mut harness = Harness::new(2, |_| {});
    let mut packages = Vec::new();
    for _ in 0..3 {
        harness.send(0, 1, 1);
        harness.send(1, 0, 2);
        assert_eq!(harness.prove_all(), 1);
        packages.push(harness.send_bundle().expect("one proven sub-block"));
    }
    let flying = harness.in_flight();
    assert_eq!(flying.iter().map(|it| it.sub_blocks.len()).collect::<Vec<_>>(), [1, 1, 1]);
    harness.block(&packages);
    assert_eq!(harness.status().totals.sub_blocks_settled, 3);
    assert!(harness.in_flight().is_empty());
}

#[test]
fn only_a_valid_prefix_settles_and_the_rest_is_made_again() {
    let mut harness = Harness::new(4, |_| {});
    let first = [harness.send(0, 1, 1), harness.send(0, 1, 1)];
    let second = [harness.send(2, 3, 1), harness.send(2, 3, 1)];
    harness.prove_all();
    let package = harness.send_bundle().unwrap();
    let items = [harness.set_balance(3, 100), package];
    harness.block(&items);
    assert!(first.iter().all(|hash| harness.fate(*hash) == Fate::Settled));
    assert_eq!(harness.shown(), second);
    assert_eq!(harness.balance(3), 102);
    let again = harness.job().expect("the second one is executed again");
    assert_eq!(again.attempt, 2);
    let unsettled = harness.unsettled();
    assert_eq!(unsettled[0].conflicts.len(), 1, "the balance is named");
    assert_eq!(unsettled[0].conflicts[0].found, 100_u128.into());
}

#[test]
fn an_old_sub_block_is_completed_once_a_prover_is_free() {
    // It is old enough as soon as it has a transaction.
    let mut harness = Harness::new(2, |config| config.max_age = Duration::ZERO);
    harness.send(0, 1, 1);
    let status = harness.status();
    assert_eq!(status.sub_blocks[0].stage, SubBlockStage::Open, "nobody would prove it");
    let job = harness.awaited_job();
    harness.prove(&job);
    harness.until("it is proven", |status| status.sub_blocks[0].stage == SubBlockStage::Proven);
}

#[test]
fn a_bundle_that_is_not_sent_is_offered_again() {
    let mut harness = Harness::new(2, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    harness.prove_all();
    drop(harness.bundle().expect("proven"));
    let bundle = harness.bundle().expect("it was given back");
    let failure = BundleFailure::NotSent { reason: "the node is away".to_owned() };
    let start = Instant::now();
    harness.handle.bundle_failed(&bundle.sub_blocks, failure);
    let again = harness.awaited_bundle();
    assert!(start.elapsed() >= Duration::from_secs(1), "not at once");
    let package = harness.submitting(&again).expect("it may be sent");
    let Item::Thread(hash, _) = &package else { panic!("a thread transaction") };
    let names = harness.in_flight()[0].sub_blocks.clone();
    harness.handle.bundle_failed(&names, BundleFailure::Vanished { hash: *hash });
    assert!(harness.in_flight().is_empty());
}

#[test]
fn what_the_node_refuses_is_executed_again() {
    let mut harness = Harness::new(2, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    harness.prove_all();
    let bundle = harness.bundle().expect("proven");
    let failure = BundleFailure::WouldRevert { reason: "os_version: not active".to_owned() };
    harness.handle.bundle_failed(&bundle.sub_blocks, failure);
    let status =
        harness.until("it is closed again", |status| status.sub_blocks[0].stage == SubBlockStage::Closed);
    assert_eq!(status.sub_blocks[0].attempt, 2);
    assert!(status.trouble.iter().any(|it| it.contains("refused")), "{:?}", status.trouble);
    assert!(bundle.is_obsolete());
    assert!(harness.submitting(&bundle).is_none(), "it must not be sent any more");
}

#[test]
fn sub_blocks_do_not_outlive_their_base_block() {
    let mut harness = Harness::new(2, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    harness.prove_all();
    for _ in 0..10 {
        harness.block(&[]);
    }
    assert_eq!(harness.prove_all(), 0, "the chain takes threads that are twenty blocks old");
    harness.block(&[]);
    let job = harness.job().expect("executed again");
    assert_eq!((job.attempt, job.executed.statement.base_block.number.0), (2, 11));
    assert_eq!(harness.status().totals.conflicts, 0);
}
