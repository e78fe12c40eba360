//! The verification pool with real packages: a sub-block's, and forgeries of it that take as long to refuse.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use starknet_api::core::{ChainId, ContractAddress};
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{AllResourceBounds, ValidResourceBounds};
use starknet_types_core::felt::Felt;
use zkthreads_execution::{KeptVerdict, Rank, VerificationPool};
use zkthreads_protocol::{OsProgram, Package, PackageDigest, SettleError, ThreadFacts, ThreadTransaction};
use zkthreads_verifier::encoding;

const ALICE: u64 = 0xa11ce;
const MALLORY: u64 = 0xbad;

/// Of all the same.
fn rank() -> Rank {
    Rank::new(1, false)
}

/// How long a test that hangs is let go on.
const PATIENCE: Duration = Duration::from_secs(300);

/// A sub-block and the program that it was proved with.
struct Fixture {
    program: OsProgram,
    package: Package,
}

impl Fixture {
    fn load() -> Self {
        let read = |name: &str| {
            let fixtures = "../../prover/verifier/tests/fixtures";
            std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(fixtures).join(name)).unwrap()
        };
        let code = zstd::decode_all(read("sub_block.os").as_slice()).unwrap();
        let code = code.as_chunks::<32>().0.iter().map(Felt::from_bytes_be).collect();
        Self { program: OsProgram::new(code), package: Package::decode(&read("sub_block.package")).unwrap() }
    }

    fn pool(&self) -> VerificationPool {
        // The chain that the sub-block was made for.
        let chain_id = ChainId::Other("SN_SEPOLIA".to_owned());
        VerificationPool::new(chain_id, [self.program.clone()])
    }

    fn thread(&self, submitter: u64, package: &Package) -> Arc<ThreadTransaction> {
        let bytes = package.encode();
        let facts =
            ThreadFacts { os_program_hash: self.program.hash(), package_digest: PackageDigest::of(&bytes) };
        let envelope = InvokeTransactionV3 {
            resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds::default()),
            tip: Default::default(),
            signature: Default::default(),
            nonce: Default::default(),
            sender_address: ContractAddress::from(submitter),
            calldata: Default::default(),
            nonce_data_availability_mode: starknet_api::data_availability::DataAvailabilityMode::L1,
            fee_data_availability_mode: starknet_api::data_availability::DataAvailabilityMode::L1,
            paymaster_data: Default::default(),
            account_deployment_data: Default::default(),
            proof_facts: facts.to_proof_facts(),
        };
        Arc::new(ThreadTransaction::new(envelope, &bytes).unwrap())
    }

    fn honest(&self, submitter: u64) -> Arc<ThreadTransaction> {
        self.thread(submitter, &self.package)
    }

    /// A package whose proof is damaged near its end, where the verifier arrives last.
    fn forged(&self, submitter: u64, number: usize) -> Arc<ThreadTransaction> {
        let mut raw = encoding::decompress(&self.package.segments[0].proof).unwrap();
        let place = raw.len() - 1_000 - 4 * number;
        raw[place] ^= 1;
        let mut package = self.package.clone();
        package.segments[0].proof = encoding::compress(&raw).unwrap();
        self.thread(submitter, &package)
    }

    /// The sub-block several times over, with a forgery in one place. What one says of the other is not looked at here.
    fn repeated(&self, segments: usize, forged: Option<usize>) -> Arc<ThreadTransaction> {
        let mut package = Package { segments: vec![self.package.segments[0].clone(); segments] };
        if let Some(place) = forged {
            package.segments[place] = self.forged(0, place).package().segments[0].clone();
        }
        self.thread(ALICE, &package)
    }
}

/// Has a package checked; the answer names it.
fn submit(
    pool: &VerificationPool,
    thread: &Arc<ThreadTransaction>,
    answers: &Sender<(String, KeptVerdict)>,
    name: impl Into<String>,
) {
    let (answers, name) = (answers.clone(), name.into());
    check(pool, thread, move |verdict| answers.send((name, verdict)).unwrap());
}

/// The same, but its worker waits until something else has happened before it answers.
fn submit_after(
    pool: &VerificationPool,
    thread: &Arc<ThreadTransaction>,
    answers: &Sender<(String, KeptVerdict)>,
    name: impl Into<String>,
    other: Receiver<()>,
) {
    let (answers, name) = (answers.clone(), name.into());
    check(pool, thread, move |verdict| {
        if other.recv_timeout(PATIENCE).is_ok() {
            answers.send((name, verdict)).unwrap();
        }
    });
}

