//! What the pool refuses to hold.

use super::*;
use crate::Budget;

pub(super) fn limited(change: impl FnOnce(&mut MempoolLimits)) -> Pool {
    let mut limits = MempoolLimits::default();
    change(&mut limits);
    Pool::new(limits)
}

/// What one ordinary sample weighs.
fn weight() -> usize {
    Waiting::new(Sample::new(ALICE, 0).pending(), 0, 0).bytes
}

fn full(holder: &'static str, capacity: usize, unit: &'static str) -> Result<(), SubmitError> {
    Err(SubmitError::Full { holder, capacity, unit })
}

#[test]
fn a_full_pool_drops_what_cannot_execute_for_what_can() {
    let mut pool = limited(|limits| limits.ordinary.transactions = 2);
    pool.fill([Sample::new(ALICE, 0), Sample::new(ALICE, 5)]);
    assert_eq!(pool.insert(Sample::new(BOB, 3), 0), full("ordinary transactions", 2, "places"));
    pool.fill([Sample::new(BOB, 0)]);
    assert!(pool.is_rejected(Sample::new(ALICE, 5), "full"));
    assert_eq!(pool.insert(Sample::new(BOB, 1), 0), full("ordinary transactions", 2, "places"));
    pool.check();
}

#[test]
fn of_what_cannot_execute_the_youngest_goes_first() {
    let mut pool = limited(|limits| limits.ordinary.transactions = 3);
    pool.fill([Sample::new(ALICE, 2), Sample::new(BOB, 9), Sample::new(BOB, 3), Sample::new(0xc, 0)]);
    assert!(pool.is_rejected(Sample::new(BOB, 3), "full"));
    pool.fill([Sample::new(0xd, 0)]);
    assert!(pool.is_rejected(Sample::new(BOB, 9), "full"));
    assert_eq!(pool.status(Sample::new(ALICE, 2).hash()), Some(PoolStatus::Received));
    pool.check();
}

#[test]
fn bytes_are_bounded() {
    let capacity = 2 * weight() + 1;
    let mut pool = limited(|limits| limits.ordinary.bytes = capacity);
    pool.fill([Sample::new(ALICE, 0), Sample::new(BOB, 0)]);
    let refused = pool.insert(Sample::new(0xc, 0), 0);
    assert_eq!(refused, full("ordinary transactions", capacity, "bytes of memory"));
    // What is in the block under construction counts: it may come back.
    pool.take().unwrap();
    assert!(pool.insert(Sample::new(0xc, 0), 0).is_err());
    pool.settle([at(ALICE, 1), at(BOB, 0)], |_| false);
    pool.fill([Sample::new(0xc, 0)]);
    pool.check();
}

#[test]
fn an_account_has_limits_of_its_own() {
    let mut pool = limited(|limits| limits.ordinary.account_transactions = 2);
    pool.fill([Sample::new(ALICE, 0), Sample::new(ALICE, 1), Sample::new(BOB, 0)]);
    let refused = pool.insert(Sample::new(ALICE, 2), 0);
    assert_eq!(refused, full("one account's ordinary transactions", 2, "places"));
    // Its next one comes in when one of them is on its way.
    pool.take().unwrap();
    pool.fill([Sample::new(ALICE, 2)]);
    pool.check();

    let capacity = weight();
    let mut pool = limited(|limits| limits.ordinary.account_bytes = capacity);
    pool.fill([Sample::new(ALICE, 0), Sample::new(BOB, 0)]);
    let refused = pool.insert(Sample::new(ALICE, 1), 0);
    assert_eq!(refused, full("one account's ordinary transactions", capacity, "bytes of memory"));
}

#[test]
fn threads_and_ordinary_transactions_take_nothing_from_each_other() {
    let one = Budget { transactions: 1, ..MempoolLimits::default().threads };
    let mut pool = limited(|limits| (limits.ordinary, limits.threads) = (one, one));
    pool.fill([Sample::new(ALICE, 0).thread(), Sample::new(BOB, 0)]);
    let refused = pool.insert(Sample::new(0xc, 0).thread(), 0);
    assert_eq!(refused, full("thread transactions", 1, "places"));
    assert_eq!(pool.insert(Sample::new(0xc, 0), 0), full("ordinary transactions", 1, "places"));
    assert_eq!(pool.usages().threads.transactions, 1);
    pool.check();
}

#[test]
fn a_thread_is_counted_with_its_package_decoded() {
    let sample = Sample::new(ALICE, 0).thread();
    let weigh = |package: &Arc<[u8]>| Waiting::new(sample.with_package(package), 0, 0).bytes;
    let package: Arc<[u8]> = PACKAGE.encode().into();
    assert_eq!(weigh(&package) - weigh(&SMALL), PACKAGE.proof_bytes());
    // The rest in two forms: decoded, and kept with the verdict.
    assert!(weigh(&SMALL) > SMALL.len(), "{} for {}", weigh(&SMALL), SMALL.len());

    let capacity = weigh(&SMALL);
    let mut pool = limited(|limits| limits.threads.bytes = capacity);
    pool.fill([sample]);
    let refused = pool.insert(Sample::new(BOB, 0).thread(), 0);
    assert_eq!(refused, full("thread transactions", capacity, "bytes of memory"));
}

/// It would stay for hours, and may never pay.
#[test]
fn a_thread_behind_a_gap_makes_room_though_its_proof_was_verified() {
    let mut pool = limited(|limits| limits.threads.transactions = 2);
    let (stuck, other) = (Sample::new(ALICE, 1).thread(), Sample::new(BOB, 0).thread());
    pool.fill([stuck, other]);
    // Alice's was looked at before it was behind a gap: her first one was rejected by a block.
    pool.fill([Sample::new(ALICE, 0)]);
    let first = pool.take().unwrap();
    pool.verified(stuck.hash(), false, None);
    pool.reject(first.hash, "no".into(), false);
    pool.fill([Sample::new(0xc, 0).thread()]);
    assert!(pool.is_rejected(stuck, "full"));
    pool.check();
    // What may execute is not dropped for anybody.
    let refused = pool.insert(Sample::new(0xd, 0).thread(), 0);
    assert_eq!(refused, full("thread transactions", 2, "places"));
}
