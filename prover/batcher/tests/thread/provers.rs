//! Provers fail.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use zkthreads_batcher::thread::Job;
use zkthreads_workers::WorkerError;

use super::harness::{Fate, Harness};

fn fail(harness: &Harness, job: &Job, error: WorkerError) {
    harness.handle.proved(job.id, job.attempt, Err(error));
}

#[test]
fn a_job_that_nobody_finishes_is_given_to_somebody_else() {
    let mut harness = Harness::new(2, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    let job = harness.job().expect("closed");
    assert!(harness.job().is_none(), "somebody is at it");
    let (id, attempt) = (job.id, job.attempt);
    drop(job);
    let again = harness.job().expect("given back");
    assert_eq!((again.id, again.attempt), (id, attempt));
    harness.prove(&again);
    drop(again);
    assert!(harness.bundle().is_some(), "a job that is done is not given back");
}

#[test]
fn a_prover_that_dies_is_no_verdict() {
    let mut harness = Harness::new(2, |_| {});
    harness.send(0, 1, 1);
    harness.send(0, 1, 1);
    let job = harness.job().expect("closed");
    let start = Instant::now();
    fail(&harness, &job, WorkerError::Spawn { reason: "no memory".to_owned() });
    let trouble = harness.status().trouble;
    assert!(trouble.iter().any(|it| it.contains("could not be proven")), "{trouble:?}");
    let again = harness.awaited_job();
    assert!(start.elapsed() > Duration::from_secs(1), "not at once");
    assert_eq!((again.id, again.attempt), (job.id, 1));
}

#[test]
fn a_sub_block_that_does_not_fit_is_halved() {
    let mut harness = Harness::new(2, |config| config.max_transactions = 4);
    let sent: Vec<_> = (0..4).map(|_| harness.send(0, 1, 1)).collect();
    let job = harness.awaited_job();
    assert_eq!(job.executed.statement.inner_transactions.len(), 4);
    fail(&harness, &job, WorkerError::OutOfMemory { memory_bytes: 1 });
    let halves = [harness.awaited_job(), harness.awaited_job()];
    let sizes: Vec<_> = halves.iter().map(|job| job.executed.statement.inner_transactions.len()).collect();
    assert_eq!((sizes, harness.shown()), (vec![2, 2], sent.clone()));
    halves.iter().for_each(|job| harness.prove(job));
    let package = harness.send_bundle().unwrap();
    harness.block(&[package]);
    assert!(sent.iter().all(|hash| harness.fate(*hash) == Fate::Settled));
}

/// It would cost a prover again and again: what kills two is halved, and one transaction that kills three is the cause.
#[test]
fn what_kills_provers_is_found() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 2);
    let sent = [harness.send(0, 1, 1), harness.send(2, 3, 1)];
    let killed = || WorkerError::Died { status: ExitStatus::from_raw(9), last_words: None };
    for _ in 0..2 {
        let job = harness.awaited_job();
        assert_eq!(job.executed.statement.inner_transactions.len(), 2);
        fail(&harness, &job, killed());
    }
    let (first, second) = (harness.awaited_job(), harness.awaited_job());
    harness.prove(&first);
    fail(&harness, &second, killed());
    for _ in 0..2 {
        fail(&harness, &harness.awaited_job(), killed());
    }
    assert_eq!(harness.forward().expect("left to the chain").hash, sent[1]);
    assert_eq!(harness.shown(), sent[..1]);
    assert!(harness.bundle().is_some(), "the other one is proven");
}

#[test]
fn what_cannot_be_proven_is_left_to_the_chain() {
    let mut harness = Harness::new(4, |config| config.max_transactions = 2);
    let sent = [harness.send(0, 1, 1), harness.send(2, 3, 1)];
    let hopeless = || WorkerError::Failed { reason: "the OS and blockifier disagree".to_owned() };
    fail(&harness, &harness.awaited_job(), hopeless());
    let (first, second) = (harness.awaited_job(), harness.awaited_job());
    harness.prove(&second);
    fail(&harness, &first, hopeless());
    assert_eq!(harness.forward().expect("left to the chain").hash, sent[0]);
    assert_eq!(harness.shown(), sent[1..]);
    assert!(harness.bundle().is_some(), "the other one is independent");
}