/// Has a package checked; gives word once it is.
fn submit_and_tell(
    pool: &VerificationPool,
    thread: &Arc<ThreadTransaction>,
    answers: &Sender<(String, KeptVerdict)>,
    name: impl Into<String>,
    tell: Sender<()>,
) {
    let (answers, name) = (answers.clone(), name.into());
    check(pool, thread, move |verdict| {
        answers.send((name, verdict)).unwrap();
        tell.send(()).unwrap();
    });
}

/// Has a package checked for its submitter.
fn check(
    pool: &VerificationPool,
    thread: &Arc<ThreadTransaction>,
    answer: impl FnOnce(KeptVerdict) + Send + 'static,
) {
    assert!(pool.submit(thread.envelope().sender_address, rank(), thread, |_| true, answer));
}

/// Keeps all workers busy until the answer is dropped.
#[must_use]
fn hold(pool: &VerificationPool, fixture: &Fixture) -> impl Drop + use<> {
    struct Held(Option<Sender<()>>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.take();
        }
    }
    let workers = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
    let (release, released) = channel::<()>();
    let released = Arc::new(parking_lot::Mutex::new(released));
    let (busy, all_busy) = channel();
    for submitter in 1..=workers as u64 {
        let (thread, busy, released) = (fixture.honest(submitter), busy.clone(), Arc::clone(&released));
        let hold = move |_| {
            busy.send(()).unwrap();
            let _ = released.lock().recv();
        };
        assert!(pool.submit(ContractAddress::from(submitter), rank(), &thread, |_| true, hold));
        all_busy.recv().unwrap();
    }
    Held(Some(release))
}

