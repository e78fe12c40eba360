use std::sync::Arc;

use starknet_api::data_availability::DataAvailabilityMode;
use starknet_api::transaction::InvokeTransactionV3;
use starknet_api::transaction::fields::{AllResourceBounds, Tip, ValidResourceBounds};
use zkthreads_execution::PendingBody;

use super::*;

const ALICE: u8 = 0xa;
const BOB: u8 = 0xb;

fn nonce(number: u64) -> Nonce {
    Nonce(Felt::from(number))
}

fn paying(account: u8, number: u64, tip: u64) -> PendingTransaction {
    let invoke = InvokeTransactionV3 {
        resource_bounds: ValidResourceBounds::AllResources(AllResourceBounds::default()),
        tip: Tip(tip),
        signature: Default::default(),
        nonce: nonce(number),
        sender_address: ContractAddress::from(account),
        calldata: Default::default(),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: Default::default(),
        account_deployment_data: Default::default(),
        proof_facts: Default::default(),
    };
    let hash = TransactionHash(Felt::from(u64::from(account) << 32 | tip << 16 | number));
    PendingTransaction {
        hash,
        body: PendingBody::Invoke(Arc::new(invoke)),
        only_query: false,
        impersonated: false,
    }
}

fn transaction(account: u8, number: u64) -> PendingTransaction {
    paying(account, number, 0)
}

fn pool() -> Pool {
    Pool::new(Limits::default())
}

fn insert(pool: &mut Pool, transactions: impl IntoIterator<Item = PendingTransaction>) {
    for transaction in transactions {
        pool.insert(transaction, nonce(0)).unwrap();
    }
}

fn drain(pool: &mut Pool) -> Vec<TransactionHash> {
    std::iter::from_fn(|| pool.take()).map(|transaction| transaction.hash).collect()
}

fn hashes(transactions: &[PendingTransaction]) -> Vec<TransactionHash> {
    transactions.iter().map(|transaction| transaction.hash).collect()
}

#[test]
fn accounts_are_served_in_the_order_of_arrival_and_each_in_the_order_of_nonces() {
    let mut pool = pool();
    let [a0, a1, b0, b1] =
        [transaction(ALICE, 0), transaction(ALICE, 1), transaction(BOB, 0), transaction(BOB, 1)];
    insert(&mut pool, [a1.clone(), b0.clone(), a0.clone(), b1.clone()]);
    // Alice's second came before all others, but is ready only after her first.
    assert_eq!(drain(&mut pool), hashes(&[b0, a0, a1, b1]));
}

#[test]
fn a_gap_holds_back_what_comes_after_it() {
    let mut pool = pool();
    insert(&mut pool, [transaction(ALICE, 0), transaction(ALICE, 2)]);
    assert_eq!(pool.nonce_after(ContractAddress::from(ALICE)), Some(nonce(1)));
    assert_eq!(drain(&mut pool).len(), 1);
    assert!(!pool.has_ready());
    insert(&mut pool, [transaction(ALICE, 1)]);
    assert_eq!(pool.nonce_after(ContractAddress::from(ALICE)), Some(nonce(3)));
    assert_eq!(drain(&mut pool).len(), 2);
}

#[test]
fn nonces_out_of_range_are_refused() {
    let mut pool = pool();
    pool.insert(transaction(ALICE, 205), nonce(5)).unwrap();
    for wrong in [4, 206, u64::MAX] {
        let refused = pool.insert(transaction(ALICE, wrong), nonce(5));
        assert!(matches!(refused, Err(SubmitError::Nonce { expected, .. }) if expected == nonce(5)));
    }
}

#[test]
fn the_same_transaction_is_refused_while_it_waits_and_while_it_executes() {
    let mut pool = pool();
    insert(&mut pool, [transaction(ALICE, 0)]);
    assert_eq!(pool.insert(transaction(ALICE, 0), nonce(0)), Err(SubmitError::Duplicate));
    pool.take().unwrap();
    assert_eq!(pool.insert(transaction(ALICE, 0), nonce(0)), Err(SubmitError::Duplicate));
}

