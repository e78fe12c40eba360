//! Threads and the verdicts they wait for.

use super::*;
use crate::account::Condition;

fn thread(account: u8, number: u64) -> Sample {
    Sample::new(account, number).thread()
}

impl Pool {
    /// Threads whose proofs are to be looked at since the last call.
    fn asked(&mut self) -> Vec<TransactionHash> {
        self.empty_outbox().proofs.into_iter().map(|request| request.hash).collect()
    }
}

#[test]
fn a_thread_is_taken_once_its_verdict_is_known_and_others_go_on() {
    let mut pool = pool();
    let rich = thread(ALICE, 0).tip(1_000);
    pool.fill([rich, Sample::new(BOB, 0)]);
    assert_eq!(pool.asked(), [rich.hash()]);
    assert_eq!(pool.take().unwrap().hash, Sample::new(BOB, 0).hash());
    assert!(!pool.has_ready());
    pool.verified(rich.hash(), true, None);
    assert!(pool.has_ready());
    assert_eq!(pool.drain(), [rich.hash()]);
    pool.check();
}

#[test]
fn a_bad_proof_does_not_keep_a_thread_out_of_its_block() {
    let mut pool = pool();
    pool.fill([thread(ALICE, 0)]);
    pool.verified(thread(ALICE, 0).hash(), false, None);
    assert_eq!(pool.drain(), hashes(&[thread(ALICE, 0)]));
}

#[test]
fn proofs_of_an_account_are_looked_at_one_after_the_other_along_its_nonces() {
    let mut pool = pool();
    pool.fill([thread(ALICE, 3), thread(ALICE, 2), thread(ALICE, 0), thread(BOB, 0)]);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 0), thread(BOB, 0)]));
    pool.verified(thread(ALICE, 0).hash(), true, None);
    assert!(pool.asked().is_empty(), "a gap");
    pool.fill([Sample::new(ALICE, 1)]);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 2)]));
    pool.verified(thread(ALICE, 2).hash(), true, None);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 3)]));
    pool.check();
}

#[test]
fn behind_a_bad_proof_nothing_is_looked_at_until_it_is_paid_for() {
    let mut pool = pool();
    pool.fill([thread(ALICE, 0), thread(ALICE, 1), thread(ALICE, 2)]);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 0)]));
    pool.verified(thread(ALICE, 0).hash(), false, None);
    assert!(pool.asked().is_empty());
    pool.take().unwrap();
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 1)]));
    pool.check();
}

#[test]
fn a_verdict_on_what_is_gone_is_nobodys() {
    let mut pool = pool();
    pool.fill([thread(ALICE, 0)]);
    pool.clear("the chain begins anew");
    pool.verified(thread(ALICE, 0).hash(), true, None);
    assert!(!pool.has_ready());
    pool.check();
}

#[test]
fn a_verdict_stays_with_a_thread_that_did_not_fit() {
    let mut pool = pool();
    pool.fill([thread(ALICE, 0)]);
    pool.verified(thread(ALICE, 0).hash(), true, None);
    let taken = pool.take().unwrap();
    pool.put_back(taken.hash);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 0)]), "only once");
    assert_eq!(pool.drain(), hashes(&[thread(ALICE, 0)]));
}

#[test]
fn a_thread_before_one_that_is_being_looked_at_waits_for_it() {
    let mut pool = pool();
    pool.fill([Sample::new(ALICE, 0), thread(ALICE, 1)]);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 1)]));
    pool.fill([thread(ALICE, 0).tip(1)]);
    assert!(pool.asked().is_empty());
    pool.verified(thread(ALICE, 1).hash(), false, None);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 0).tip(1)]));
    pool.check();
}

