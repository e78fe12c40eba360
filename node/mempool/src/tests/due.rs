//! Threads and their time: until when they are held, and when it is their turn.

use super::limits::limited;
use super::*;

const DAVE: u8 = 0xd;

fn thread(account: u8, due: u64) -> Sample {
    Sample::new(account, 0).due(due)
}

impl Pool {
    /// Puts threads in whose proofs are good.
    fn fill_verified(&mut self, samples: impl IntoIterator<Item = Sample>) {
        for sample in samples {
            self.fill([sample]);
            self.verified(sample.hash(), true, None);
        }
    }

    fn open_strict_at(&mut self, second: u64) {
        self.block_opened(OpenedBlock { timestamp: BlockTimestamp(second), strict: true });
    }

    fn takes(&mut self) -> Option<TransactionHash> {
        self.take().map(|transaction| transaction.hash)
    }
}

#[test]
fn a_thread_is_held_until_a_block_of_its_time_and_verified_meanwhile() {
    let mut pool = pool();
    pool.open_at(9);
    let (early, next) = (thread(ALICE, 10), Sample::new(ALICE, 1));
    pool.fill([early, next]);
    let asked: Vec<_> = pool.empty_outbox().proofs.iter().map(|request| request.hash).collect();
    assert_eq!(asked, [early.hash()]);
    assert_eq!(pool.next_due(), None, "nobody need wake for what is not verified");
    pool.verified(early.hash(), true, None);
    assert_eq!((pool.next_due(), pool.has_ready()), (Some(BlockTimestamp(10)), false));
    assert_eq!(pool.status(early.hash()), Some(PoolStatus::Received));
    pool.check();

    pool.open_at(10);
    pool.check();
    assert_eq!((pool.next_due(), pool.has_ready()), (None, true));
    assert_eq!(pool.drain(), hashes(&[early, next]));
    assert!(pool.is_due(early.hash()));
}

/// Otherwise all places could be taken for ten minutes by whoever has none of it verified, or is out of money by then.
#[test]
fn what_waits_for_a_thread_that_is_early_makes_room() {
    let mut pool = limited(|limits| limits.threads.transactions = 3);
    pool.open_at(5);
    let [head, behind] = [thread(ALICE, 600), Sample::new(ALICE, 1).due(600)];
    let bad = thread(BOB, 600);
    pool.fill_verified([head]);
    pool.fill([behind, bad]);
    let asked: Vec<_> = pool.empty_outbox().proofs.iter().map(|request| request.hash).collect();
    assert!(!asked.contains(&behind.hash()), "nobody pays for it before the one before it has settled");
    pool.verified(bad.hash(), false, None);
    pool.fill([Sample::new(CAROL, 0).thread()]);
    assert!(pool.is_rejected(bad, "full"));
    pool.fill([Sample::new(DAVE, 0).thread()]);
    assert!(pool.is_rejected(behind, "full"));
    pool.check();
    // A good proof stays, and so does one that nobody has looked at yet.
    let refused = pool.insert(Sample::new(0xe, 0).thread(), 0);
    assert!(matches!(refused, Err(SubmitError::Full { .. })), "{refused:?}");
    assert_eq!(pool.status(head.hash()), Some(PoolStatus::Received));
    pool.open_at(600);
    pool.check();
}

/// Although its account's head, an ordinary transaction, has not moved.
#[test]
fn what_comes_behind_an_early_one_is_verified_once_that_is_due() {
    let mut pool = pool();
    let (outbid, early) = (Sample::new(ALICE, 0), Sample { nonce: 1, ..thread(ALICE, 10) });
    let behind = Sample::new(ALICE, 2).thread();
    pool.fill([outbid, early, behind]);
    assert!(pool.begin_proof(early.hash()));
    pool.verified(early.hash(), true, None);
    let asked =
        |pool: &mut Pool| pool.empty_outbox().proofs.iter().map(|request| request.hash).collect::<Vec<_>>();
    assert!(!asked(&mut pool).contains(&behind.hash()));
    pool.open_at(10);
    assert!(asked(&mut pool).contains(&behind.hash()));
    pool.check();
}

#[test]
fn what_is_executed_unverified_is_held_as_well() {
    let mut pool = pool();
    let conflicting = thread(ALICE, 10);
    pool.fill([conflicting]);
    assert!(pool.begin_proof(conflicting.hash()));
    pool.defer(conflicting.hash());
    assert_eq!((pool.next_due(), pool.takes()), (Some(BlockTimestamp(10)), None));
    pool.open_at(11);
    assert!(pool.take().unwrap().deferred);
}

