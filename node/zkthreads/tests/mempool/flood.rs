//! Many bad proofs.

use std::time::Instant;

use zkthreads_execution::thread::constants::VERIFICATION_L2_GAS;
use zkthreads_mempool::{Before, MempoolLimits};
use zkthreads_protocol::SettleError;
use zkthreads_rpc_api::{PoolStatus, SubmitError, TransactionSink};
use zkthreads_storage::ExecutionStatus;

use super::chain::TIMEOUT;
use super::{Chain, User};

#[tokio::test]
async fn ordinary_transactions_do_not_wait_for_bad_proofs_and_each_costs_its_sender() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let (honest, victim) = (User::new(0), User::new(7));
    let mut flood = Vec::new();
    for mallory in (1..4).map(User::new) {
        for number in 0..5 {
            let package = chain.package(&victim, format!("not a proof: {number}").as_bytes());
            let thread = mallory.with_tip(1_000).ahead(number).thread(&package);
            flood.push(chain.submit(thread).await.unwrap());
        }
    }
    let transfer = chain.submit(honest.transfer()).await.unwrap();

    let receipts = chain.block(flood.len() + 1);
    let (_, receipt) = receipts.iter().find(|(hash, _)| *hash == transfer).unwrap();
    assert_eq!(receipt.status, ExecutionStatus::Succeeded);
    for hash in &flood {
        let (_, receipt) = receipts.iter().find(|(executed, _)| executed == hash).unwrap();
        let error = receipt.thread.as_ref().unwrap().error.as_ref().unwrap();
        assert!(matches!(error, SettleError::Proof { .. }), "{error}");
        assert!(receipt.gas.l2_gas.0 > VERIFICATION_L2_GAS, "it pays for the verification");
        assert!(receipt.actual_fee.0 > 0);
    }
    assert!(chain.journal().is_empty());
}

#[tokio::test]
async fn a_block_never_waits_for_a_verdict() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let [mallory, honest] = [1, 2].map(User::new);
    let package = chain.package(&honest, b"not a proof");
    let thread = chain.admit(mallory.with_tip(1_000).thread(&package));
    let transfer = chain.admit(honest.transfer());
    chain.mempool.submit(transfer).await.unwrap();
    chain.mempool.submit(thread.clone()).await.unwrap();
    // Whatever is taken, its verdict is known.
    for _ in 0..2 {
        let taken = chain.take();
        if taken.hash == thread.hash {
            let zkthreads_execution::PendingBody::Thread(thread) = &taken.body else { unreachable!() };
            assert!(chain.executor.verification().known_verdict(thread).is_some());
        }
    }
}

#[tokio::test]
async fn whoever_makes_a_block_by_hand_waits_for_the_verdicts_under_way() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let [mallory, other, honest] = [1, 2, 3].map(User::new);
    let package = chain.package(&honest, b"not a proof");
    let [first, second] = [&mallory, &other].map(|user| user.thread(&package));
    let first = chain.submit(first).await.unwrap();
    let second = chain.submit(second).await.unwrap();
    let mark = chain.mempool.mark();
    // What comes meanwhile is none of its business, whatever it offers.
    let late = chain.submit(honest.with_tip(1_000).transfer()).await.unwrap();
    let taken = |mark| match chain.mempool.take_before(mark, Instant::now() + TIMEOUT) {
        Before::Take(transaction) => Some(transaction.hash),
        Before::Nothing => None,
        Before::Verifying => panic!("no verdict"),
    };
    assert_eq!([taken(mark), taken(mark), taken(mark)], [Some(first), Some(second), None]);
    let mark = chain.mempool.mark();
    assert_eq!([taken(mark), taken(mark)], [Some(late), None]);
    // Behind a gap there is nothing to wait for.
    chain.submit(honest.ahead(3).thread(&package)).await.unwrap();
    assert_eq!(taken(chain.mempool.mark()), None);
}

#[tokio::test]
async fn a_bad_thread_cannot_be_replaced_by_one_that_nobody_has_verified() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let mallory = User::new(1);
    let package = chain.package(&User::new(2), b"not a proof");
    let hash = chain.submit(mallory.thread(&package)).await.unwrap();
    while chain.executor.verification().figures().refused == 0 {
        std::thread::yield_now();
    }
    let refused = chain.submit(mallory.with_tip(u64::MAX >> 40).transfer()).await;
    assert!(matches!(refused, Err(SubmitError::NotReplaceable { .. })), "{refused:?}");
    assert_eq!(chain.mempool.status(hash), Some(PoolStatus::Received));
    assert_eq!(chain.journal(), [hash]);
}

/// Who loses a race before its proof's turn has come pays for no verification, and makes nobody verify.
#[tokio::test]
async fn a_proof_is_not_looked_at_while_its_preconditions_do_not_hold() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let [prover, user] = [1, 2].map(User::new);
    let package = chain.package(&user, b"not a proof");
    chain.submit(user.transfer()).await.unwrap();
    chain.block(1);
    let hash = chain.submit(prover.thread(&package)).await.unwrap();
    let taken = chain.take();
    assert!(taken.hash == hash && taken.deferred);
    let mut block = chain.open_block();
    let receipt = block.execute(taken).unwrap().transaction.receipt.clone();
    let error = receipt.thread.unwrap().error.unwrap();
    assert!(matches!(error, SettleError::Conflicts(_)), "{error}");
    assert!(receipt.gas.l2_gas.0 < VERIFICATION_L2_GAS);
    let figures = chain.executor.verification().figures();
    assert_eq!((figures.accepted, figures.refused), (0, 0));
}
