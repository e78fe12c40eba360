//! Worker processes: they prove, they die, they are given up, and others take their place.

use std::cell::RefCell;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use rustix::process::Signal;
use zkthreads_program::os_program;
use zkthreads_prover::ProofStage;
use zkthreads_sub_block::ExecutedSubBlock;
use zkthreads_verifier::verify_proof;
use zkthreads_workers::{ProverPool, ProverPoolConfig, Stage, WorkerError};

use crate::sub_block_support::{TestState, transfer};
use crate::worker_support::{config, eventually, hold, is_running, kill, pool, program};

/// The smallest sub-block there is.
fn sub_block() -> ExecutedSubBlock {
    let mut world = TestState::new(2);
    let (strk, to) = (world.strk(), world.users[1].address);
    let transaction = world.users[0].sign(&[transfer(strk, to, 7)]);
    world.execute([transaction])
}

/// The only worker's process. What it works on is no matter here: a stage may be heard of when the next one has begun.
fn worker(pool: &ProverPool) -> u32 {
    let [figure] = pool.figures()[..] else { panic!("there is one worker") };
    figure.pid
}

#[tokio::test]
async fn prove_in_one_process_after_the_other() {
    let (pool, executed) = (pool(config()), sub_block());
    let stages = RefCell::new(Vec::new());
    let pids = RefCell::new(Vec::new());
    for job in [3, 4] {
        let proven = pool.prove(job, &executed, |stage| {
            stages.borrow_mut().push(stage);
            if stage == Stage::Proving(ProofStage::Stark) {
                pids.borrow_mut().push(worker(&pool));
            }
        });
        let proven = proven.await.expect("it is proven");
        verify_proof(os_program(), &executed.statement.encode(), &proven.proof).expect("it verifies");
        let mut expected = vec![Stage::RunningOs, Stage::OsRan { steps: proven.steps }];
        expected.extend(ProofStage::ALL.map(Stage::Proving));
        assert_eq!(stages.take(), expected);
    }
    let [figure] = pool.figures()[..] else { panic!("there is one worker") };
    assert_eq!((figure.job, figure.stage), (None, None));
    assert!(figure.memory_bytes > 1 << 28, "it keeps the tables: {figure:?}");
    assert_eq!(pids.take(), [figure.pid, figure.pid]);

    drop(pool);
    eventually("the process has ended with the pool", || !is_running(figure.pid)).await;
}

#[tokio::test]
async fn prove_again_after_a_death() {
    let (pool, executed) = (pool(config()), sub_block());
    let killed = RefCell::new(None);
    let failed = pool.prove(1, &executed, |stage| {
        // The whole proof is still to come.
        if stage == Stage::RunningOs {
            let pid = worker(&pool);
            kill(pid);
            killed.replace(Some(pid));
        }
    });
    let failed = failed.await.expect_err("it was killed");
    assert!(
        matches!(failed, WorkerError::Died { status, .. } if status.signal() == Some(Signal::KILL.as_raw())),
        "{failed}"
    );
    assert!(!failed.is_final());

    let second = RefCell::new(None);
    let proven = pool.prove(2, &executed, |_| {
        second.replace(Some(worker(&pool)));
    });
    proven.await.expect("another one proves");
    assert_ne!(killed.take(), second.take());
}

#[tokio::test]
async fn prove_no_more_once_given_up() {
    let (pool, executed) = (pool(config()), sub_block());
    let (sender, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let proof = pool.prove(1, &executed, |stage| {
        if stage == Stage::RunningOs {
            let pid = worker(&pool);
            // It is not done before it is given up.
            hold(pid);
            sender.send(pid).expect("the test waits");
        }
    });
    let pid = tokio::select! {
        _ = proof => panic!("the proof was to be given up"),
        pid = begun.recv() => pid.expect("it has begun"),
    };
    eventually("the process is gone", || !is_running(pid)).await;
    let another = || pool.figures().first().is_some_and(|figure| figure.pid != pid && figure.job.is_none());
    eventually("another process waits for work", another).await;
}

#[tokio::test]
async fn a_proof_that_is_given_up_before_it_begins_is_not_begun() {
    // Nothing is ever ready.
    let pool = pool(ProverPoolConfig { program: "/bin/false".into(), ..config() });
    let executed = sub_block();
    let proof = pool.prove(1, &executed, |stage| panic!("{stage} begins"));
    drop(proof);
    assert!(pool.figures().iter().all(|figure| figure.job.is_none()));
}

#[tokio::test]
async fn prove_within_the_deadline_or_not_at_all() {
    let deadline = Duration::from_secs(2);
    let (pool, executed) = (pool(ProverPoolConfig { deadline, ..config() }), sub_block());
    eventually("there is a process", || !pool.figures().is_empty()).await;
    let pid = worker(&pool);
    // However fast the machine is, it is not done in time; nor, if that is slow, ready in time.
    let failed = pool.prove(1, &executed, |_| hold(pid)).await;
    assert!(
        matches!(failed, Err(WorkerError::Deadline { deadline: told }) if told == deadline),
        "{failed:?}"
    );
    eventually("the process is gone", || !is_running(pid)).await;
}

#[tokio::test]
async fn prove_nothing_without_memory() {
    let executed = sub_block();
    // Too little for the tables; enough for them, but not for a proof.
    for mebibytes in [128, 768] {
        let memory_bytes = mebibytes << 20;
        let pool = pool(ProverPoolConfig { memory_bytes, ..config() });
        let failed = pool.prove(1, &executed, |_| ()).await;
        assert!(
            matches!(failed, Err(WorkerError::OutOfMemory { memory_bytes: told }) if told == memory_bytes),
            "{mebibytes} MiB: {failed:?}"
        );
    }
}

#[tokio::test]
async fn a_program_that_is_no_prover_is_told() {
    let executed = sub_block();
    let fail = async |program: &str| {
        let pool = pool(ProverPoolConfig { program: program.into(), ..config() });
        pool.prove(1, &executed, |_| ()).await.expect_err("there is no proof")
    };
    let none = fail("/nowhere/prover").await;
    assert!(matches!(&none, WorkerError::Spawn { reason } if reason.contains("/nowhere/prover")), "{none}");
    let dying = fail("/bin/false").await;
    assert!(matches!(dying, WorkerError::Died { status, .. } if status.code() == Some(1)), "{dying}");
    let talking = fail("/bin/echo").await;
    assert!(matches!(&talking, WorkerError::Answer { reason } if reason.contains("frame")), "{talking}");
    let complaining = fail("/bin/ls").await;
    assert!(
        matches!(&complaining, WorkerError::Died { last_words: Some(words), .. } if words.contains("prove-worker")),
        "{complaining}"
    );
}

/// The statement that is expected is another one.
#[tokio::test]
async fn a_statement_that_differs_is_told() {
    let (pool, mut executed) = (pool(config()), sub_block());
    executed.statement.base_block.number.0 += 1;
    let failed = pool.prove(1, &executed, |_| ()).await.expect_err("nothing is proven");
    assert!(matches!(failed, WorkerError::StatementMismatch) && failed.is_final(), "{failed}");

    executed.input.classes.clear();
    let failed = pool.prove(2, &executed, |_| ()).await.expect_err("nothing is proven");
    assert!(matches!(failed, WorkerError::Failed { .. }) && failed.is_final(), "{failed}");
    assert_eq!(pool.figures().len(), 1);
}

#[test]
fn the_program_is_there() {
    assert!(program().is_file(), "{}: the crate's examples are built with its tests", program().display());
}