#[test]
fn a_block_begins_with_the_threads_that_are_due_in_the_order_of_their_times() {
    let mut pool = pool();
    let rich = Sample::new(DAVE, 0).tip(1_000);
    let [late, early, too_early] = [thread(ALICE, 9), thread(BOB, 8).tip(5), thread(CAROL, 11)];
    pool.fill([rich]);
    pool.fill_verified([late, early, too_early]);
    pool.open_at(10);
    assert_eq!(pool.drain(), hashes(&[early, late, rich]));
    pool.check();
}

#[test]
fn of_one_time_the_thread_goes_first_that_pays_more_and_then_the_one_that_came_first() {
    let mut pool = pool();
    let [first, second, rich] = [thread(ALICE, 9), thread(BOB, 9), thread(CAROL, 9).tip(1)];
    pool.fill_verified([first, second, rich]);
    pool.open_at(9);
    assert_eq!(pool.drain(), hashes(&[rich, first, second]));
}

/// Calls are ordinary business: who makes them first is who pays for it.
#[test]
fn threads_that_make_calls_have_their_place_by_their_tips() {
    let mut pool = pool();
    let (calling, quiet) = (thread(ALICE, 5).calls().tip(7), thread(BOB, 9));
    let [rich, poor] = [(CAROL, 8), (DAVE, 6)].map(|(account, tip)| Sample::new(account, 0).tip(tip));
    pool.fill([poor, rich]);
    pool.fill_verified([calling, quiet]);
    pool.open_at(10);
    assert_eq!(pool.drain(), hashes(&[quiet, rich, calling, poor]));
}

#[test]
fn in_the_strict_form_threads_that_make_calls_come_after_the_others_and_before_the_rest() {
    let mut pool = pool();
    let (calling, quiet) = (thread(ALICE, 5).calls().tip(7), thread(BOB, 9));
    let rich = Sample::new(CAROL, 0).tip(8);
    pool.fill([rich]);
    pool.fill_verified([calling, quiet]);
    pool.open_at(10);
    pool.open_strict_at(10);
    pool.check();
    assert_eq!(pool.drain(), hashes(&[quiet, calling, rich]));
}

/// An envelope without calls may be written in two ways.
#[test]
fn an_empty_array_of_calls_is_none() {
    let makes_calls = |calldata: &[u64]| {
        let pending = thread(ALICE, 0).pending();
        let PendingBody::Thread(thread) = &pending.body else { panic!("a thread") };
        let calldata = Calldata(Arc::new(calldata.iter().copied().map(Felt::from).collect()));
        let envelope = InvokeTransactionV3 { calldata, ..thread.envelope().clone() };
        let thread = Arc::new(ThreadTransaction::new(envelope, &thread.package().encode()).unwrap());
        let body = PendingBody::Thread(thread);
        Waiting::new(PendingTransaction { body, ..pending }, 0, 0).makes_calls
    };
    assert!(!makes_calls(&[]) && !makes_calls(&[0]));
    assert!(makes_calls(&[1]) && makes_calls(&[0, 0]));
}

/// Anybody can have a bad proof, and send one over again what has changed.
#[test]
fn what_reverts_is_not_before_anyone() {
    let mut pool = pool();
    let [bad, conflicting] = [thread(ALICE, 1), thread(BOB, 2)];
    let (good, ordinary) = (thread(CAROL, 3), Sample::new(DAVE, 0).tip(1));
    pool.open_at(10);
    pool.fill([bad, conflicting, good, ordinary]);
    pool.verified(bad.hash(), false, None);
    assert!(pool.begin_proof(conflicting.hash()));
    pool.defer(conflicting.hash());
    pool.verified(good.hash(), true, None);
    assert_eq!(pool.drain(), hashes(&[good, ordinary, bad, conflicting]));
}

#[test]
fn threads_that_have_been_first_for_long_enough_come_last_until_the_next_block() {
    let mut pool = pool();
    pool.fill_verified([ALICE, BOB, CAROL].map(|account| thread(account, 1)));
    let [first, second] = [0, 1].map(|number| Sample::new(DAVE, number));
    pool.fill([first, second]);
    pool.open_at(10);
    assert_eq!(pool.takes(), Some(thread(ALICE, 1).hash()));
    pool.others_go_first();
    assert_eq!(pool.takes(), Some(first.hash()));
    pool.open_at(10);
    assert_eq!(pool.takes(), Some(thread(BOB, 1).hash()));
    pool.others_go_first();
    assert_eq!(pool.drain(), hashes(&[second, thread(CAROL, 1)]), "nothing is left");
}

#[test]
fn a_clock_that_is_put_back_holds_them_again() {
    let mut pool = pool();
    let (taken, waiting) = (thread(ALICE, 9), thread(BOB, 10));
    pool.fill_verified([taken, waiting]);
    pool.open_at(10);
    assert_eq!(pool.takes(), Some(taken.hash()));
    // The open block is opened anew at another time.
    pool.open_at(8);
    pool.check();
    assert_eq!((pool.next_due(), pool.has_ready()), (Some(BlockTimestamp(10)), false));
    assert!(!pool.is_due(taken.hash()));
    pool.put_back(taken.hash());
    pool.check();
    assert_eq!((pool.next_due(), pool.takes()), (Some(BlockTimestamp(9)), None));
    pool.open_at(10);
    assert_eq!(pool.drain(), hashes(&[taken, waiting]));
}

