//! Which transactions are taken, and what is shown of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use starknet_api::core::Nonce;
use starknet_types_core::felt::Felt;
use zkthreads_rpc_api::thread::ThreadStatus;
use zkthreads_rpc_api::{ChainEvent, InnerRefusal};

use super::harness::{Fate, Harness};
use crate::support::{INITIAL_BALANCE, User, bounds, eth, strk, transfer};

#[test]
fn transactions_are_executed_on_arrival_and_shown_in_order() {
    let mut harness = Harness::new(3, |_| {});
    let mut events = harness.feed.subscribe();
    let sent = [harness.send(0, 1, 5), harness.send(1, 2, 7), harness.send(0, 2, 1)];
    assert_eq!(harness.shown(), sent);
    assert_eq!(harness.balance(0), INITIAL_BALANCE - 6);
    assert_eq!(harness.balance(2), INITIAL_BALANCE + 8);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        match event {
            ChainEvent::PreConfirmed { number, index, transaction } => {
                assert_eq!((number.0, sent[index]), (1, transaction.transaction.hash));
                told.push(transaction.transaction.hash);
            }
            ChainEvent::Received { .. } => {}
            event => panic!("{event:?}"),
        }
    }
    assert_eq!(told, sent, "each is told once, in order");
    let status = harness.status();
    assert_eq!((status.totals.received, status.queue.unsettled, status.users), (3, 3, 2));
    assert!(status.throughput.median_micros > 0);
}

#[test]
fn what_cannot_be_taken_is_refused_for_its_reason() {
    let mut harness = Harness::new(2, |config| {
        config.writable = Some(Arc::new(BTreeSet::from([strk()])));
    });
    let first = harness.transfer(0, 1, 5);
    harness.submit(&first).unwrap();
    assert_eq!(harness.submit(&first), Err(InnerRefusal::Duplicate));

    let (account, to) = (harness.users[0].address, harness.users[1].address);
    let mut old = harness.users[0].clone();
    old.nonce = 0;
    let old = old.inner(&[transfer(strk(), to, 1)]);
    let (expected, found) = (Nonce(Felt::ONE), Nonce(Felt::ZERO));
    assert_eq!(harness.submit(&old), Err(InnerRefusal::Nonce { account, expected, found }));

    let mut far = harness.users[0].clone();
    far.nonce = 202;
    let far = far.inner(&[transfer(strk(), to, 1)]);
    let found = Nonce(Felt::from(202));
    assert_eq!(harness.submit(&far), Err(InnerRefusal::Nonce { account, expected, found }));

    let outside = harness.users[0].clone().inner(&[transfer(eth(), to, 1)]);
    assert_eq!(harness.submit(&outside), Err(InnerRefusal::OutsideThread { contract: eth() }));

    let mut stranger = User::new(77, harness.executor.config().chain_id.clone());
    let nobody = stranger.inner(&[transfer(strk(), to, 1)]);
    let account = stranger.address;
    assert_eq!(harness.submit(&nobody), Err(InnerRefusal::NotDeployed { account }));
    let nobody = stranger.inner(&[transfer(strk(), to, 1)]);
    assert_eq!(harness.submit(&nobody), Err(InnerRefusal::NotDeployed { account }), "nor may it wait");

    // A node would refuse every package that brings one without bounds, and the thread would send it for ever.
    for nonce in [1, 2] {
        let mut free = harness.users[0].clone();
        (free.nonce, free.bounds) = (nonce, bounds(0, 0));
        let free = free.inner(&[transfer(strk(), to, 1)]);
        let refused = harness.submit(&free);
        let Err(InnerRefusal::NotProvable { reason }) = refused else { panic!("nonce {nonce}: {refused:?}") };
        assert!(reason.contains("the resource bounds are zero"), "{reason}");
    }

    // Signed by another key, with the next nonce and with one that is ahead.
    for nonce in [1, 2] {
        let mut forger = User::new(1, harness.executor.config().chain_id.clone());
        (forger.address, forger.nonce) = (harness.users[0].address, nonce);
        let forged = forger.inner(&[transfer(strk(), to, 1)]);
        assert!(matches!(harness.submit(&forged), Err(InnerRefusal::Validate { .. })), "nonce {nonce}");
    }
    assert_eq!(harness.shown(), [harness.hash(&first)]);
    let status = harness.status();
    assert_eq!((status.totals.received, status.totals.rejected, status.queue.waiting), (1, 0, 0));
}