#[test]
fn a_replacement_must_outbid_by_a_tenth() {
    let mut pool = pool();
    insert(&mut pool, [paying(ALICE, 0, 100), transaction(ALICE, 1)]);
    let refused = pool.insert(paying(ALICE, 0, 109), nonce(0));
    assert!(matches!(refused, Err(SubmitError::ReplacementUnderpriced { .. })));
    pool.insert(paying(ALICE, 0, 110), nonce(0)).unwrap();
    let replaced = pool.status(paying(ALICE, 0, 100).hash);
    assert!(matches!(replaced, Some(PoolStatus::Rejected { reason }) if reason.starts_with("replaced by")));
    assert_eq!(drain(&mut pool), hashes(&[paying(ALICE, 0, 110), transaction(ALICE, 1)]));
}

#[test]
fn statuses_follow_a_transaction_through_the_pool() {
    let mut pool = pool();
    let (first, second) = (transaction(ALICE, 0), transaction(ALICE, 1));
    assert_eq!(pool.status(first.hash), None);
    insert(&mut pool, [first.clone(), second.clone()]);
    assert_eq!(pool.status(first.hash), Some(PoolStatus::Received));
    pool.take().unwrap();
    assert_eq!(pool.status(first.hash), Some(PoolStatus::Candidate));
    assert!(pool.transaction(first.hash).is_some());
    pool.reject(first.hash, "no".into());
    assert_eq!(pool.status(first.hash), Some(PoolStatus::Rejected { reason: "no".into() }));
    // The second waits for another first one.
    assert!(!pool.has_ready());
    insert(&mut pool, [paying(ALICE, 0, 1)]);
    assert_eq!(drain(&mut pool), hashes(&[paying(ALICE, 0, 1), second]));
}

#[test]
fn what_does_not_fit_into_a_block_is_first_in_the_next() {
    let mut pool = pool();
    let all = [transaction(ALICE, 0), transaction(ALICE, 1), transaction(BOB, 0)];
    insert(&mut pool, all.clone());
    pool.take().unwrap();
    let second = pool.take().unwrap();
    pool.put_back(second.hash);
    assert_eq!(pool.status(second.hash), Some(PoolStatus::Received));
    pool.settle([(ContractAddress::from(ALICE), nonce(1)), (ContractAddress::from(BOB), nonce(0))]);
    assert_eq!(drain(&mut pool), hashes(&all[1..]));
}

#[test]
fn a_block_that_consumed_nonces_otherwise_drops_those_transactions() {
    let mut pool = pool();
    insert(&mut pool, [transaction(ALICE, 0), transaction(ALICE, 1), transaction(BOB, 0)]);
    // A thread settled Alice's first transaction while her own copy of it was still waiting.
    pool.settle([(ContractAddress::from(ALICE), nonce(1)), (ContractAddress::from(BOB), nonce(0))]);
    let dropped = pool.status(transaction(ALICE, 0).hash);
    assert!(matches!(dropped, Some(PoolStatus::Rejected { reason }) if reason.contains("was consumed")));
    assert_eq!(drain(&mut pool), hashes(&[transaction(ALICE, 1), transaction(BOB, 0)]));
    pool.settle([(ContractAddress::from(ALICE), nonce(2)), (ContractAddress::from(BOB), nonce(1))]);
    assert_eq!((pool.bytes, pool.accounts.len(), pool.places.len()), (0, 0, 0));
}

#[test]
fn a_full_pool_drops_what_cannot_execute_for_what_can() {
    let mut pool = Pool::new(Limits { transactions: 2, ..Limits::default() });
    insert(&mut pool, [transaction(ALICE, 0), transaction(ALICE, 5)]);
    let gapped = pool.insert(transaction(BOB, 3), nonce(0));
    assert_eq!(gapped, Err(SubmitError::Full { capacity: 2 }));
    pool.insert(transaction(BOB, 0), nonce(0)).unwrap();
    assert!(matches!(pool.status(transaction(ALICE, 5).hash), Some(PoolStatus::Rejected { .. })));
    assert_eq!(pool.insert(transaction(BOB, 1), nonce(0)), Err(SubmitError::Full { capacity: 2 }));
}

#[test]
fn bytes_are_bounded_too() {
    let mut pool = Pool::new(Limits { bytes: 2_500, ..Limits::default() });
    insert(&mut pool, [transaction(ALICE, 0), transaction(ALICE, 1)]);
    assert!(matches!(pool.insert(transaction(ALICE, 2), nonce(0)), Err(SubmitError::Full { .. })));
}
