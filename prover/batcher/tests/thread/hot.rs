//! The chain keeps conflicting with transactions.

use zkthreads_batcher::thread::{ForwardRefused, HotPolicy};
use zkthreads_rpc_api::thread::SubBlockStage;

use super::harness::{Fate, Harness};
use super::node::Item;
use crate::support::INITIAL_BALANCE;

/// User 1 gets something from the chain in every block, and something from the thread; users 2 and 3 have nothing to do
/// with it.
fn contended(
    harness: &mut Harness,
) -> (Vec<starknet_api::transaction::TransactionHash>, starknet_api::transaction::TransactionHash) {
    let hot = harness.send(0, 1, 1);
    let cold = vec![harness.send(2, 3, 1), harness.send(3, 2, 1), harness.send(2, 3, 1)];
    (cold, hot)
}

fn strike(harness: &mut Harness, round: u128) {
    let items = [harness.set_balance(1, 1_000 + round)];
    harness.block(&items);
}

#[test]
fn the_second_conflict_parts_what_depends_on_it() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 4);
    let (cold, hot) = contended(&mut harness);
    harness.prove_all();
    strike(&mut harness, 0);
    let unsettled = harness.unsettled();
    assert_eq!(unsettled.iter().map(|it| it.transactions).collect::<Vec<_>>(), [4]);
    strike(&mut harness, 1);
    let unsettled = harness.unsettled();
    assert_eq!(unsettled.iter().map(|it| it.transactions).collect::<Vec<_>>(), [3, 1]);
    let [met] = unsettled[1].conflicts[..] else { panic!("{:?}", unsettled[1].conflicts) };
    assert_eq!((met.found, met.block_number.0), (1_001_u64.into(), 2), "it says why");
    assert_eq!(harness.shown(), [cold.clone(), vec![hot]].concat());
    assert_eq!(harness.balance(1), 1_002);

    assert_eq!(harness.prove_all(), 2);
    strike(&mut harness, 2);
    assert_eq!(harness.unsettled()[0].stage, SubBlockStage::Proven, "it has nothing to do with it any more");
    let package = harness.send_bundle().expect("the cold ones");
    harness.block(&[package]);
    assert!(cold.iter().all(|hash| harness.fate(*hash) == Fate::Settled));
    assert_eq!(harness.fate(hot), Fate::PreConfirmed);
}

#[test]
fn what_depends_on_hot_transactions_goes_with_them() {
    let mut harness = Harness::new(5, |config| config.max_transactions = 2);
    // 0 -> 1 is hot; 1 -> 2 spends it, and 2's next one follows on that; 3 and 4 are apart.
    let hot = [harness.send(0, 1, 5)];
    let cold = [harness.send(3, 4, 1)];
    let dependent = [harness.send(1, 2, 6)];
    let cold_too = [harness.send(4, 3, 1)];
    let last = [harness.send(2, 0, 1)];
    strike(&mut harness, 0);
    strike(&mut harness, 1);
    assert_eq!(harness.shown(), [cold, cold_too, hot, dependent, last].concat());
    assert_eq!(harness.balance(1), 1_001 + 5 - 6);
    assert_eq!(harness.balance(2), INITIAL_BALANCE + 5);
    assert_eq!(harness.prove_all(), 4);
    let fronts = harness.bundle().unwrap();
    assert_eq!(fronts.sub_blocks.len(), 2, "a hot one goes alone");
    let packages =
        [harness.submitting(&fronts), harness.send_bundle(), harness.send_bundle()].map(Option::unwrap);
    harness.block(&packages);
    let fates = [cold[0], cold_too[0], hot[0], dependent[0], last[0]].map(|hash| harness.fate(hash));
    assert!(fates.iter().all(|fate| *fate == Fate::Settled), "{fates:?}");
}