#[test]
fn what_was_deferred_is_taken_unverified_and_verified_if_a_block_wants_it() {
    let mut pool = pool();
    pool.fill([thread(ALICE, 0), thread(ALICE, 1)]);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 0)]));
    assert!(pool.begin_proof(thread(ALICE, 0).hash()));
    pool.defer(thread(ALICE, 0).hash());
    let refused = pool.insert(thread(ALICE, 0).tip(9), 0);
    assert!(matches!(refused, Err(SubmitError::NotReplaceable { .. })), "its preconditions were read");
    assert!(pool.asked().is_empty(), "the next one may build on it");
    let taken = pool.take().unwrap();
    assert!(taken.deferred);
    assert!(pool.asked().is_empty(), "nor is it known yet what the block makes of it");

    pool.verify(taken.hash);
    let [request] = <[_; 1]>::try_from(pool.empty_outbox().proofs).unwrap();
    assert!(request.hash == taken.hash && matches!(request.condition, Condition::None));
    assert!(!pool.has_ready());
    assert!(pool.begin_proof(taken.hash));
    pool.verified(taken.hash, true, None);
    assert_eq!(pool.asked(), hashes(&[thread(ALICE, 1)]));
    assert!(!pool.take().unwrap().deferred);
    pool.check();
}

#[test]
fn who_waits_for_its_turn_may_offer_more() {
    let mut pool = pool();
    let (first, more) = (thread(ALICE, 0), thread(ALICE, 0).tip(1));
    pool.fill([first]);
    assert_eq!(pool.asked(), [first.hash()]);
    pool.fill([more]);
    assert_eq!(pool.asked(), [more.hash()]);
    assert!(!pool.begin_proof(first.hash()), "nobody waits for it any more");
    assert!(pool.begin_proof(more.hash()) && !pool.begin_proof(more.hash()));
    assert!(matches!(pool.insert(more.tip(9), 0), Err(SubmitError::NotReplaceable { .. })));
    // Of the next one, those before it are told, also while they are executed.
    pool.verified(more.hash(), true, None);
    pool.take().unwrap();
    pool.fill([thread(ALICE, 1)]);
    let [request] = <[_; 1]>::try_from(pool.empty_outbox().proofs).unwrap();
    assert!(matches!(request.condition, Condition::After(earlier) if earlier.len() == 1));
}

#[test]
fn who_was_caught_comes_last_for_a_while() {
    let mut pool = pool();
    let last = |pool: &mut Pool| pool.empty_outbox().proofs.into_iter().next().map(|request| request.last);
    pool.fill([thread(ALICE, 0), thread(ALICE, 1)]);
    assert_eq!(last(&mut pool), Some(false));
    pool.verified(thread(ALICE, 0).hash(), false, None);
    pool.take().unwrap();
    assert_eq!(last(&mut pool), Some(true));
    assert!(!pool.is_verifying_before(Arrival::MAX), "nobody waits for it");
    // As bad: a proof that was verified, and a transaction that is never paid for.
    pool.fill([thread(BOB, 0), thread(BOB, 1)]);
    assert_eq!(last(&mut pool), Some(false));
    pool.verified(thread(BOB, 0).hash(), true, None);
    let _ = pool.empty_outbox();
    let taken = pool.take().unwrap();
    pool.reject(taken.hash, "its balance is gone".to_owned(), false);
    pool.fill([thread(BOB, 0).tip(1)]);
    pool.verified(thread(BOB, 1).hash(), true, None);
    assert_eq!(last(&mut pool), Some(true));
    // What only waited for its turn has cost nothing; nor is it a fault of anybody's if the node cannot execute it.
    pool.fill([thread(CAROL, 0)]);
    pool.expire(Seconds::MAX);
    pool.fill([thread(CAROL, 0)]);
    assert_eq!(last(&mut pool), Some(false));
    pool.verified(thread(CAROL, 0).hash(), true, None);
    let taken = pool.take().unwrap();
    pool.reject(taken.hash, "a disk is broken".to_owned(), true);
    pool.fill([thread(CAROL, 0).tip(1)]);
    assert_eq!(last(&mut pool), Some(false));
}
