//! The chain moves under sub-blocks.

use zkthreads_rpc_api::thread::{CellKind, SubBlockStage};

use super::harness::{Fate, Harness};
use super::node::Item;
use crate::support::{INITIAL_BALANCE, strk, transfer};

#[test]
fn independent_sub_blocks_keep_their_proofs() {
    let mut harness = Harness::new(6, |_| {});
    let _first = [harness.send(0, 1, 1), harness.send(0, 1, 1)];
    let _second = [harness.send(2, 3, 1), harness.send(2, 3, 1)];
    let _third = [harness.send(4, 5, 1), harness.send(4, 5, 1)];
    harness.prove_all();
    let before = harness.unsettled();
    let items = [harness.set_balance(3, 50)];
    harness.block(&items);
    let after = harness.unsettled();
    let stages: Vec<_> = after.iter().map(|it| (it.stage, it.attempt)).collect();
    assert_eq!(stages, [(SubBlockStage::Proven, 1), (SubBlockStage::Proven, 1), (SubBlockStage::Closed, 2)]);
    let ids = [before[0].id, before[2].id, before[1].id];
    assert_eq!(after.iter().map(|it| it.id).collect::<Vec<_>>(), ids, "the third overtakes the second");
    let [conflict] = after[2].conflicts[..] else { panic!("{:?}", after[2].conflicts) };
    assert_eq!((conflict.contract, conflict.kind, conflict.block_number.0), (strk(), CellKind::Storage, 1));
    assert_eq!((conflict.expected, conflict.found), (INITIAL_BALANCE.into(), 50_u128.into()));
    assert_eq!(harness.balance(3), 52);

    let bundle = harness.bundle().expect("the first is proven");
    assert_eq!(bundle.sub_blocks.len(), 2, "it has nothing to wait for");
    drop(bundle);
    assert_eq!(harness.prove_all(), 1);
    let package = harness.send_bundle().unwrap();
    harness.block(&[package]);
    let status = harness.status();
    assert_eq!((status.totals.sub_blocks_settled, status.totals.conflicts), (3, 1));
}

#[test]
fn what_is_proven_is_not_held_up_by_what_it_has_nothing_to_do_with() {
    let mut harness = Harness::new(6, |_| {});
    let slow = [harness.send(0, 1, 1), harness.send(0, 1, 1)];
    let dependent = [harness.send(1, 2, 1), harness.send(1, 2, 1)];
    let apart = [harness.send(4, 5, 1), harness.send(4, 5, 1)];
    let jobs: Vec<_> = std::iter::from_fn(|| harness.job()).collect();
    assert_eq!(jobs.len(), 3);
    harness.prove(&jobs[1]);
    assert!(harness.bundle().is_none(), "it spends what the first one sends");
    harness.prove(&jobs[2]);
    let package = harness.send_bundle().expect("the third");
    harness.block(&[package]);
    let fates =
        |harness: &Harness, hashes: &[_]| hashes.iter().map(|hash| harness.fate(*hash)).collect::<Vec<_>>();
    assert_eq!(fates(&harness, &apart), [Fate::Settled, Fate::Settled]);
    let attempts: Vec<_> = harness.unsettled().iter().map(|it| (it.stage, it.attempt)).collect();
    assert_eq!(attempts, [(SubBlockStage::Proving, 1), (SubBlockStage::Proven, 1)], "they are as they were");
    harness.prove(&jobs[0]);
    let package = harness.send_bundle().expect("both");
    harness.block(&[package]);
    assert_eq!(fates(&harness, &[slow, dependent].concat()), vec![Fate::Settled; 4]);
    assert_eq!(harness.status().totals.void_proofs, 0);
}

#[test]
fn successors_are_checked_on_what_comes_of_those_before_them() {
    let mut harness = Harness::new(3, |_| {});
    // The second sub-block spends what the first one sends.
    harness.send(0, 1, INITIAL_BALANCE);
    harness.send(0, 1, 0);
    let spending = [harness.send(1, 2, 2 * INITIAL_BALANCE), harness.send(1, 2, 0)];
    harness.prove_all();
    let job_before = harness.unsettled();
    let items = [harness.set_balance(0, 5)];
    harness.block(&items);
    assert_eq!(harness.fate(spending[0]), Fate::Reverted, "there is nothing to spend");
    assert_eq!(harness.balance(1), INITIAL_BALANCE);
    let after = harness.unsettled();
    assert!(after.iter().zip(&job_before).all(|(after, before)| after.attempt == before.attempt + 1));
    assert_eq!(harness.prove_all(), 2);
}

