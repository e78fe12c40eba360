//! The chain moves under sub-blocks.

use zkthreads_rpc_api::thread::{CellKind, SubBlockStage};

use super::node::Item;
use super::rig::{Fate, Rig};
use crate::support::{INITIAL_BALANCE, strk, transfer};

#[test]
fn independent_sub_blocks_keep_their_proofs() {
    let mut rig = Rig::new(6, |_| {});
    let _first = [rig.send(0, 1, 1), rig.send(0, 1, 1)];
    let _second = [rig.send(2, 3, 1), rig.send(2, 3, 1)];
    let _third = [rig.send(4, 5, 1), rig.send(4, 5, 1)];
    rig.prove_all();
    let before = rig.unsettled();
    let items = [rig.set_balance(3, 50)];
    rig.block(&items);
    let after = rig.unsettled();
    let stages: Vec<_> = after.iter().map(|it| (it.stage, it.attempt)).collect();
    assert_eq!(stages, [(SubBlockStage::Proven, 1), (SubBlockStage::Proven, 1), (SubBlockStage::Closed, 2)]);
    let ids = [before[0].id, before[2].id, before[1].id];
    assert_eq!(after.iter().map(|it| it.id).collect::<Vec<_>>(), ids, "the third overtakes the second");
    let [conflict] = after[2].conflicts[..] else { panic!("{:?}", after[2].conflicts) };
    assert_eq!((conflict.contract, conflict.kind, conflict.block_number.0), (strk(), CellKind::Storage, 1));
    assert_eq!((conflict.expected, conflict.found), (INITIAL_BALANCE.into(), 50_u128.into()));
    assert_eq!(rig.balance(3), 52);

    let bundle = rig.bundle().expect("the first is proven");
    assert_eq!(bundle.sub_blocks.len(), 2, "it has nothing to wait for");
    drop(bundle);
    assert_eq!(rig.prove_all(), 1);
    let package = rig.send_bundle().unwrap();
    rig.block(&[package]);
    let status = rig.status();
    assert_eq!((status.totals.sub_blocks_settled, status.totals.conflicts), (3, 1));
}

#[test]
fn what_is_proven_is_not_held_up_by_what_it_has_nothing_to_do_with() {
    let mut rig = Rig::new(6, |_| {});
    let slow = [rig.send(0, 1, 1), rig.send(0, 1, 1)];
    let dependent = [rig.send(1, 2, 1), rig.send(1, 2, 1)];
    let apart = [rig.send(4, 5, 1), rig.send(4, 5, 1)];
    let jobs: Vec<_> = std::iter::from_fn(|| rig.job()).collect();
    assert_eq!(jobs.len(), 3);
    rig.prove(&jobs[1]);
    assert!(rig.bundle().is_none(), "it spends what the first one sends");
    rig.prove(&jobs[2]);
    let package = rig.send_bundle().expect("the third");
    rig.block(&[package]);
    let fates = |rig: &Rig, hashes: &[_]| hashes.iter().map(|hash| rig.fate(*hash)).collect::<Vec<_>>();
    assert_eq!(fates(&rig, &apart), [Fate::Settled, Fate::Settled]);
    let attempts: Vec<_> = rig.unsettled().iter().map(|it| (it.stage, it.attempt)).collect();
    assert_eq!(attempts, [(SubBlockStage::Proving, 1), (SubBlockStage::Proven, 1)], "they are as they were");
    rig.prove(&jobs[0]);
    let package = rig.send_bundle().expect("both");
    rig.block(&[package]);
    assert_eq!(fates(&rig, &[slow, dependent].concat()), vec![Fate::Settled; 4]);
    assert_eq!(rig.status().totals.void_proofs, 0);
}

#[test]
fn successors_are_checked_on_what_comes_of_those_before_them() {
    let mut rig = Rig::new(3, |_| {});
    // The second sub-block spends what the first one sends.
    rig.send(0, 1, INITIAL_BALANCE);
    rig.send(0, 1, 0);
    let spending = [rig.send(1, 2, 2 * INITIAL_BALANCE), rig.send(1, 2, 0)];
    rig.prove_all();
    let job_before = rig.unsettled();
    let items = [rig.set_balance(0, 5)];
    rig.block(&items);
    assert_eq!(rig.fate(spending[0]), Fate::Reverted, "there is nothing to spend");
    assert_eq!(rig.balance(1), INITIAL_BALANCE);
    let after = rig.unsettled();
    assert!(after.iter().zip(&job_before).all(|(after, before)| after.attempt == before.attempt + 1));
    assert_eq!(rig.prove_all(), 2);
}

#[test]
fn a_proof_that_is_obsolete_is_given_up_and_dropped() {
    let mut rig = Rig::new(2, |_| {});
    rig.send(0, 1, 1);
    rig.send(0, 1, 1);
    let job = rig.job().expect("closed");
    assert!(!rig.is_cancelled(&job));
    let items = [rig.set_balance(1, 5)];
    rig.block(&items);
    assert!(rig.is_cancelled(&job));
    rig.prove(&job);
    assert!(rig.bundle().is_none());
    let again = rig.job().expect("executed again");
    drop(job);
    rig.prove(&again);
    assert!(rig.bundle().is_some());
}