fn names(answers: Receiver<(String, KeptVerdict)>) -> Vec<String> {
    answers.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn an_honest_package_is_accepted_in_the_background() {
    let fixture = Fixture::load();
    let (pool, thread) = (fixture.pool(), fixture.honest(ALICE));
    assert!(pool.known_verdict(&thread).is_none());
    let (sender, answers) = channel();
    submit(&pool, &thread, &sender, "honest");
    let (_, kept) = answers.recv().unwrap();
    assert!(kept.is_accepted());
    let known = pool.known_verdict(&thread).unwrap().unwrap();
    assert_eq!(known.segments()[0].statement(), &fixture.package.segments[0].statement);
    let figures = pool.figures();
    assert_eq!((figures.waiting, figures.accepted, figures.refused), (0, 1, 0));
    assert!(!figures.time.is_zero());
}

#[test]
fn a_flood_of_bad_proofs_delays_others_by_one() {
    let fixture = Fixture::load();
    let pool = fixture.pool();
    let (sender, answers) = channel();
    let flood: Vec<_> = (0..24).map(|number| fixture.forged(MALLORY, number)).collect();
    let honest = fixture.forged(ALICE, 24);
    let held = hold(&pool, &fixture);
    // One is before it. The next one would wait in vain for it if it came after that, on however many workers.
    let (tell, told) = channel();
    let mut told = Some(told);
    for (number, thread) in flood.iter().enumerate() {
        let name = format!("forged {number}");
        match told.take_if(|_| number == 1) {
            Some(told) => submit_after(&pool, thread, &sender, name, told),
            None => submit(&pool, thread, &sender, name),
        }
    }
    submit_and_tell(&pool, &honest, &sender, "other", tell);
    drop((sender, held));

    let mut order = names(answers);
    let place = order.iter().position(|name| name == "other").unwrap();
    assert!(place <= 1, "{place}");
    order.remove(place);
    let in_order: Vec<_> = (0..24).map(|number| format!("forged {number}")).collect();
    assert_eq!(order, in_order, "one of a submitter at a time");
    for thread in &flood {
        let error = pool.known_verdict(thread).unwrap().unwrap_err();
        assert!(matches!(error.error, SettleError::Proof { .. }));
    }
    let figures = pool.figures();
    assert_eq!((figures.accepted, figures.refused), (1, 25));
    println!("{:?} a package", figures.time / 26);
}

#[test]
fn submitters_take_turns() {
    let fixture = Fixture::load();
    let pool = fixture.pool();
    let (sender, answers) = channel();
    let held = hold(&pool, &fixture);
    let threads: Vec<_> = [(MALLORY, 0), (MALLORY, 1), (MALLORY, 2), (ALICE, 3), (ALICE, 4)]
        .map(|(submitter, number)| (number, fixture.forged(submitter, number)))
        .into();
    let (tell, told) = channel();
    let (mut tell, mut told) = (Some(tell), Some(told));
    for (number, thread) in &threads {
        match *number {
            // Alice's first has its turn before Mallory's third, which would wait in vain for it otherwise.
            2 => submit_after(&pool, thread, &sender, "2", told.take().unwrap()),
            3 => submit_and_tell(&pool, thread, &sender, "3", tell.take().unwrap()),
            number => submit(&pool, thread, &sender, number.to_string()),
        }
    }
    drop((sender, held));
    let order = names(answers);
    let place = |name: &str| order.iter().position(|it| it == name).unwrap();
    for (earlier, later) in [("0", "1"), ("1", "2"), ("3", "4"), ("3", "2")] {
        assert!(place(earlier) < place(later), "{order:?}");
    }
}

#[test]
fn what_nobody_holds_any_more_is_not_checked() {
    let fixture = Fixture::load();
    let pool = fixture.pool();
    let (sender, answers) = channel();
    let gone: Vec<_> = (0..8).map(|number| fixture.forged(MALLORY, number)).collect();
    let held = hold(&pool, &fixture);
    for (number, thread) in gone.iter().enumerate() {
        submit(&pool, thread, &sender, number.to_string());
    }
    drop(gone);
    let last = fixture.forged(MALLORY, 8);
    submit(&pool, &last, &sender, "last");
    drop((sender, held));
    assert_eq!(names(answers), ["last"]);
    assert_eq!(pool.figures().refused, 1);
}

#[test]
fn a_package_of_two_submitters_is_checked_once() {
    let fixture = Fixture::load();
    let pool = fixture.pool();
    let (sender, answers) = channel();
    let (one, other) = (fixture.honest(ALICE), fixture.honest(MALLORY));
    submit(&pool, &one, &sender, "one");
    submit(&pool, &other, &sender, "other");
    drop(sender);
    assert_eq!(names(answers).len(), 2);
    assert_eq!(pool.figures().accepted, 1);
    // Nor by those who ask for the verdict.
    assert!(pool.verdict(&one).is_ok());
    assert_eq!(pool.figures().accepted, 1);
}

#[test]
fn workers_end_with_the_last_handle() {
    let fixture = Fixture::load();
    let pool = fixture.pool();
    let (sender, answers) = channel();
    let threads: Vec<_> = (0..4).map(|number| fixture.forged(MALLORY, number)).collect();
    let held = hold(&pool, &fixture);
    for thread in &threads {
        submit(&pool.clone(), thread, &sender, "forged");
    }
    drop((pool, sender));
    // What waited is dropped, and with it the last sender.
    assert!(names(answers).is_empty());
    drop(held);
}

#[test]
fn the_segment_with_a_bad_proof_is_named() {
    let fixture = Fixture::load();
    let pool = fixture.pool();
    let good = pool.verdict(&fixture.repeated(4, None)).unwrap();
    assert_eq!(good.segments().len(), 4);
    assert!(good.segments().iter().all(|it| it.statement() == &fixture.package.segments[0].statement));
    for place in [0, 1, 3] {
        let error = pool.verdict(&fixture.repeated(4, Some(place))).unwrap_err();
        assert!(matches!(error.error, SettleError::Proof { .. }), "{error}");
        assert_eq!(error.segment as usize, place);
    }
    // A package is one verdict, however many segments it has.
    assert_eq!((pool.figures().accepted, pool.figures().refused), (1, 3));
}

/// Whoever knows that a package would be of no use when it is its turn spares everybody the work.
#[test]
fn what_is_not_wanted_is_not_verified() {
    let fixture = Fixture::load();
    let (pool, thread) = (fixture.pool(), fixture.honest(ALICE));
    let (sender, answers) = channel();
    assert!(pool.submit(ALICE.into(), rank(), &thread, |_| false, |_| panic!("it was not wanted")));
    // One comes after the other.
    let tell = move |_: KeptVerdict| sender.send(()).unwrap();
    let other = fixture.forged(ALICE, 1);
    assert!(pool.submit(ALICE.into(), rank(), &other, |_| true, tell));
    answers.recv_timeout(PATIENCE).unwrap();
    let figures = pool.figures();
    assert_eq!((figures.accepted, figures.refused), (0, 1));
    assert!(pool.known_verdict(&thread).is_none());
}
