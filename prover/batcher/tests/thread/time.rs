//! The chain does not let a sub-block see what is newer than itself, nor settle too late.

use zkthreads_batcher::thread::BundleFailure;
use zkthreads_rpc_api::thread::SubBlockStage;

use super::harness::{Fate, Harness};
use super::node::Item;
use crate::support::INITIAL_BALANCE;

/// Attempt and base block of each sub-block that is not settled.
fn bases(harness: &Harness) -> Vec<(u32, u64)> {
    harness.unsettled().iter().map(|it| (it.attempt, it.base_block_number.0)).collect()
}

/// Somebody else writes a user's balance, and writes back what it was.
fn touch(harness: &mut Harness, user: usize) {
    let items = [harness.set_balance(user, 5), harness.set_balance(user, INITIAL_BALANCE)];
    harness.block(&items);
}

/// Two transfers, which fill a sub-block.
fn fill(harness: &mut Harness, from: usize, to: usize) {
    harness.send(from, to, 1);
    harness.send(from, to, 1);
}

#[test]
fn a_conflict_is_executed_again_over_the_newest_block() {
    let mut harness = Harness::new(4, |_| {});
    fill(&mut harness, 0, 1);
    fill(&mut harness, 2, 3);
    harness.prove_all();
    let items = [harness.set_balance(1, 50)];
    harness.block(&items);
    assert_eq!(bases(&harness), [(1, 0), (2, 1)], "what has nothing to do with it overtakes it");
    let job = harness.job().expect("executed again");
    assert_eq!(job.executed.statement.base_block.number.0, 1);
    harness.prove(&job);
    let bundle = harness.bundle().expect("proven again");
    assert_eq!(bundle.sub_blocks.len(), 2);
    let package = harness.submitting(&bundle).unwrap();
    harness.block(&[package]);
    assert_eq!(harness.status().totals.sub_blocks_settled, 2);
}

#[test]
fn what_holds_what_it_held_and_is_newer_is_executed_again() {
    let mut harness = Harness::new(5, |config| config.max_conflicts = 1);
    fill(&mut harness, 0, 1);
    // This one lists what the first one writes, this one has nothing to do with it.
    fill(&mut harness, 1, 2);
    fill(&mut harness, 3, 4);
    harness.prove_all();
    for round in 1..=3 {
        touch(&mut harness, 0);
        assert_eq!(bases(&harness), [(1, 0), (round + 1, u64::from(round)), (round + 1, u64::from(round))]);
        harness.prove_all();
    }
    let totals = harness.status().totals;
    assert_eq!((totals.conflicts, totals.stale, totals.misses), (0, 6, 0), "it is no conflict");
    assert!(harness.forward().is_none());
    let packages: Vec<_> = std::iter::from_fn(|| harness.send_bundle()).collect();
    harness.block(&packages);
    assert_eq!(harness.status().totals.sub_blocks_settled, 3);
}

#[test]
fn the_open_sub_block_is_executed_again_at_the_first_newer_cell() {
    let mut harness = Harness::new(6, |config| config.max_transactions = 10);
    let mut sent = vec![harness.send(0, 1, 1)];
    touch(&mut harness, 2);
    assert_eq!(bases(&harness), [(1, 0)], "it has nothing to do with it");
    sent.push(harness.send(1, 0, 1));
    assert_eq!(bases(&harness), [(1, 0)]);
    sent.push(harness.send(2, 3, 1));
    assert_eq!(bases(&harness), [(2, 1)], "and does not end: it would be small if that came in every block");
    // A nonce is a cell like any other.
    let on_chain = harness.transfer(4, 5, 1);
    harness.block(&[Item::Send(on_chain)]);
    sent.push(harness.send(4, 5, 1));
    assert_eq!(bases(&harness), [(3, 2)]);
    assert_eq!(harness.shown(), sent);
    let totals = harness.status().totals;
    assert_eq!((totals.received, totals.misses, totals.conflicts), (4, 0, 0));
}

