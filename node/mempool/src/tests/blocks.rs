//! What blocks do to the pool.

use super::*;

#[test]
fn statuses_follow_a_transaction_through_the_pool() {
    let mut pool = pool();
    let (first, second) = (Sample::new(ALICE, 0), Sample::new(ALICE, 1));
    assert_eq!(pool.status(first.hash()), None);
    pool.fill([first, second]);
    assert_eq!(pool.status(first.hash()), Some(PoolStatus::Received));
    pool.take().unwrap();
    assert_eq!(pool.status(first.hash()), Some(PoolStatus::Candidate));
    assert!(pool.transaction(first.hash()).is_some());
    pool.reject(first.hash(), "no".into(), false);
    assert_eq!(pool.status(first.hash()), Some(PoolStatus::Rejected { reason: "no".into() }));
    pool.check();
    // The second waits for another first one.
    assert!(!pool.has_ready());
    pool.fill([first.tip(1)]);
    assert_eq!(pool.drain(), hashes(&[first.tip(1), second]));
}

#[test]
fn what_does_not_fit_into_a_block_is_first_in_the_next() {
    let mut pool = pool();
    let all = [Sample::new(ALICE, 0), Sample::new(ALICE, 1), Sample::new(BOB, 0)];
    pool.fill(all);
    pool.take().unwrap();
    let second = pool.take().unwrap();
    pool.put_back(second.hash);
    assert_eq!(pool.status(second.hash), Some(PoolStatus::Received));
    pool.check();
    pool.settle([at(ALICE, 1), at(BOB, 0)], |_| false);
    assert_eq!(pool.drain(), hashes(&all[1..]));
}

#[test]
fn what_did_not_fit_is_taken_first() {
    let mut pool = pool();
    let too_large = Sample::new(ALICE, 0);
    pool.fill([too_large, Sample::new(ALICE, 1), Sample::new(BOB, 0)]);
    let taken = pool.take().unwrap();
    pool.put_back(taken.hash);
    pool.fill([Sample::new(0xc, 0).tip(9)]);
    assert!(pool.take_this(Sample::new(ALICE, 1).hash()).is_none(), "not before the one before it");
    let other = Sample::new(ALICE, 0).tip(9);
    assert!(matches!(pool.insert(other, 0), Err(SubmitError::NotReplaceable { .. })), "it was executed");
    assert_eq!(pool.take_this(too_large.hash()).map(|taken| taken.hash), Some(too_large.hash()));
    assert!(pool.take_this(too_large.hash()).is_none(), "it is taken");
    pool.check();
}

#[test]
fn a_block_that_consumed_nonces_otherwise_drops_those_transactions() {
    let mut pool = pool();
    pool.fill([Sample::new(ALICE, 0), Sample::new(ALICE, 1), Sample::new(BOB, 0)]);
    // A thread settled another transaction of Alice's with this nonce.
    pool.settle([at(ALICE, 1), at(BOB, 0)], |_| false);
    assert!(pool.is_rejected(Sample::new(ALICE, 0), "was consumed"));
    assert_eq!(pool.drain(), hashes(&[Sample::new(ALICE, 1), Sample::new(BOB, 0)]));
    pool.settle([at(ALICE, 2), at(BOB, 1)], |_| false);
    assert_eq!((pool.usages, pool.accounts.len(), pool.places.len()), (Usages::default(), 0, 0));
}

#[test]
fn a_transaction_that_a_thread_settled_is_not_rejected() {
    let mut pool = pool();
    let settled = Sample::new(ALICE, 0);
    pool.fill([settled]);
    pool.empty_outbox();
    pool.settle([at(ALICE, 1)], |hash| hash == settled.hash());
    assert_eq!(pool.status(settled.hash()), None);
    let outbox = pool.empty_outbox();
    assert_eq!(outbox.dropped.gone, [settled.hash()]);
    assert!(outbox.dropped.rejected.is_empty());
}

