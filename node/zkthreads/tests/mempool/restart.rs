//! What was accepted outlives the process.

use starknet_api::core::CompiledClassHash;
use zkthreads_mempool::{MempoolLimits, Restored};
use zkthreads_rpc_api::{PoolStatus, TransactionSink};

use super::{Chain, User};

fn rejection(chain: &Chain, hash: starknet_api::transaction::TransactionHash) -> String {
    match chain.mempool.status(hash) {
        Some(PoolStatus::Rejected { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn accepted_transactions_wait_again_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let [alice, bob, carol] = [0, 1, 2].map(User::new);
    let package = chain.package(&carol, b"not a proof");
    let submissions =
        [alice.ahead(2).transfer(), bob.thread(&package), alice.transfer(), carol.with_tip(7).transfer()];
    let mut hashes = Vec::new();
    for submission in submissions {
        hashes.push(chain.submit(submission).await.unwrap());
        assert_eq!(chain.journal(), hashes, "written down before it is acknowledged");
    }

    let chain = chain.reopen(directory.path());
    assert_eq!(chain.mempool.restore().unwrap(), Restored { kept: 4, dropped: 0 });
    assert_eq!(chain.journal(), hashes);
    for hash in &hashes {
        assert_eq!(chain.mempool.status(*hash), Some(PoolStatus::Received));
    }
    let later = chain.submit(alice.ahead(1).transfer()).await.unwrap();
    assert_eq!(chain.journal().last(), Some(&later), "newcomers come after those of before");

    let executed = chain.block(5);
    assert_eq!(executed.len(), 5);
    let place = |hash| executed.iter().position(|it| it.0 == hash).unwrap();
    assert!(place(hashes[2]) < place(hashes[3]), "in the order of arrival, whatever the tip");
    assert!(place(hashes[2]) < place(later) && place(later) < place(hashes[0]));
    assert!(chain.journal().is_empty());
    let again = chain.reopen(directory.path());
    assert_eq!(again.mempool.restore().unwrap(), Restored::default());
}

#[tokio::test]
async fn a_thread_that_is_held_is_held_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let [submitter, user, other] = [0, 1, 2].map(User::new);
    let package = chain.package_in(&user, b"not a proof", 100);
    let due = package.segments[0].statement.base_block.timestamp;
    let held = chain.submit(submitter.thread(&package)).await.unwrap();

    let chain = chain.reopen(directory.path());
    assert_eq!(chain.mempool.restore().unwrap(), Restored { kept: 1, dropped: 0 });
    let ordinary = chain.submit(other.transfer()).await.unwrap();
    while chain.mempool.next_due().is_none() {
        std::thread::yield_now();
    }
    assert_eq!(chain.mempool.next_due(), Some(due));
    assert_eq!(chain.block(1)[0].0, ordinary);
    assert!(chain.mempool.take().is_none());
    assert_eq!(chain.mempool.status(held), Some(PoolStatus::Received));
    let mut block = chain.open_block_at(due);
    let executed = block.execute(chain.take()).unwrap();
    assert_eq!(executed.transaction.hash, held);
}

#[tokio::test]
async fn what_a_block_had_before_the_kill_is_not_executed_again() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let [alice, bob] = [0, 1].map(User::new);
    let hash = chain.submit(alice.transfer()).await.unwrap();
    let waits = chain.submit(bob.transfer()).await.unwrap();
    let mut block = chain.open_block();
    assert_eq!(block.execute(chain.take()).unwrap().transaction.hash, hash);
    chain.commit(block);
    // Killed here: the row of the first is still there.
    assert_eq!(chain.journal(), [hash, waits]);

    let chain = chain.reopen(directory.path());
    assert_eq!(chain.mempool.restore().unwrap(), Restored { kept: 1, dropped: 0 });
    assert_eq!(chain.journal(), [waits]);
    assert_eq!(chain.mempool.status(hash), None);
    assert_eq!(chain.block(1)[0].0, waits);
    assert!(chain.mempool.take().is_none());
}

#[tokio::test]
async fn what_was_in_the_block_under_construction_is_executed_after_the_kill() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let hash = chain.submit(User::new(0).transfer()).await.unwrap();
    let mut block = chain.open_block();
    block.execute(chain.take()).unwrap();
    drop(block);

    let chain = chain.reopen(directory.path());
    assert_eq!(chain.mempool.restore().unwrap(), Restored { kept: 1, dropped: 0 });
    assert_eq!(chain.block(1)[0].0, hash);
}

#[tokio::test]
async fn what_is_no_longer_valid_is_dropped_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let alice = User::new(0);
    // Two for one nonce, as if the node were killed before it struck the first one out; a block took the second.
    let first = chain.admit(alice.transfer()).hash;
    chain.submit(alice.transfer()).await.unwrap();
    let mut rows = chain.executor.storage().pool().unwrap();
    let second = chain.submit(alice.with_tip(1).transfer()).await.unwrap();
    chain.executor.storage().pool_put(&rows.remove(0)).unwrap();
    let mut block = chain.open_block();
    assert_eq!(block.execute(chain.take()).unwrap().transaction.hash, second);
    chain.commit(block);
    // A DECLARE that lost its class.
    let declare = starknet_api::transaction::DeclareTransactionV3 {
        resource_bounds: Default::default(),
        tip: Default::default(),
        signature: Default::default(),
        nonce: Default::default(),
        class_hash: Default::default(),
        compiled_class_hash: CompiledClassHash::default(),
        sender_address: alice.address(),
        nonce_data_availability_mode: starknet_api::data_availability::DataAvailabilityMode::L1,
        fee_data_availability_mode: starknet_api::data_availability::DataAvailabilityMode::L1,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
    };
    let damaged = starknet_api::transaction::TransactionHash(5_u8.into());
    let row = zkthreads_storage::PooledTransaction {
        hash: damaged,
        arrival: 9,
        admitted_at: 0,
        transaction: zkthreads_protocol::Transaction::Declare(declare),
        class: None,
        package: None,
    };
    chain.executor.storage().pool_put(&row).unwrap();

    let chain = chain.reopen(directory.path());
    assert_eq!(chain.mempool.restore().unwrap(), Restored { kept: 0, dropped: 2 });
    assert!(rejection(&chain, first).contains("nonce 0 of"), "{}", rejection(&chain, first));
    assert!(rejection(&chain, damaged).contains("missing"));
    assert!(chain.journal().is_empty());
}

#[tokio::test]
async fn the_journal_holds_what_the_pool_does() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let alice = User::new(0);
    chain.submit(alice.transfer()).await.unwrap();
    let replacing = chain.submit(alice.with_tip(10).transfer()).await.unwrap();
    assert_eq!(chain.journal(), [replacing], "replaced");
    assert!(chain.submit(alice.with_tip(5).transfer()).await.is_err());
    assert_eq!(chain.journal(), [replacing], "refused");
    assert!(chain.submit(alice.with_tip(10).transfer()).await.is_err());
    assert_eq!(chain.journal(), [replacing], "known already");
    assert_eq!(chain.take().hash, replacing);
    assert_eq!(chain.journal(), [replacing], "not in a block yet");
    chain.mempool.reject(replacing, "no".to_owned());
    assert!(chain.journal().is_empty(), "rejected");
    let cleared = chain.submit(alice.transfer()).await.unwrap();
    chain.mempool.clear("the chain begins anew");
    assert!(chain.journal().is_empty(), "cleared");
    assert_eq!(rejection(&chain, cleared), "the chain begins anew");
    chain.mempool.close("the end");
    assert!(chain.submit(alice.transfer()).await.is_err());
    assert!(chain.journal().is_empty(), "closed");
}