#[test]
fn whoever_waits_for_a_nonce_of_the_chain_gets_into_the_open_sub_block() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 10);
    let open = harness.send(0, 1, 1);
    let on_chain = harness.transfer(2, 3, 1);
    let waiting = harness.send(2, 3, 1);
    assert_eq!(harness.fate(waiting), Fate::Received);
    harness.block(&[Item::Send(on_chain)]);
    assert_eq!((harness.shown(), bases(&harness)), (vec![open, waiting], vec![(2, 1)]));
}

#[test]
fn what_is_too_late_is_executed_again_at_once_however_often() {
    let mut harness = Harness::with_lag(2, 0, |config| config.max_conflicts = 1);
    harness.block_time = 1_000;
    fill(&mut harness, 0, 1);
    let hashes = harness.shown();
    for round in 1..=10 {
        assert_eq!(harness.prove_all(), 1, "not later, in round {round}");
        let package = harness.send_bundle().expect("proven");
        harness.block(&[]);
        harness.block(&[package]);
        assert_eq!(harness.unsettled()[0].attempt, round + 1);
    }
    let status = harness.status();
    assert_eq!((status.totals.misses, status.totals.conflicts), (10, 0));
    assert_eq!((status.trouble, harness.forward().is_none()), (vec![], true));
    assert_eq!((harness.prove_all(), harness.shown()), (1, hashes.clone()));
    let package = harness.send_bundle().expect("proven");
    harness.block(&[package]);
    assert!(hashes.iter().all(|hash| harness.fate(*hash) == Fate::Settled));
}

#[test]
fn what_the_node_calls_stale_is_executed_over_a_newer_block_once_there_is_one() {
    let mut harness = Harness::new(2, |_| {});
    fill(&mut harness, 0, 1);
    harness.prove_all();
    let stale = || BundleFailure::StaleBase { reason: "stale base".to_owned() };
    let bundle = harness.bundle().expect("proven");
    harness.handle.bundle_failed(&bundle.sub_blocks, stale());
    assert_eq!(bases(&harness), [(1, 0)], "it would be the same again");
    let bundle = harness.awaited_bundle();
    harness.block(&[]);
    harness.handle.bundle_failed(&bundle.sub_blocks, stale());
    assert_eq!(bases(&harness), [(2, 1)]);
    assert_eq!((harness.prove_all(), harness.status().totals.misses), (1, 1), "at once");
    assert!(harness.bundle().is_some());
}

#[test]
fn a_strict_thread_settles_at_its_time() {
    let mut harness = Harness::with_lag(4, 0, |_| {});
    let sent = [harness.send(0, 1, 1), harness.send(0, 1, 1)];
    let before = harness.executor.latest_header().unwrap().block_header_without_hash.timestamp.0;
    assert_eq!(harness.prove_all(), 1);
    let bundle = harness.bundle().expect("proven");
    let time = bundle.package.segments[0].statement.base_block.timestamp.0;
    assert!(time >= before + 60, "{time} is as far ahead as is expected");
    let package = harness.submitting(&bundle).unwrap();
    harness.block_time = 10;
    harness.block(&[package]);
    assert!(sent.iter().all(|hash| harness.fate(*hash) == Fate::PreConfirmed), "the node holds it");
    // What comes next sees no earlier time.
    let next = harness.send(2, 3, 1);
    let shown = harness.feed.pre_confirmed().unwrap().info().block_timestamp.0;
    assert!(shown > time, "{shown} is what the next transaction sees");
    harness.block_time = 1_000;
    harness.block(&[]);
    assert!(sent.iter().all(|hash| harness.fate(*hash) == Fate::Settled));
    assert_eq!(harness.fate(next), Fate::PreConfirmed);
    let status = harness.status();
    assert_eq!((status.totals.misses, status.totals.sub_blocks_settled), (1, 1), "the open one was too late");
}

