//! Expiry, and what listeners are told.

use std::sync::atomic::Ordering;
use std::time::Duration;

use zkthreads_mempool::MempoolLimits;
use zkthreads_rpc_api::{ChainEvent, PoolStatus, TransactionSink};

use super::{Chain, User};

#[tokio::test]
async fn time_goes_on_over_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let limits = MempoolLimits { ttl: Duration::from_secs(100), ..MempoolLimits::default() };
    let chain = Chain::open(directory.path(), limits, 1_000);
    let [alice, bob] = [0, 1].map(User::new);
    let old = chain.submit(alice.ahead(1).transfer()).await.unwrap();
    chain.now.store(1_050, Ordering::Relaxed);
    let young = chain.submit(bob.ahead(1).transfer()).await.unwrap();
    chain.now.store(1_099, Ordering::Relaxed);
    drop(chain.reopen(directory.path()));

    let chain = Chain::open(directory.path(), limits, 1_099);
    chain.mempool.restore().unwrap();
    assert_eq!(chain.mempool.status(old), Some(PoolStatus::Received));
    chain.now.store(1_100, Ordering::Relaxed);
    let reason = "expired after 100 seconds in the pool".to_owned();
    assert_eq!(chain.mempool.status(old), Some(PoolStatus::Rejected { reason }));
    assert_eq!(chain.mempool.status(young), Some(PoolStatus::Received));
    assert_eq!(chain.journal(), [young]);
}

#[tokio::test]
async fn listeners_are_told_what_comes_and_what_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::open(directory.path(), MempoolLimits::default(), 0);
    let mut events = chain.feed.subscribe();
    let alice = User::new(0);
    let first = chain.submit(alice.transfer()).await.unwrap();
    let second = chain.submit(alice.with_tip(1).transfer()).await.unwrap();
    assert!(chain.submit(alice.transfer()).await.is_err());
    chain.now.store(u64::MAX, Ordering::Relaxed);
    assert!(chain.mempool.take().is_none());

    let mut seen = Vec::new();
    while let Ok(event) = events.try_recv() {
        seen.push(match event {
            ChainEvent::Received { hash, sender, .. } => {
                assert_eq!(sender, alice.address());
                (hash, "received".to_owned())
            }
            ChainEvent::Rejected { hash, reason } => (hash, reason),
            event => panic!("{event:?}"),
        });
    }
    let expected = [
        (first, "received".to_owned()),
        (second, "received".to_owned()),
        (first, format!("replaced by {second}")),
        (second, "expired after 10800 seconds in the pool".to_owned()),
    ];
    assert_eq!(seen, expected);
}
