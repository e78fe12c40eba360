//! The node's chain goes on and back, goes away and is another one.

use starknet_api::block::BlockNumber;
use starknet_api::core::ChainId;
use zkthreads_batcher::follow::Unfollowed;
use zkthreads_execution::Executor;

use super::gate::Gate;
use super::harness::Harness;
use super::node::Node;
use crate::support::TestChain;

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_has_what_the_node_has() {
    let mut node = Node::start(5).await;
    let thread = Harness::follow(&node, &node.url(), 64).await;
    thread.has_all_of(&node).await;
    assert_eq!(thread.executor.storage().fork(), None);
    for blocks in [1, 4] {
        node.grow(blocks);
        thread.has_all_of(&node).await;
    }
    assert!(thread.handle.status().node.reachable);
    assert_eq!(thread.stop().await, Unfollowed::ShutDown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_begins_a_little_below_the_newest_block() {
    let mut node = Node::start(12).await;
    let thread = Harness::follow(&node, &node.url(), 4).await;
    thread.has_all_of(&node).await;
    assert_eq!(thread.executor.storage().fork().map(|fork| fork.number), Some(BlockNumber(8)));
    node.go_another_way(9, 5);
    thread.has_all_of(&node).await;
    assert_eq!(thread.stop().await, Unfollowed::ShutDown);
}

/// Of one block or many, with more blocks in their place or fewer, or none.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_the_node_takes_back_are_taken_back() {
    let mut node = Node::start(20).await;
    let thread = Harness::follow(&node, &node.url(), 64).await;
    thread.has_all_of(&node).await;
    for (to, blocks) in [(19, 1), (19, 2), (14, 9), (13, 2), (11, 0), (0, 3), (0, 0)] {
        node.go_another_way(to, blocks);
        thread.has_all_of(&node).await;
        node.grow(7);
        thread.has_all_of(&node).await;
    }
    assert_eq!(thread.stop().await, Unfollowed::ShutDown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_below_the_fork_needs_a_new_one() {
    let mut node = Node::start(12).await;
    let thread = Harness::follow(&node, &node.url(), 4).await;
    thread.has_all_of(&node).await;
    node.go_another_way(8, 6);
    assert_eq!(thread.ends().await, Unfollowed::Refork { first: BlockNumber(9) });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_away_is_followed_again() {
    let mut node = Node::start(3).await;
    let gate = Gate::to(&node.url()).await;
    let thread = Harness::follow(&node, &gate.url(), 64).await;
    thread.has_all_of(&node).await;
    for _ in 0..2 {
        gate.close();
        thread.until("the node is away", |handle| !handle.status().node.reachable).await;
        assert!(thread.handle.status().node.error.is_some());
        node.grow(4);
        gate.lead_to(&node.url());
        thread.has_all_of(&node).await;
        thread.until("the node is back", |handle| handle.status().node.reachable).await;
        assert_eq!(thread.handle.status().node.error, None);
    }
    assert_eq!(thread.stop().await, Unfollowed::ShutDown);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_is_not_followed() {
    let node = Node::start(3).await;
    let gate = Gate::to(&node.url()).await;
    let thread = Harness::follow(&node, &gate.url(), 64).await;
    thread.has_all_of(&node).await;
    gate.close();
    thread.until("the node is away", |handle| !handle.status().node.reachable).await;

    let mut other = TestChain::new(2);
    let mut config = other.executor.config().clone();
    let expected = config.chain_id.clone();
    config.chain_id = ChainId::Other("SOMEWHERE_ELSE".to_owned());
    other.executor = Executor::new(other.executor.storage().clone(), config);
    let other = Node::serve(other, 0).await;
    gate.lead_to(&other.url());
    let found = ChainId::Other("SOMEWHERE_ELSE".to_owned());
    assert_eq!(thread.ends().await, Unfollowed::OtherChain { expected, found });
}

/// It has the same name, but began elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_begins_elsewhere_needs_a_new_fork() {
    let node = Node::start(3).await;
    let gate = Gate::to(&node.url()).await;
    let thread = Harness::follow(&node, &gate.url(), 64).await;
    thread.has_all_of(&node).await;
    let other = Node::serve(TestChain::new(3), 9).await;
    gate.lead_to(&other.url());
    assert_eq!(thread.ends().await, Unfollowed::Refork { first: BlockNumber(0) });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_has_stopped_is_not_followed_for() {
    let mut node = Node::start(3).await;
    let thread = Harness::follow(&node, &node.url(), 64).await;
    thread.has_all_of(&node).await;
    thread.handle.stop();
    node.grow(1);
    assert_eq!(thread.ends().await, Unfollowed::ThreadStopped);
}
