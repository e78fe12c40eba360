//! How long transactions stay.

use std::time::Duration;

use super::*;

fn pool_for(seconds: u64) -> Pool {
    Pool::new(MempoolLimits { ttl: Duration::from_secs(seconds), ..MempoolLimits::default() })
}

#[test]
fn what_waits_for_too_long_is_dropped() {
    let mut pool = pool_for(60);
    pool.insert_at(Sample::new(ALICE, 1), 0, 1_000).unwrap();
    pool.insert_at(Sample::new(BOB, 0), 0, 1_030).unwrap();
    pool.expire(1_059);
    assert_eq!(pool.status(Sample::new(ALICE, 1).hash()), Some(PoolStatus::Received));
    pool.expire(1_060);
    assert!(pool.is_rejected(Sample::new(ALICE, 1), "expired after 60 seconds"));
    pool.check();
    assert_eq!(pool.drain(), hashes(&[Sample::new(BOB, 0)]));
}

#[test]
fn what_is_in_the_block_under_construction_does_not_expire() {
    let mut pool = pool_for(60);
    pool.insert_at(Sample::new(ALICE, 0), 0, 0).unwrap();
    let taken = pool.take().unwrap();
    pool.expire(100);
    assert_eq!(pool.status(taken.hash), Some(PoolStatus::Candidate));
    // Back in the pool, it is as old as it is.
    pool.put_back(taken.hash);
    pool.expire(100);
    assert!(pool.is_rejected(Sample::new(ALICE, 0), "expired"));
    pool.check();
}

#[test]
fn an_expired_nonce_can_be_used_again() {
    let mut pool = pool_for(60);
    pool.insert_at(Sample::new(ALICE, 0), 0, 0).unwrap();
    pool.insert_at(Sample::new(ALICE, 1), 0, 30).unwrap();
    pool.expire(60);
    assert!(!pool.has_ready());
    pool.insert_at(Sample::new(ALICE, 0), 0, 60).unwrap();
    assert_eq!(pool.drain(), hashes(&[Sample::new(ALICE, 0), Sample::new(ALICE, 1)]));
}