#[test]
fn users_may_send_their_transactions_to_the_node_themselves() {
    let mut rig = Rig::new(4, |_| {});
    let forced = rig.transfer(0, 1, 3);
    let hashes = [rig.submit(&forced).unwrap(), rig.send(2, 3, 1)];
    rig.prove_all();
    let old = rig.send_bundle().expect("proven");
    let waiting = rig.send(0, 1, 1);
    rig.block(&[Item::Send(forced)]);
    assert_eq!(rig.fate(hashes[0]), Fate::OnChain);
    assert_eq!((rig.fate(hashes[1]), rig.fate(waiting)), (Fate::PreConfirmed, Fate::PreConfirmed));
    assert_eq!(rig.balance(1), INITIAL_BALANCE + 4);
    let status = rig.status();
    assert_eq!((status.totals.on_chain, status.totals.rejected), (1, 0));
    // What was on its way reverts, and costs nobody but the submitter.
    rig.block(&[old]);
    assert_eq!(rig.fate(hashes[1]), Fate::PreConfirmed);
    assert_eq!(rig.prove_all(), 1);
    let package = rig.send_bundle().unwrap();
    rig.block(&[package]);
    assert_eq!(rig.fate(hashes[1]), Fate::Settled);
}

#[test]
fn who_uses_a_nonce_twice_is_told_which_cell_it_was() {
    let mut rig = Rig::new(3, |_| {});
    let mut twin = rig.users[0].clone();
    let lost = rig.send(0, 1, 3);
    let next = rig.send(0, 1, 4);
    let other = twin.inner(&[transfer(strk(), rig.users[2].address, 9)]);
    rig.block(&[Item::Send(other)]);
    let Fate::Rejected(reason) = rig.fate(lost) else { panic!("{:?}", rig.fate(lost)) };
    assert!(reason.contains("nonce") && reason.contains("conflict"), "{reason}");
    assert_eq!(rig.fate(next), Fate::PreConfirmed, "its nonce is still to come");
    assert_eq!(rig.shown(), [next]);
    assert_eq!(rig.status().totals.rejected, 1);
}

#[test]
fn what_loses_those_before_it_waits() {
    let mut rig = Rig::new(3, |config| config.max_transactions = 10);
    // A transfer to oneself that the chain makes impossible does not become invalid, but a nonce that is used does.
    let forced = rig.transfer(1, 2, 1);
    let hash = rig.submit(&forced).unwrap();
    let ahead = {
        rig.users[1].nonce += 1;
        rig.send(1, 2, 1)
    };
    assert_eq!((rig.fate(hash), rig.fate(ahead)), (Fate::PreConfirmed, Fate::Received));
    // The chain gets there before the thread does.
    let mut twin = rig.users[1].clone();
    twin.nonce = 1;
    let between = twin.inner(&[transfer(strk(), rig.users[2].address, 1)]);
    rig.block(&[Item::Send(forced), Item::Send(between)]);
    assert_eq!((rig.fate(hash), rig.fate(ahead)), (Fate::OnChain, Fate::PreConfirmed));
}

#[test]
fn the_open_sub_block_follows_too() {
    let mut rig = Rig::new(3, |config| config.max_transactions = 10);
    let sent = [rig.send(0, 1, 1), rig.send(1, 2, 2)];
    rig.block(&[]);
    let untouched = &rig.unsettled()[0];
    assert_eq!((untouched.stage, untouched.attempt, untouched.conflicts.len()), (SubBlockStage::Open, 1, 0));
    let items = [rig.set_balance(2, 0)];
    rig.block(&items);
    assert_eq!((rig.shown(), rig.balance(2)), (sent.to_vec(), 2));
    let moved = &rig.unsettled()[0];
    assert_eq!((moved.stage, moved.attempt, moved.conflicts.len()), (SubBlockStage::Open, 2, 1));
}

#[test]
fn a_settled_sub_block_moves_nothing_under_its_successors() {
    let mut rig = Rig::new(2, |_| {});
    rig.send(0, 1, 1);
    rig.send(0, 1, 1);
    rig.prove_all();
    let package = rig.send_bundle().unwrap();
    // Both of these build on the first sub-block.
    rig.send(0, 1, 1);
    rig.send(1, 0, 1);
    rig.prove_all();
    rig.send(1, 0, 5);
    rig.block(&[package]);
    let attempts: Vec<_> = rig.unsettled().iter().map(|it| (it.stage, it.attempt)).collect();
    assert_eq!(attempts, [(SubBlockStage::Proven, 1), (SubBlockStage::Open, 1)]);
    assert_eq!(rig.status().totals.conflicts, 0);
}