#[test]
fn what_is_shown_is_what_the_next_transaction_sees() {
    let mut harness = Harness::with_lag(4, 0, |config| config.max_transactions = 10);
    harness.block_time = 5;
    harness.send(0, 1, 1);
    harness.block(&[]);
    let open = harness.unsettled()[0].clone();
    let shown = harness.feed.pre_confirmed().unwrap();
    assert_eq!((open.base_block_number.0, shown.number().0), (0, 2), "its number is the next block's");
    assert_eq!(shown.info().block_timestamp, harness.status().time.now, "its time is the open sub-block's");
}

#[test]
fn what_settles_together_shares_its_time() {
    let mut harness = Harness::with_lag(4, 0, |_| {});
    harness.block_time = 10;
    fill(&mut harness, 0, 1);
    harness.block(&[]);
    fill(&mut harness, 2, 3);
    assert_eq!(harness.prove_all(), 2);
    let first = harness.bundle().expect("proven");
    assert_eq!(first.sub_blocks.len(), 1, "it would have to wait for the second one's time");
    assert_eq!(harness.status().time.forecast_seconds, 60);
}

#[test]
fn a_job_whose_time_cannot_be_met_gets_another_one_first() {
    let mut harness = Harness::with_lag(2, 0, |_| {});
    harness.block_time = 50;
    let before = harness.executor.latest_header().unwrap().block_header_without_hash.timestamp.0;
    fill(&mut harness, 0, 1);
    harness.block(&[]);
    assert_eq!(bases(&harness), [(1, 0)], "its time has not come yet");
    let job = harness.job().expect("closed");
    let base = job.executed.statement.base_block;
    assert_eq!((job.attempt, base.number.0), (2, 1));
    assert!(base.timestamp.0 >= before + 50 + 60, "{} is as far ahead as is expected", base.timestamp.0);
    assert_eq!(harness.status().totals.misses, 0);
}

#[test]
fn foreign_blocks_are_found_after_a_restart() {
    let mut harness = Harness::new(6, |_| {});
    fill(&mut harness, 0, 1);
    fill(&mut harness, 2, 3);
    harness.send(4, 5, 1);
    harness.prove_all();
    let items = [0, 4].map(|user| [harness.set_balance(user, 5), harness.set_balance(user, INITIAL_BALANCE)]);
    harness.block_unheard(items.as_flattened());
    let shown = harness.shown();
    let harness = harness.restart();
    assert_eq!(harness.shown(), shown);
    let unsettled = harness.unsettled();
    let facts: Vec<_> = unsettled.iter().map(|it| (it.stage, it.base_block_number.0)).collect();
    let (closed, proven, open) = (SubBlockStage::Closed, SubBlockStage::Proven, SubBlockStage::Open);
    assert_eq!(facts, [(closed, 1), (proven, 0), (open, 1)]);
}

#[test]
fn a_reorganisation_takes_back_what_was_newer() {
    let mut harness = Harness::new(4, |_| {});
    fill(&mut harness, 0, 1);
    fill(&mut harness, 2, 3);
    harness.prove_all();
    touch(&mut harness, 0);
    assert_eq!(bases(&harness), [(1, 0), (2, 1)]);
    harness.revert_to(0);
    assert_eq!(bases(&harness), [(1, 0), (3, 0)], "the block that it is based on is gone");
    harness.prove_all();
    let bundle = harness.bundle().expect("proven");
    assert_eq!(bundle.sub_blocks.len(), 2);
    let package = harness.submitting(&bundle).unwrap();
    harness.block(&[package]);
    assert_eq!(harness.status().totals.sub_blocks_settled, 2);
}

#[test]
fn what_segments_wrote_is_as_old_as_they_are() {
    let mut harness = Harness::new(3, |_| {});
    fill(&mut harness, 0, 1);
    harness.prove_all();
    let package = harness.send_bundle().unwrap();
    // This one lists what the first one writes, over the same block.
    fill(&mut harness, 1, 2);
    harness.prove_all();
    harness.block(&[package]);
    assert_eq!(bases(&harness), [(1, 0)], "what settled in block 1 is of block 0");
    let harness = harness.restart();
    assert_eq!(harness.unsettled()[0].stage, SubBlockStage::Proven);
}