/// At once: nothing is waited for between an answer and the status.
#[test]
fn whoever_is_answered_finds_it_in_the_status() {
    let mut harness = Harness::new(3, |_| {});
    for count in 1..=40 {
        let waits = count % 2 == 0;
        if waits {
            harness.users[1].nonce = 100 + count;
            harness.send(1, 2, 1);
        } else {
            harness.send(0, 2, 1);
        }
        let ThreadStatus { queue, totals, users, .. } = harness.handle.status();
        assert_eq!((totals.received, queue.waiting, queue.unsettled), (count, count / 2, count.div_ceil(2)));
        assert_eq!(users, if count == 1 { 1 } else { 2 });
    }
}

#[test]
fn a_transaction_that_reverts_is_taken_as_a_reverted_one() {
    let mut harness = Harness::new(2, |_| {});
    let too_much = harness.send(0, 1, INITIAL_BALANCE + 1);
    assert_eq!(harness.fate(too_much), Fate::Reverted);
    let after = harness.send(0, 1, 1);
    assert_eq!(harness.fate(after), Fate::PreConfirmed);
}

#[test]
fn transactions_wait_for_those_before_them() {
    let mut harness = Harness::new(2, |_| {});
    let [first, second, third] = [1, 2, 3].map(|amount| harness.transfer(0, 1, amount));
    let other = harness.users[0].clone();
    let waiting = [&third, &second].map(|transaction| harness.submit(transaction).unwrap());
    assert!(waiting.iter().all(|hash| harness.fate(*hash) == Fate::Received));
    assert_eq!(harness.submit(&third), Err(InnerRefusal::Duplicate));
    let mut rival = other;
    rival.nonce = 2;
    let rival = rival.inner(&[transfer(strk(), harness.users[1].address, 9)]);
    assert!(matches!(harness.submit(&rival), Err(InnerRefusal::Nonce { .. })), "one waits per nonce");
    assert_eq!((harness.status().queue.waiting, harness.shown().len()), (2, 0));

    let hash = harness.submit(&first).unwrap();
    assert_eq!(harness.shown(), [hash, waiting[1], waiting[0]]);
    assert_eq!(harness.balance(1), INITIAL_BALANCE + 6);
    let status = harness.status();
    assert_eq!((status.queue.waiting, status.totals.received), (0, 3));
}

#[test]
fn nobody_waits_for_ever() {
    let mut harness = Harness::new(2, |config| config.waiting_time = Duration::from_millis(1));
    harness.transfer(0, 1, 1);
    let second = harness.send(0, 1, 2);
    harness.until("it is rejected", |status| status.totals.rejected == 1);
    let Fate::Rejected(reason) = harness.fate(second) else { panic!("{:?}", harness.fate(second)) };
    assert!(reason.contains("lower nonce"), "{reason}");
}

#[test]
fn transactions_sent_at_once_are_all_answered() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 7);
    let mut batches: Vec<Vec<_>> = Vec::new();
    for user in 0..4 {
        batches.push((0..6).map(|amount| harness.transfer(user, (user + 1) % 4, amount)).collect());
    }
    std::thread::scope(|scope| {
        for batch in &batches {
            let handle = harness.handle.clone();
            scope.spawn(move || {
                for transaction in batch {
                    handle.submit(transaction.clone()).expect("taken");
                }
            });
        }
    });
    assert_eq!(harness.shown().len(), 24);
    let sizes: Vec<u64> = harness.unsettled().iter().map(|it| it.transactions).collect();
    assert_eq!(sizes, [7, 7, 7, 3]);
    println!("{:?}", harness.status().throughput);
}