#[test]
fn hot_transactions_are_forwarded_in_the_end() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 4);
    let (cold, hot) = contended(&mut harness);
    let next = harness.send(0, 3, 1);
    for round in 0..4 {
        assert!(harness.forward().is_none(), "round {round}");
        strike(&mut harness, round);
    }
    let forward = harness.forward().expect("given up");
    assert_eq!(forward.hash, hot);
    let transaction = forward.transaction.clone();
    harness.handle.forwarded(&forward, Ok(()));
    // What comes after it goes with it, or waits for it.
    if let Some(second) = harness.forward() {
        assert_eq!(second.hash, next);
        harness.handle.forwarded(&second, Ok(()));
    }
    assert!(cold.iter().all(|hash| harness.fate(*hash) == Fate::PreConfirmed));
    harness.block(&[Item::Send(transaction)]);
    assert_eq!(harness.fate(hot), Fate::OnChain);
    let status = harness.status();
    assert_eq!((status.totals.on_chain, status.totals.rejected), (1, 0));
}

#[test]
fn a_forwarded_transaction_that_the_node_refuses_is_rejected() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 4);
    let (_, hot) = contended(&mut harness);
    for round in 0..4 {
        strike(&mut harness, round);
    }
    drop(harness.forward().expect("given up"));
    let forward = harness.forward().expect("offered again");
    let (reason, latest) = ("insufficient balance".to_owned(), harness.handle.head().0);
    harness.handle.forwarded(&forward, Err(ForwardRefused { reason, latest }));
    harness.until("it is rejected", |status| status.totals.rejected == 1);
    let Fate::Rejected(reason) = harness.fate(hot) else { panic!("{:?}", harness.fate(hot)) };
    assert!(reason.contains("insufficient balance"), "{reason}");
    assert!(harness.forward().is_none());
}

#[test]
fn hot_transactions_are_rejected_if_that_is_the_policy() {
    let mut harness = Harness::new(4, |config| {
        config.max_transactions = 4;
        config.on_hot = HotPolicy::Reject;
        config.max_conflicts = 3;
    });
    let (cold, hot) = contended(&mut harness);
    for round in 0..3 {
        strike(&mut harness, round);
    }
    let Fate::Rejected(reason) = harness.fate(hot) else { panic!("{:?}", harness.fate(hot)) };
    assert!(reason.contains("keeps changing") && reason.contains("found 0x3ea"), "{reason}");
    assert!(cold.iter().all(|hash| harness.fate(*hash) == Fate::PreConfirmed));
}

#[test]
fn hot_transactions_are_tried_for_ever_if_that_is_the_policy() {
    let mut harness = Harness::new(4, |config| {
        config.max_transactions = 4;
        config.on_hot = HotPolicy::Retry;
    });
    let (_, hot) = contended(&mut harness);
    for round in 0..8 {
        strike(&mut harness, round);
    }
    assert_eq!((harness.fate(hot), harness.forward().is_none()), (Fate::PreConfirmed, true));
    assert_eq!(harness.prove_all(), 2);
    let packages = [harness.send_bundle(), harness.send_bundle()].map(Option::unwrap);
    harness.block(&packages);
    assert_eq!(harness.fate(hot), Fate::Settled);
}

#[test]
fn the_thread_settles_under_a_conflict_in_every_block() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 3);
    let (mut cold, mut hot) = (vec![], vec![]);
    for round in 0..12 {
        hot.push(harness.send(0, 1, 1));
        cold.push(harness.send(2, 3, 1));
        cold.push(harness.send(3, 2, 1));
        harness.prove_all();
        let mut items = vec![harness.set_balance(1, 1_000 + round)];
        items.extend(harness.send_bundle());
        while let Some(forward) = harness.forward() {
            items.push(Item::Send(forward.transaction.clone()));
            harness.handle.forwarded(&forward, Ok(()));
        }
        harness.block(&items);
    }
    let settled = cold.iter().filter(|hash| harness.fate(**hash) == Fate::Settled).count();
    assert!(settled >= 16, "only {settled} of 24 independent transactions are settled");
    let done =
        hot.iter().filter(|hash| matches!(harness.fate(**hash), Fate::Settled | Fate::OnChain)).count();
    assert!(done >= 4, "only {done} of 12 hot transactions are done with");
    assert_eq!(harness.status().totals.rejected, 0);
}

