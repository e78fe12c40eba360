//! How much a thread takes: of what is not settled, and of cells that its submitter pays for.

use zkthreads_protocol::InnerTransaction;
use zkthreads_rpc_api::{InnerRefusal, ThreadLimit};

use super::rig::{Fate, Rig};
use crate::support::{address, strk, transfer};

/// Pays to so many addresses that never had anything: each makes a fresh cell.
fn pay_strangers(rig: &mut Rig, from: usize, first: u64, strangers: u64) -> InnerTransaction {
    let payments: Vec<_> =
        (first..first + strangers).map(|it| transfer(strk(), address(0x5_7000 + it), 1)).collect();
    rig.users[from].inner(&payments)
}

/// Proves, sends and settles all that is complete.
fn settle(rig: &mut Rig) {
    rig.prove_all();
    let bundle = rig.send_bundle().expect("a bundle");
    rig.block(&[bundle]);
}

#[test]
fn transactions_are_taken_up_to_a_number() {
    let mut rig = Rig::new(2, |config| config.max_unsettled = 2);
    let [first, second, third] = [1, 2, 3].map(|amount| rig.transfer(0, 1, amount));
    rig.submit(&first).unwrap();
    rig.submit(&second).unwrap();
    let full = InnerRefusal::Full { limit: ThreadLimit::Unsettled, capacity: 2 };
    assert_eq!(rig.submit(&third), Err(full));
    settle(&mut rig);
    rig.submit(&third).expect("there is room again");
}

#[test]
fn transactions_are_taken_up_to_so_many_bytes() {
    let mut rig = Rig::new(2, |config| config.max_unsettled_bytes = 1_000);
    // The last one waits, and counts.
    let [first, second, third] = [1, 2, 3].map(|amount| rig.transfer(0, 1, amount));
    assert!((334..=500).contains(&first.encoded_len()), "two, and not three, are within the limit");
    rig.submit(&first).unwrap();
    rig.submit(&third).unwrap();
    let full = InnerRefusal::Full { limit: ThreadLimit::UnsettledBytes, capacity: 1_000 };
    assert_eq!(rig.submit(&second), Err(full.clone()));
    let mut rig = rig.restart();
    assert_eq!(rig.submit(&second), Err(full));
    let other = pay_strangers(&mut rig, 1, 1, 20);
    assert!(matches!(rig.submit(&other), Err(InnerRefusal::Full { .. })), "larger than all there may be");
}

#[test]
fn what_is_settled_takes_no_bytes_any_more() {
    let mut rig = Rig::new(2, |config| config.max_unsettled_bytes = 1_000);
    for amount in 1..5 {
        let [first, second] = [0, 1].map(|from| rig.transfer(from, 1 - from, amount));
        rig.submit(&first).unwrap();
        rig.submit(&second).expect("the ones before are settled");
        settle(&mut rig);
    }
}

#[test]
fn transactions_are_taken_up_to_so_many_cells() {
    let mut rig = Rig::new(2, |config| config.max_unsettled_cells = 40);
    // Each reads seven cells and writes four.
    let refused = (0..20).find_map(|taken| {
        let next = rig.transfer(0, 1, 1);
        rig.submit(&next).err().map(|refusal| (taken, next, refusal))
    });
    let (taken, next, refusal) = refused.expect("at last one is refused");
    let full = InnerRefusal::Full { limit: ThreadLimit::UnsettledCells, capacity: 40 };
    assert_eq!(refusal, full);
    assert!(taken > 1, "{taken}");
    let mut rig = rig.restart();
    assert_eq!(rig.submit(&next), Err(full), "what is executed again counts as before");
    settle(&mut rig);
    rig.submit(&next).expect("there is room again");
}

#[test]
fn an_account_makes_no_more_fresh_cells_in_a_sub_block_than_it_may() {
    let mut rig = Rig::new(2, |config| config.max_fresh_cells_per_account = 3);
    let account = rig.users[0].address;
    let many = pay_strangers(&mut rig, 0, 100, 4);
    let refused = rig.submit(&many);
    assert_eq!(refused, Err(InnerRefusal::TooManyFreshCells { account, cells: 4, max: 3 }));
    // Its nonce is free.
    rig.users[0].nonce -= 1;

    let [first, second] = [1, 11].map(|stranger| pay_strangers(&mut rig, 0, stranger, 2));
    rig.submit(&first).unwrap();
    let refused = rig.submit(&second);
    let Err(InnerRefusal::FreshCellsSpent { account: whose, cells: 4, max: 3, seconds: 1..=3_600 }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(whose, account);
    assert_eq!(rig.status().totals.rejected, 0, "it was never taken");
    // It completes the sub-block.
    rig.send(1, 0, 1);
    rig.submit(&second).expect("the next one has room");
}

#[test]
fn what_waited_for_an_earlier_nonce_waits_for_the_next_sub_block_as_well() {
    let mut rig = Rig::new(2, |config| config.max_fresh_cells_per_account = 3);
    let [first, second, third] = [1, 11, 21].map(|stranger| pay_strangers(&mut rig, 0, stranger, 2));
    let [third, second, first] = [third, second, first].map(|it| rig.submit(&it).expect("taken"));
    let fates = |rig: &Rig| [first, second, third].map(|hash| rig.fate(hash));
    assert_eq!(fates(&rig), [Fate::PreConfirmed, Fate::Received, Fate::Received]);
    rig.block(&[]);
    assert_eq!(fates(&rig), [Fate::PreConfirmed, Fate::Received, Fate::Received], "it is the same sub-block");
    rig.send(1, 0, 1);
    rig.block(&[]);
    assert_eq!(fates(&rig), [Fate::PreConfirmed, Fate::PreConfirmed, Fate::Received]);
    rig.send(1, 0, 1);
    rig.block(&[]);
    assert_eq!(fates(&rig), [Fate::PreConfirmed, Fate::PreConfirmed, Fate::PreConfirmed]);
    assert_eq!(rig.status().totals.rejected, 0);
}

#[test]
fn what_was_acknowledged_stays_whatever_is_allowed_by_then() {
    let mut rig = Rig::new(2, |config| config.max_transactions = 10);
    let sent = [1, 11].map(|stranger| {
        let transaction = pay_strangers(&mut rig, 0, stranger, 2);
        rig.submit(&transaction).unwrap()
    });
    let rig = rig.restart_with(|config| {
        (config.max_fresh_cells, config.max_fresh_cells_per_account) = (1, 1);
    });
    assert_eq!(rig.shown(), sent);
    let sizes: Vec<u64> = rig.unsettled().iter().map(|it| it.transactions).collect();
    assert_eq!(sizes, [1, 1], "though not in one sub-block");
    let mut rig = rig.restart_with(|config| config.max_fresh_cells = 100);
    let more = pay_strangers(&mut rig, 0, 21, 1);
    rig.submit(&more).expect("the sub-block is a new one");
}

#[test]
fn a_sub_block_is_complete_when_it_has_as_many_fresh_cells_as_it_may() {
    let mut rig = Rig::new(3, |config| (config.max_transactions, config.max_fresh_cells) = (10, 5));
    for (user, stranger) in [(0, 1), (1, 11), (2, 21)] {
        let transaction = pay_strangers(&mut rig, user, stranger, 2);
        rig.submit(&transaction).expect("taken, sooner or later");
    }
    let sizes: Vec<u64> = rig.unsettled().iter().map(|it| it.transactions).collect();
    assert_eq!(sizes, [2, 1]);
}
