//! What was acknowledged survives.

use std::env;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zkthreads_rpc_api::InnerRefusal;
use zkthreads_rpc_api::thread::SubBlockStage;

use super::harness::{Fate, Harness};
use super::node::Item;
use crate::support::INITIAL_BALANCE;

#[test]
fn a_thread_goes_on_where_it_ended() {
    let mut harness = Harness::new(4, |_| {});
    let sent: Vec<_> = (0..7).map(|round| harness.send(round % 4, (round + 1) % 4, 1)).collect();
    harness.users[3].nonce += 1;
    let waiting = harness.send(3, 0, 1);
    for _ in 0..2 {
        let job = harness.job().unwrap();
        harness.prove(&job);
    }
    let before = harness.unsettled();
    let mut harness = harness.restart();
    assert_eq!(harness.shown(), sent);
    assert_eq!(harness.fate(waiting), Fate::Received);
    let after = harness.unsettled();
    let facts = |all: &[zkthreads_rpc_api::thread::SubBlockStatus]| {
        all.iter().map(|it| (it.id, it.stage, it.attempt, it.transactions)).collect::<Vec<_>>()
    };
    assert_eq!(facts(&before), facts(&after), "proofs are kept");
    assert_eq!(after.iter().filter(|it| it.stage == SubBlockStage::Proven).count(), 2);
    assert_eq!(harness.prove_all(), 1);
    let package = harness.send_bundle().unwrap();
    harness.block(&[package]);
    assert!(sent[..6].iter().all(|hash| harness.fate(*hash) == Fate::Settled));
    let again = harness.restart();
    assert_eq!(again.shown(), sent[6..]);
    assert_eq!(again.status().totals.received, 0, "totals are since the start");
}

#[test]
fn what_was_on_its_way_is_found_again() {
    let mut harness = Harness::new(4, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    harness.prove_all();
    let package = harness.send_bundle().unwrap();
    let (sent, hash) = (harness.in_flight(), harness.shown()[0]);
    let mut harness = harness.restart();
    assert_eq!(harness.in_flight(), sent);
    assert!(harness.bundle().is_none(), "it is not sent twice");
    harness.block(&[package]);
    assert_eq!(harness.fate(hash), Fate::Settled);
    assert!(harness.in_flight().is_empty());
}

#[test]
fn what_blocks_have_by_now_is_found_there() {
    let mut harness = Harness::new(4, |_| {});
    let forced = harness.transfer(2, 3, 1);
    let hashes = [
        harness.send(0, 1, 1),
        harness.send(0, 1, 1),
        harness.submit(&forced).unwrap(),
        harness.send(3, 2, 1),
    ];
    let job = harness.job().unwrap();
    harness.prove(&job);
    let package = harness.send_bundle().unwrap();
    // The blocks reach the database, and the journal knows nothing of it.
    harness.block_unheard(&[package, Item::Send(forced)]);
    let harness = harness.restart();
    let fates = hashes.map(|hash| harness.fate(hash));
    assert_eq!(fates, [Fate::Settled, Fate::Settled, Fate::OnChain, Fate::PreConfirmed]);
    assert_eq!(harness.shown(), hashes[3..]);
    assert_eq!(harness.status().queue.unsettled, 1);
}

#[test]
fn what_is_hot_stays_so() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 4);
    let hot = harness.send(0, 1, 1);
    let cold = [harness.send(2, 3, 1), harness.send(3, 2, 1), harness.send(2, 3, 1)];
    for round in 0..2 {
        let items = [harness.set_balance(1, round)];
        harness.block(&items);
    }
    // This one is open, on top of the hot one.
    let open = harness.send(0, 3, 1);
    let shown = [cold.to_vec(), vec![hot, open]].concat();
    assert_eq!(harness.shown(), shown);
    assert_eq!(harness.prove_all(), 2);
    let mut harness = harness.restart();
    assert_eq!(harness.shown(), shown);
    assert_eq!(harness.unsettled()[2].stage, SubBlockStage::Open);
    let front = harness.bundle().expect("it is proven");
    assert_eq!(front.sub_blocks.len(), 1, "a hot one goes alone");
    let packages = [harness.submitting(&front), harness.send_bundle()].map(Option::unwrap);
    harness.block(&packages);
    assert_eq!(harness.fate(hot), Fate::Settled);
}

#[test]
fn forwarded_transactions_are_offered_again() {
    let mut harness = Harness::new(2, |config| {
        config.max_transactions = 1;
        config.max_conflicts = 1;
    });
    let hash = harness.send(0, 1, 1);
    for round in 0..3 {
        let items = [harness.set_balance(1, round)];
        harness.block(&items);
    }
    assert_eq!(harness.forward().expect("given up").hash, hash);
    let mut harness = harness.restart();
    let forward = harness.forward().expect("offered again");
    harness.handle.forwarded(&forward, Ok(()));
    let transaction = forward.transaction.clone();
    harness.block(&[Item::Send(transaction)]);
    assert_eq!(harness.fate(hash), Fate::OnChain);
    let harness = harness.restart();
    assert!(harness.forward().is_none());
}

/// Whether files may grow: if not, every write fails as on a full disk.
fn let_files_grow(grow: bool) {
    let limit = getrlimit(Resource::Fsize);
    let current = if grow { limit.maximum } else { Some(0) };
    setrlimit(Resource::Fsize, Rlimit { current, ..limit }).expect("a limit can be set");
}

/// What the process with a full disk does.
fn on_a_full_disk() {
    let mut harness = Harness::new(2, |_| {});
    let first = harness.send(0, 1, 1);
    let second = harness.transfer(0, 1, 2);
    let_files_grow(false);
    let refused = harness.submit(&second);
    assert!(matches!(refused, Err(InnerRefusal::NotRecorded { .. })), "{refused:?}");
    let status = harness.status();
    assert!(status.trouble.iter().any(|it| it.contains("journal")), "{:?}", status.trouble);
    assert_eq!(harness.shown(), [first], "what is not recorded is not shown");
    let_files_grow(true);
    harness.until("it goes on by itself", |status| status.trouble.is_empty());
    assert_eq!(harness.shown(), [first]);
    harness.submit(&second).expect("there is room again");
    assert_eq!(harness.balance(1), INITIAL_BALANCE + 3);
    let harness = harness.restart();
    assert_eq!(harness.shown().len(), 2);
    println!("\nwell");
}

/// Files that may not grow stand for a disk that is full.
#[test]
fn nothing_is_acknowledged_that_cannot_be_recorded() {
    const CHILD: &str = "ZKTHREADS_TEST_FULL_DISK";
    if env::var_os(CHILD).is_some() {
        return on_a_full_disk();
    }
    // The shell sees to it that the signal that comes with such a failure is ignored.
    let test = "thread::durable::nothing_is_acknowledged_that_cannot_be_recorded";
    let script = format!("trap '' XFSZ; exec \"$0\" --exact {test} --nocapture");
    let program = env::current_exe().expect("a program");
    let output =
        Command::new("sh").args(["-c", &script]).arg(program).env(CHILD, "1").output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let well = output.status.success() && said.contains("\nwell\n");
    assert!(well, "{said}{}", String::from_utf8_lossy(&output.stderr));
}