#[test]
fn what_is_completed_behind_a_hot_sub_block_overtakes_it() {
    let mut harness = Harness::new(5, |config| {
        config.max_transactions = 2;
        config.on_hot = HotPolicy::Retry;
    });
    let hot = harness.send(0, 1, 5);
    harness.send(3, 4, 1);
    strike(&mut harness, 0);
    strike(&mut harness, 1);
    // One of these depends on the hot one.
    let late = [harness.send(3, 4, 1), harness.send(1, 2, 1)];
    assert_eq!(harness.shown()[1..], [late[0], hot, late[1]]);
    harness.prove_all();
    strike(&mut harness, 2);
    let bundle = harness.bundle().expect("what is apart");
    assert_eq!(bundle.sub_blocks.len(), 2);
    let package = harness.submitting(&bundle).unwrap();
    harness.block(&[package]);
    assert_eq!([late[0], hot, late[1]].map(|hash| harness.fate(hash) == Fate::Settled), [true, false, false]);
}

/// User 1 has what the chain has changed twice.
fn with_a_hot_cell(users: u64, change: impl FnOnce(&mut zkthreads_batcher::thread::ThreadConfig)) -> Harness {
    let mut harness = Harness::new(users, |config| {
        config.on_hot = HotPolicy::Retry;
        change(config);
    });
    let first = harness.send(0, 1, 1);
    strike(&mut harness, 0);
    strike(&mut harness, 1);
    harness.prove_all();
    let packages: Vec<_> = std::iter::from_fn(|| harness.send_bundle()).collect();
    harness.block(&packages);
    assert_eq!((harness.fate(first), harness.unsettled().len()), (Fate::Settled, 0));
    harness
}

#[test]
fn what_reads_a_hot_cell_is_parted_before_it_is_proven() {
    let mut harness = with_a_hot_cell(4, |_| {});
    let (cold, hot) = (harness.send(2, 3, 1), harness.send(0, 1, 1));
    let attempts = |harness: &Harness| {
        harness.unsettled().iter().map(|it| (it.transactions, it.attempt)).collect::<Vec<_>>()
    };
    assert_eq!((harness.shown(), attempts(&harness)[0].0, attempts(&harness)[1].0), (vec![cold, hot], 1, 1));
    let before = attempts(&harness);
    assert_eq!(harness.prove_all(), 2);
    strike(&mut harness, 7);
    let after = attempts(&harness);
    assert_eq!((after[0], after[1].1), (before[0], before[1].1 + 1), "only the hot one is void");
    let totals = harness.status().totals;
    assert_eq!((totals.void_proofs, harness.unsettled()[0].proofs), (1, 1));
}

