//! How much a thread takes: of what is not settled, and of cells that its submitter pays for.

use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::{InnerRefusal, ThreadLimit};

use super::harness::{Fate, Harness};
use crate::support::{address, strk, transfer};

/// Pays to so many addresses that never had anything: each makes a fresh cell.
fn pay_strangers(harness: &mut Harness, from: usize, first: u64, strangers: u64) -> InnerTransaction {
    let payments: Vec<_> =
        (first..first + strangers).map(|it| transfer(strk(), address(0x5_7000 + it), 1)).collect();
    harness.users[from].inner(&payments)
}

/// Proves, sends and settles all that is complete.
fn settle(harness: &mut Harness) {
    harness.prove_all();
    let bundle = harness.send_bundle().expect("a bundle");
    harness.block(&[bundle]);
}

#[test]
fn transactions_are_taken_up_to_a_number() {
    let mut harness = Harness::new(2, |config| config.max_unsettled = 2);
    let [first, second, third] = [1, 2, 3].map(|amount| harness.transfer(0, 1, amount));
    harness.submit(&first).unwrap();
    harness.submit(&second).unwrap();
    let full = InnerRefusal::Full { limit: ThreadLimit::Unsettled, capacity: 2 };
    assert_eq!(harness.submit(&third), Err(full));
    settle(&mut harness);
    harness.submit(&third).expect("there is room again");
}

#[test]
fn transactions_are_taken_up_to_so_many_bytes() {
    let mut harness = Harness::new(2, |config| config.max_unsettled_bytes = 1_000);
    // The last one waits, and counts.
    let [first, second, third] = [1, 2, 3].map(|amount| harness.transfer(0, 1, amount));
    assert!((334..=500).contains(&first.encoded_len()), "two, and not three, are within the limit");
    harness.submit(&first).unwrap();
    harness.submit(&third).unwrap();
    let full = InnerRefusal::Full { limit: ThreadLimit::UnsettledBytes, capacity: 1_000 };
    assert_eq!(harness.submit(&second), Err(full.clone()));
    let mut harness = harness.restart();
    assert_eq!(harness.submit(&second), Err(full));
    let other = pay_strangers(&mut harness, 1, 1, 20);
    assert!(matches!(harness.submit(&other), Err(InnerRefusal::Full { .. })), "larger than all there may be");
}

#[test]
fn what_is_settled_takes_no_bytes_any_more() {
    let mut harness = Harness::new(2, |config| config.max_unsettled_bytes = 1_000);
    for amount in 1..5 {
        let [first, second] = [0, 1].map(|from| harness.transfer(from, 1 - from, amount));
        harness.submit(&first).unwrap();
        harness.submit(&second).expect("the ones before are settled");
        settle(&mut harness);
    }
}

#[test]
fn transactions_are_taken_up_to_so_many_cells() {
    let mut harness = Harness::new(2, |config| config.max_unsettled_cells = 40);
    // Each reads seven cells and writes four.
    let refused = (0..20).find_map(|taken| {
        let next = harness.transfer(0, 1, 1);
        harness.submit(&next).err().map(|refusal| (taken, next, refusal))
    });
    let (taken, next, refusal) = refused.expect("at last one is refused");
    let full = InnerRefusal::Full { limit: ThreadLimit::UnsettledCells, capacity: 40 };
    assert_eq!(refusal, full);
    assert!(taken > 1, "{taken}");
    let mut harness = harness.restart();
    assert_eq!(harness.submit(&next), Err(full), "what is executed again counts as before");
    settle(&mut harness);
    harness.submit(&next).expect("there is room again");
}

#[test]
fn an_account_makes_no_more_fresh_cells_in_a_sub_block_than_it_may() {
    let mut harness = Harness::new(2, |config| config.max_fresh_cells_per_account = 3);
    let account = harness.users[0].address;
    let many = pay_strangers(&mut harness, 0, 100, 4);
    let refused = harness.submit(&many);
    assert_eq!(refused, Err(InnerRefusal::TooManyFreshCells { account, cells: 4, max: 3 }));
    // Its nonce is free.
    harness.users[0].nonce -= 1;

    let [first, second] = [1, 11].map(|stranger| pay_strangers(&mut harness, 0, stranger, 2));
    harness.submit(&first).unwrap();
    let refused = harness.submit(&second);
    let Err(InnerRefusal::FreshCellsSpent { account: whose, cells: 4, max: 3, seconds: 1..=3_600 }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(whose, account);
    assert_eq!(harness.status().totals.rejected, 0, "it was never taken");
    // It completes the sub-block.
    harness.send(1, 0, 1);
    harness.submit(&second).expect("the next one has room");
}

#[test]
fn what_waited_for_an_earlier_nonce_waits_for_the_next_sub_block_as_well() {
    let mut harness = Harness::new(2, |config| config.max_fresh_cells_per_account = 3);
    let [first, second, third] = [1, 11, 21].map(|stranger| pay_strangers(&mut harness, 0, stranger, 2));
    let [third, second, first] = [third, second, first].map(|it| harness.submit(&it).expect("taken"));
    let fates = |harness: &Harness| [first, second, third].map(|hash| harness.fate(hash));
    assert_eq!(fates(&harness), [Fate::PreConfirmed, Fate::Received, Fate::Received]);
    harness.block(&[]);
    assert_eq!(
        fates(&harness),
        [Fate::PreConfirmed, Fate::Received, Fate::Received],
        "it is the same sub-block"
    );
    harness.send(1, 0, 1);
    harness.block(&[]);
    assert_eq!(fates(&harness), [Fate::PreConfirmed, Fate::PreConfirmed, Fate::Received]);
    harness.send(1, 0, 1);
    harness.block(&[]);
    assert_eq!(fates(&harness), [Fate::PreConfirmed, Fate::PreConfirmed, Fate::PreConfirmed]);
    assert_eq!(harness.status().totals.rejected, 0);
}

#[test]
fn what_was_acknowledged_stays_whatever_is_allowed_by_then() {
    let mut harness = Harness::new(2, |config| config.max_transactions = 10);
    let sent = [1, 11].map(|stranger| {
        let transaction = pay_strangers(&mut harness, 0, stranger, 2);
        harness.submit(&transaction).unwrap()
    });
    let harness = harness.restart_with(|config| {
        (config.max_fresh_cells, config.max_fresh_cells_per_account) = (1, 1);
    });
    assert_eq!(harness.shown(), sent);
    let sizes: Vec<u64> = harness.unsettled().iter().map(|it| it.transactions).collect();
    assert_eq!(sizes, [1, 1], "though not in one sub-block");
    let mut harness = harness.restart_with(|config| config.max_fresh_cells = 100);
    let more = pay_strangers(&mut harness, 0, 21, 1);
    harness.submit(&more).expect("the sub-block is a new one");
}

#[test]
fn a_sub_block_is_complete_when_it_has_as_many_fresh_cells_as_it_may() {
    let mut harness = Harness::new(3, |config| (config.max_transactions, config.max_fresh_cells) = (10, 5));
    for (user, stranger) in [(0, 1), (1, 11), (2, 21)] {
        let transaction = pay_strangers(&mut harness, user, stranger, 2);
        harness.submit(&transaction).expect("taken, sooner or later");
    }
    let sizes: Vec<u64> = harness.unsettled().iter().map(|it| it.transactions).collect();
    assert_eq!(sizes, [2, 1]);
}
