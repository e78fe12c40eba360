//! Which transaction is next.

use super::*;

#[test]
fn accounts_are_served_in_the_order_of_arrival_and_each_in_the_order_of_nonces() {
    let mut pool = pool();
    let [a0, a1, b0, b1] = [(ALICE, 0), (ALICE, 1), (BOB, 0), (BOB, 1)].map(|(who, n)| Sample::new(who, n));
    pool.fill([a1, b0, a0, b1]);
    // Alice's second came before all others, but is ready only after her first.
    assert_eq!(pool.drain(), hashes(&[b0, a0, a1, b1]));
}

#[test]
fn higher_tips_go_first_but_never_before_their_accounts_earlier_nonces() {
    let mut pool = pool();
    let cheap = Sample::new(ALICE, 0).tip(1);
    let rich = Sample::new(ALICE, 1).tip(1_000);
    let middling = Sample::new(BOB, 0).tip(10);
    let last = Sample::new(0xc, 0);
    pool.fill([last, cheap, rich, middling]);
    assert_eq!(pool.drain(), hashes(&[middling, cheap, rich, last]));
}

#[test]
fn a_gap_holds_back_what_comes_after_it() {
    let mut pool = pool();
    pool.fill([Sample::new(ALICE, 0), Sample::new(ALICE, 2)]);
    assert_eq!(pool.nonce_after(ALICE.into()), Some(nonce(1)));
    assert_eq!(pool.drain().len(), 1);
    assert!(!pool.has_ready());
    pool.fill([Sample::new(ALICE, 1)]);
    assert_eq!(pool.nonce_after(ALICE.into()), Some(nonce(3)));
    assert_eq!(pool.drain().len(), 2);
}

#[test]
fn nonces_out_of_range_are_refused() {
    let mut pool = pool();
    pool.insert(Sample::new(ALICE, 205), 5).unwrap();
    for wrong in [4, 206, u64::MAX] {
        let refused = pool.insert(Sample::new(ALICE, wrong), 5);
        assert!(matches!(refused, Err(SubmitError::Nonce { expected, .. }) if expected == nonce(5)));
    }
}

#[test]
fn a_burst_of_as_many_nonces_as_the_gap_allows_is_taken() {
    let mut pool = pool();
    pool.fill((0..=200).map(|number| Sample::new(ALICE, number)));
    pool.check();
    assert_eq!(pool.drain().len(), 201);
}

#[test]
fn the_same_transaction_is_refused_while_it_waits_and_while_it_executes() {
    let mut pool = pool();
    pool.fill([Sample::new(ALICE, 0)]);
    assert_eq!(pool.insert(Sample::new(ALICE, 0), 0), Err(SubmitError::Duplicate));
    pool.take().unwrap();
    assert_eq!(pool.insert(Sample::new(ALICE, 0), 0), Err(SubmitError::Duplicate));
}

#[test]
fn arrivals_of_an_earlier_process_come_before_all_later_ones() {
    let mut pool = pool();
    assert_eq!([pool.arrive(7), pool.arrive(9), pool.arrive(0)], [7, 9, 10]);
}
