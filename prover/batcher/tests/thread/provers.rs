//! Provers fail.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use zkthreads_batcher::thread::Job;
use zkthreads_workers::WorkerError;

use super::rig::{Fate, Rig};

fn fail(rig: &Rig, job: &Job, error: WorkerError) {
    rig.handle.proved(job.id, job.attempt, Err(error));
}

#[test]
fn a_job_that_nobody_finishes_is_given_to_somebody_else() {
    let mut rig = Rig::new(2, |_| {});
    rig.send(0, 1, 1);
    rig.send(0, 1, 1);
    let job = rig.job().expect("closed");
    assert!(rig.job().is_none(), "somebody is at it");
    let (id, attempt) = (job.id, job.attempt);
    drop(job);
    let again = rig.job().expect("given back");
    assert_eq!((again.id, again.attempt), (id, attempt));
    rig.prove(&again);
    drop(again);
    assert!(rig.bundle().is_some(), "a job that is done is not given back");
}

#[test]
fn a_prover_that_dies_is_no_verdict() {
    let mut rig = Rig::new(2, |_| {});
    rig.send(0, 1, 1);
    rig.send(0, 1, 1);
    let job = rig.job().expect("closed");
    let start = Instant::now();
    fail(&rig, &job, WorkerError::Spawn { reason: "no memory".to_owned() });
    let trouble = rig.status().trouble;
    assert!(trouble.iter().any(|it| it.contains("could not be proven")), "{trouble:?}");
    let again = rig.awaited_job();
    assert!(start.elapsed() > Duration::from_secs(1), "not at once");
    assert_eq!((again.id, again.attempt), (job.id, 1));
}

#[test]
fn a_sub_block_that_does_not_fit_is_halved() {
    let mut rig = Rig::new(2, |config| config.max_transactions = 4);
    let sent: Vec<_> = (0..4).map(|_| rig.send(0, 1, 1)).collect();
    let job = rig.awaited_job();
    assert_eq!(job.executed.statement.inner_transactions.len(), 4);
    fail(&rig, &job, WorkerError::OutOfMemory { memory_bytes: 1 });
    let halves = [rig.awaited_job(), rig.awaited_job()];
    let sizes: Vec<_> = halves.iter().map(|job| job.executed.statement.inner_transactions.len()).collect();
    assert_eq!((sizes, rig.shown()), (vec![2, 2], sent.clone()));
    halves.iter().for_each(|job| rig.prove(job));
    let package = rig.send_bundle().unwrap();
    rig.block(&[package]);
    assert!(sent.iter().all(|hash| rig.fate(*hash) == Fate::Settled));
}

/// It would cost a prover again and again: what kills two is halved, and one transaction that kills three is the cause.
#[test]
fn what_kills_provers_is_found() {
    let mut rig = Rig::new(4, |config| config.max_transactions = 2);
    let sent = [rig.send(0, 1, 1), rig.send(2, 3, 1)];
    let killed = || WorkerError::Died { status: ExitStatus::from_raw(9), last_words: None };
    for _ in 0..2 {
        let job = rig.awaited_job();
        assert_eq!(job.executed.statement.inner_transactions.len(), 2);
        fail(&rig, &job, killed());
    }
    let (first, second) = (rig.awaited_job(), rig.awaited_job());
    rig.prove(&first);
    fail(&rig, &second, killed());
    for _ in 0..2 {
        fail(&rig, &rig.awaited_job(), killed());
    }
    assert_eq!(rig.forward().expect("left to the chain").hash, sent[1]);
    assert_eq!(rig.shown(), sent[..1]);
    assert!(rig.bundle().is_some(), "the other one is proven");
}

#[test]
fn what_cannot_be_proven_is_left_to_the_chain() {
    let mut rig = Rig::new(4, |config| config.max_transactions = 2);
    let sent = [rig.send(0, 1, 1), rig.send(2, 3, 1)];
    let hopeless = || WorkerError::Failed { reason: "the OS and blockifier disagree".to_owned() };
    fail(&rig, &rig.awaited_job(), hopeless());
    let (first, second) = (rig.awaited_job(), rig.awaited_job());
    rig.prove(&second);
    fail(&rig, &first, hopeless());
    assert_eq!(rig.forward().expect("left to the chain").hash, sent[0]);
    assert_eq!(rig.shown(), sent[1..]);
    assert!(rig.bundle().is_some(), "the other one is independent");
}