#[test]
fn hot_transactions_that_have_nothing_to_do_with_each_other_are_void_by_themselves() {
    let mut harness = Harness::new(6, |config| {
        config.max_transactions = 2;
        config.on_hot = HotPolicy::Retry;
    });
    harness.send(0, 1, 1);
    harness.send(2, 3, 1);
    let both = |harness: &mut Harness, round: u128| {
        let items = [harness.set_balance(1, 1_000 + round), harness.set_balance(3, 1_000 + round)];
        harness.block(&items);
    };
    both(&mut harness, 0);
    both(&mut harness, 1);
    assert_eq!(harness.unsettled().iter().map(|it| it.transactions).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(harness.prove_all(), 2);
    strike(&mut harness, 2);
    let stages: Vec<_> = harness.unsettled().iter().map(|it| it.stage).collect();
    assert_eq!(stages, [SubBlockStage::Closed, SubBlockStage::Proven]);
    assert_eq!(
        harness.send_bundle().map(|item| matches!(item, Item::Thread(..))),
        Some(true),
        "it overtakes"
    );
}

#[test]
fn a_hot_sub_block_is_cut_at_a_conflict() {
    let mut harness = with_a_hot_cell(6, |config| config.max_transactions = 3);
    // One sub-block, since the first has to do with both of the others.
    let together = [harness.send(0, 1, 1), harness.send(2, 1, 1), harness.send(2, 4, 1)];
    assert_eq!(harness.unsettled().iter().map(|it| it.transactions).collect::<Vec<_>>(), [3]);
    assert_eq!(harness.prove_all(), 1);
    let items = [harness.set_balance(4, 77)];
    harness.block(&items);
    assert_eq!(harness.unsettled().iter().map(|it| it.transactions).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(harness.shown(), together);
}

#[test]
fn what_is_hot_is_proven_by_turns_with_the_rest() {
    let mut harness = with_a_hot_cell(6, |config| config.max_transactions = 2);
    let hot = [harness.send(0, 1, 1), harness.send(2, 3, 1)];
    for _ in 0..2 {
        harness.send(2, 3, 1);
        harness.send(4, 5, 1);
    }
    let of = |harness: &Harness, id: u64| {
        harness.unsettled().into_iter().find(|it| it.id == id).unwrap().transactions
    };
    assert_eq!(harness.shown().last(), Some(&hot[0]), "behind all others");
    let jobs: Vec<_> = std::iter::from_fn(|| harness.job()).collect();
    let hot_id = harness.unsettled().last().unwrap().id;
    let at = jobs.iter().position(|job| job.id.0 == hot_id);
    assert!(at.is_some_and(|at| at < 2) && of(&harness, hot_id) == 1, "{at:?} of {}", jobs.len());
}

#[test]
fn what_depends_on_what_is_cut_out_goes_behind_it() {
    let mut harness = with_a_hot_cell(6, |config| config.max_transactions = 2);
    let (first, paid) = (harness.send(0, 1, 1), harness.send(0, 4, 5));
    let (spent, apart) = (harness.send(4, 5, INITIAL_BALANCE + 3), harness.send(2, 3, 1));
    assert_eq!(harness.shown(), [apart, first, paid, spent]);
    let items = [harness.set_balance(4, INITIAL_BALANCE - 1)];
    harness.block(&items);
    assert_eq!(harness.shown(), [apart, first, paid, spent]);
    assert_eq!((harness.fate(spent), harness.balance(4)), (Fate::PreConfirmed, 1), "it has what it spends");
}

#[test]
fn many_hot_transactions_share_sub_blocks() {
    let mut harness = Harness::new(24, |config| {
        config.max_transactions = 24;
        config.on_hot = HotPolicy::Retry;
    });
    for user in 0..12 {
        harness.send(2 * user, 2 * user + 1, 1);
    }
    for round in 0..2 {
        let items: Vec<_> = (0..12).map(|user| harness.set_balance(2 * user + 1, 1_000 + round)).collect();
        harness.block(&items);
    }
    let sizes: Vec<_> = harness.unsettled().iter().map(|it| it.transactions).collect();
    assert_eq!((sizes.len(), sizes.iter().sum::<u64>()), (6, 12), "12 by 8, two in each");
}

#[test]
fn what_depends_on_a_hot_sub_block_is_not_proven_before_it() {
    let mut harness = Harness::new(5, |config| {
        config.on_hot = HotPolicy::Retry;
        config.hot_quiet = std::time::Duration::from_secs(3_600);
    });
    // One group, in two sub-blocks; only the first of them reads the hot cell.
    for to in 1..5 {
        harness.send(0, to, 1);
    }
    strike(&mut harness, 0);
    strike(&mut harness, 1);
    assert_eq!(harness.unsettled().iter().map(|it| it.transactions).collect::<Vec<_>>(), [2, 2]);
    assert!(harness.job().is_none(), "the first is not due, and the second builds on it");
}
