//! Two transactions for one nonce.

use super::*;

/// What comes of putting `new` in while `old` waits.
fn replace(old: Sample, new: Sample) -> Result<(), SubmitError> {
    let mut pool = pool();
    pool.fill([old, Sample::new(ALICE, 1)]);
    let result = pool.insert(new, 0);
    pool.check();
    let (stays, goes) = if result.is_ok() { (new, old) } else { (old, new) };
    assert_eq!(pool.is_rejected(goes, &format!("replaced by {}", new.hash())), result.is_ok());
    assert_eq!(pool.drain(), hashes(&[stays, Sample::new(ALICE, 1)]));
    result
}

fn underpriced() -> Result<(), SubmitError> {
    Err(SubmitError::ReplacementUnderpriced { account: ALICE.into(), nonce: nonce(0) })
}

#[test]
fn it_takes_a_tenth_more_tip() {
    let old = Sample::new(ALICE, 0).tip(100);
    assert_eq!(replace(old, old.tip(109)), underpriced());
    assert_eq!(replace(old, old.tip(110)), Ok(()));
    assert_eq!(replace(old, old.tip(110).price(110)), Ok(()));
    assert_eq!(replace(old.tip(0), old.tip(1)), Ok(()));
    assert_eq!(replace(old.tip(u64::MAX), old.tip(u64::MAX).price(200)), underpriced());
}

#[test]
fn the_price_of_l2_gas_may_not_fall() {
    let old = Sample::new(ALICE, 0).tip(100);
    assert_eq!(replace(old, old.tip(200).price(99)), underpriced());
}

#[test]
fn without_tips_it_takes_a_tenth_more_for_l2_gas() {
    let old = Sample::new(ALICE, 0);
    assert_eq!(replace(old, old.price(109)), underpriced());
    assert_eq!(replace(old, old.price(110)), Ok(()));
    assert_eq!(replace(old.tip(1), old.tip(1).price(110)), underpriced());
}

#[test]
fn a_thread_that_is_being_verified_owes_its_fee_and_stays() {
    let old = Sample::new(ALICE, 0).thread();
    let mut pool = pool();
    pool.fill([old]);
    assert!(pool.begin_proof(old.hash()));
    let refused = pool.insert(Sample::new(ALICE, 0).tip(1_000), 0);
    assert_eq!(refused, Err(SubmitError::NotReplaceable { account: ALICE.into(), nonce: nonce(0) }));
    // Behind a gap nobody has looked at it.
    let later = Sample::new(ALICE, 2).thread();
    pool.fill([later]);
    pool.insert(Sample::new(ALICE, 2).tip(1), 0).unwrap();
    assert!(pool.is_rejected(later, "replaced by"));
    pool.check();
}

#[test]
fn a_replacement_takes_the_place_of_the_old_one_in_a_full_pool() {
    let mut limits = MempoolLimits::default();
    limits.ordinary.transactions = 2;
    let mut pool = Pool::new(limits);
    pool.fill([Sample::new(ALICE, 0), Sample::new(BOB, 0), Sample::new(ALICE, 0).tip(5)]);
    assert!(pool.is_rejected(Sample::new(ALICE, 0), "replaced by"));
    pool.check();
}