#[test]
fn a_proof_that_is_obsolete_is_given_up_and_dropped() {
    let mut harness = Harness::new(2, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    let job = harness.job().expect("closed");
    assert!(!harness.is_cancelled(&job));
    let items = [harness.set_balance(1, 5)];
    harness.block(&items);
    assert!(harness.is_cancelled(&job));
    harness.prove(&job);
    assert!(harness.bundle().is_none());
    let again = harness.job().expect("executed again");
    drop(job);
    harness.prove(&again);
    assert!(harness.bundle().is_some());
}

#[test]
fn users_may_send_their_transactions_to_the_node_themselves() {
    let mut harness = Harness::new(4, |_| {});
    let forced = harness.transfer(0, 1, 3);
    let hashes = [harness.submit(&forced).unwrap(), harness.send(2, 3, 1)];
    harness.prove_all();
    let old = harness.send_bundle().expect("proven");
    let waiting = harness.send(0, 1, 1);
    harness.block(&[Item::Send(forced)]);
    assert_eq!(harness.fate(hashes[0]), Fate::OnChain);
    assert_eq!((harness.fate(hashes[1]), harness.fate(waiting)), (Fate::PreConfirmed, Fate::PreConfirmed));
    assert_eq!(harness.balance(1), INITIAL_BALANCE + 4);
    let status = harness.status();
    assert_eq!((status.totals.on_chain, status.totals.rejected), (1, 0));
    // What was on its way reverts, and costs nobody but the submitter.
    harness.block(&[old]);
    assert_eq!(harness.fate(hashes[1]), Fate::PreConfirmed);
    assert_eq!(harness.prove_all(), 1);
    let package = harness.send_bundle().unwrap();
    harness.block(&[package]);
    assert_eq!(harness.fate(hashes[1]), Fate::Settled);
}

#[test]
fn who_uses_a_nonce_twice_is_told_which_cell_it_was() {
    let mut harness = Harness::new(3, |_| {});
    let mut twin = harness.users[0].clone();
    let lost = harness.send(0, 1, 3);
    let next = harness.send(0, 1, 4);
    let other = twin.inner(&[transfer(strk(), harness.users[2].address, 9)]);
    harness.block(&[Item::Send(other)]);
    let Fate::Rejected(reason) = harness.fate(lost) else { panic!("{:?}", harness.fate(lost)) };
    assert!(reason.contains("nonce") && reason.contains("conflict"), "{reason}");
    assert_eq!(harness.fate(next), Fate::PreConfirmed, "its nonce is still to come");
    assert_eq!(harness.shown(), [next]);
    assert_eq!(harness.status().totals.rejected, 1);
}

#[test]
fn what_loses_those_before_it_waits() {
    let mut harness = Harness::new(3, |config| config.max_transactions = 10);
    // A transfer to oneself that the chain makes impossible does not become invalid, but a nonce that is used does.
    let forced = harness.transfer(1, 2, 1);
    let hash = harness.submit(&forced).unwrap();
    let ahead = {
        harness.users[1].nonce += 1;
        harness.send(1, 2, 1)
    };
    assert_eq!((harness.fate(hash), harness.fate(ahead)), (Fate::PreConfirmed, Fate::Received));
    // The chain gets there before the thread does.
    let mut twin = harness.users[1].clone();
    twin.nonce = 1;
    let between = twin.inner(&[transfer(strk(), harness.users[2].address, 1)]);
    harness.block(&[Item::Send(forced), Item::Send(between)]);
    assert_eq!((harness.fate(hash), harness.fate(ahead)), (Fate::OnChain, Fate::PreConfirmed));
}

#[test]
fn the_open_sub_block_follows_too() {
    let mut harness = Harness::new(3, |config| config.max_transactions = 10);
    let sent = [harness.send(0, 1, 1), harness.send(1, 2, 2)];
    harness.block(&[]);
    let untouched = &harness.unsettled()[0];
    assert_eq!((untouched.stage, untouched.attempt, untouched.conflicts.len()), (SubBlockStage::Open, 1, 0));
    let items = [harness.set_balance(2, 0)];
    harness.block(&items);
    assert_eq!((harness.shown(), harness.balance(2)), (sent.to_vec(), 2));
    let moved = &harness.unsettled()[0];
    assert_eq!((moved.stage, moved.attempt, moved.conflicts.len()), (SubBlockStage::Open, 2, 1));
}

#[test]
fn a_settled_sub_block_moves_nothing_under_its_successors() {
    let mut harness = Harness::new(2, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    harness.prove_all();
    let package = harness.send_bundle().unwrap();
    // Both of these build on the first sub-block.
    harness.send(0, 1, 1);
    harness.send(1, 0, 1);
    harness.prove_all();
    harness.send(1, 0, 5);
    harness.block(&[package]);
    let attempts: Vec<_> = harness.unsettled().iter().map(|it| (it.stage, it.attempt)).collect();
    assert_eq!(attempts, [(SubBlockStage::Proven, 1), (SubBlockStage::Open, 1)]);
    assert_eq!(harness.status().totals.conflicts, 0);
}