/// Whatever is put back first.
#[test]
fn an_account_goes_on_with_the_first_that_was_put_back() {
    for order in [[0, 1], [1, 0]] {
        let mut pool = pool();
        let both = [thread(ALICE, 9), Sample::new(ALICE, 1)];
        pool.fill_verified([both[0]]);
        pool.fill([both[1]]);
        pool.open_at(9);
        assert_eq!(pool.drain(), hashes(&both));
        pool.open_at(8);
        order.into_iter().for_each(|index| pool.put_back(both[index].hash()));
        pool.check();
        assert!(!pool.has_ready());
        pool.open_at(9);
        assert_eq!(pool.drain(), hashes(&both));
    }
}

/// The block's time is that of its first transaction: whoever is a second later is in the next one, and first there.
#[test]
fn what_is_too_early_for_the_open_block_is_the_first_of_the_next() {
    let mut pool = pool();
    let [first, second] = [0, 1].map(|number| Sample::new(BOB, number).tip(9));
    let early = thread(ALICE, 11);
    pool.fill([first]);
    pool.fill_verified([early]);
    pool.open_strict_at(10);
    assert_eq!(pool.takes(), Some(first.hash()));
    pool.fill([second]);
    assert_eq!(pool.take_due().map(|taken| taken.hash), None);
    pool.settle([at(BOB, 1), at(ALICE, 0)], |_| false);
    pool.open_strict_at(12);
    assert_eq!(pool.take_due().map(|taken| taken.hash), Some(early.hash()));
    assert_eq!(pool.drain(), hashes(&[second]));
}

#[test]
fn only_in_the_strict_form_they_come_before_what_had_no_room() {
    let mut pool = pool();
    pool.fill_verified([thread(ALICE, 1)]);
    pool.open_at(10);
    assert!(pool.take_due().is_none() && pool.has_ready());
    pool.open_strict_at(10);
    assert!(pool.take_due().is_some());
}

#[test]
fn whoever_waits_for_all_that_came_before_does_not_wait_for_what_is_held() {
    let mut pool = pool();
    pool.open_at(9);
    pool.fill([thread(ALICE, 10), Sample::new(BOB, 0)]);
    let mark = pool.next_arrival();
    assert_eq!(pool.take_before(mark).map(|taken| taken.hash), Some(Sample::new(BOB, 0).hash()));
    assert!(!pool.is_verifying_before(mark), "its verdict is of no use yet");
    pool.open_at(10);
    assert!(pool.is_verifying_before(mark));
    pool.open_at(9);
    pool.verified(thread(ALICE, 10).hash(), true, None);
    assert!(pool.take_before(mark).is_none() && !pool.is_verifying_before(mark));
    // Nor does a block wait for one that is validated again.
    pool.open_at(10);
    let taken = pool.take().unwrap();
    pool.validate_again(taken.hash);
    assert!(pool.is_validating());
    pool.open_at(9);
    assert!(!pool.is_validating() && !pool.is_verifying_before(mark));
    pool.check();
}

#[test]
fn what_is_held_expires_and_counts_as_any() {
    let mut pool =
        Pool::new(MempoolLimits { ttl: std::time::Duration::from_secs(60), ..MempoolLimits::default() });
    pool.fill_verified([thread(ALICE, 600)]);
    assert_eq!(pool.usages().threads.transactions, 1);
    pool.expire(60);
    assert!(pool.is_rejected(thread(ALICE, 600), "expired"));
    assert_eq!((pool.next_due(), pool.usages()), (None, Usages::default()));
    pool.check();
}

/// No block has held it, so nobody has built on it: its place is that of its time.
#[test]
fn a_thread_from_before_is_held_and_comes_in_the_order_of_time() {
    let mut pool = pool();
    let [late, early] = [thread(ALICE, 12), thread(BOB, 11)];
    pool.fill_verified([late, early]);
    let ordinary = Sample::new(CAROL, 0);
    pool.fill([ordinary]);
    pool.open_at(10);
    assert_eq!(pool.drain(), hashes(&[ordinary]));
    pool.abandon([at(ALICE, 0), at(BOB, 0), at(CAROL, 0)]);
    pool.check();
    pool.fill([Sample::new(DAVE, 0).tip(9)]);
    pool.open_at(12);
    let new = Sample::new(DAVE, 0).tip(9);
    assert_eq!(pool.drain(), hashes(&[ordinary, early, late, new]));
    assert!(pool.is_from_before(early.hash()));
}