#[test]
fn a_block_that_was_given_up_leaves_its_transactions_in_the_pool() {
    let mut pool = pool();
    let all = [Sample::new(ALICE, 5), Sample::new(ALICE, 6), Sample::new(BOB, 0)];
    all.into_iter()
        .for_each(|sample| pool.insert(sample, if sample.account == ALICE { 5 } else { 0 }).unwrap());
    assert_eq!(pool.drain().len(), 3);
    // The chain lost a block of Alice's, too: hers wait for the nonce before them.
    pool.abandon([at(ALICE, 4), at(BOB, 0)]);
    pool.check();
    assert_eq!(pool.drain(), hashes(&all[2..]));
    pool.abandon([at(ALICE, 4), at(BOB, 0)]);
    pool.insert(Sample::new(ALICE, 4), 4).unwrap();
    assert_eq!(pool.drain(), hashes(&[all[2], Sample::new(ALICE, 4), all[0], all[1]]));
}

#[test]
fn a_cleared_pool_is_empty_and_remembers_why() {
    let mut pool = pool();
    let all = [Sample::new(ALICE, 0), Sample::new(ALICE, 1), Sample::new(BOB, 3).thread()];
    pool.fill(all);
    pool.take().unwrap();
    pool.empty_outbox();
    pool.clear("the chain begins anew");
    pool.check();
    assert_eq!(pool.usages, Usages::default());
    assert!(all.iter().all(|sample| pool.is_rejected(*sample, "begins anew")));
    assert_eq!(pool.empty_outbox().dropped.gone.len(), 3);
    pool.fill(all);
    pool.check();
}

#[test]
fn what_is_validated_again_waits_for_that() {
    let mut pool = pool();
    let [first, second, other] = [Sample::new(ALICE, 0), Sample::new(ALICE, 1), Sample::new(BOB, 0)];
    pool.fill([first, second, other]);
    let taken = pool.take().unwrap();
    pool.validate_again(taken.hash);
    pool.check();
    let asked: Vec<_> = pool.empty_outbox().validations.iter().map(|it| it.hash).collect();
    assert_eq!(asked, [first.hash()]);
    assert_eq!(pool.status(first.hash()), Some(PoolStatus::Received));
    let mark = pool.next_arrival();
    assert_eq!(pool.drain(), hashes(&[other]), "others go on");
    assert!(pool.is_verifying_before(mark), "whoever waits for all that came before waits for it");
    // It may be replaced: nobody has worked for it.
    assert!(pool.plan(&Waiting::new(first.tip(1).pending(), 9, 0), nonce(0)).is_ok());

    pool.validated(first.hash(), Ok(taken));
    pool.check();
    assert_eq!(pool.take().map(|taken| taken.hash), Some(first.hash()));
    pool.validate_again(first.hash());
    pool.validated(first.hash(), Err("not signed".to_owned()));
    pool.check();
    assert!(pool.is_rejected(first, "not signed"));
    assert!(pool.drain().is_empty(), "the second one waits for another first one");
    // One that is gone meanwhile is no one's business.
    pool.validated(first.hash(), Ok(first.pending()));
    pool.check();
}

/// Others may build on it: what was first once is first again.
#[test]
fn what_is_from_before_comes_first_in_the_order_of_arrival() {
    let mut pool = pool();
    let old = [Sample::new(ALICE, 0), Sample::new(BOB, 0).tip(9), Sample::new(0xc, 0).tip(5)];
    pool.fill(old);
    assert_eq!(pool.drain(), hashes(&[old[1], old[2], old[0]]));
    pool.abandon([at(ALICE, 0), at(BOB, 0), at(0xc, 0)]);
    pool.check();
    let new = Sample::new(0xd, 0).tip(100);
    pool.fill([new]);
    let taken = pool.take().unwrap();
    assert!(pool.is_from_before(taken.hash));
    assert_eq!((taken.hash, pool.drain()), (old[0].hash(), hashes(&[old[1], old[2], new])));
    assert!(!pool.is_from_before(new.hash()));
    pool.check();
}
