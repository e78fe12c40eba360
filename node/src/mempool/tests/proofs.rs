//! Threads and the verdicts they wait for.

use super::*;

fn thread(account: u8, number: u64) -> Sample {
    Sample::new(account, number).thread()
}

impl Pool {
    /// Threads whose proofs are to be looked at since the last call.
    fn asked(&mut self) -> Vec<TransactionHash> {
        self.empty_outbox().proofs.into_iter().map(|(hash, _, _)| hash).collect()
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
