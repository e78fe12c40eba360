//! Where a thread begins, and what a node's blocks come as.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonrpsee::RpcModule;
use jsonrpsee::server::{Server, ServerHandle};
use jsonrpsee::types::ErrorObjectOwned;
use serde_json::{Value, json};
use starknet_api::block::BlockNumber;
use zkthreads_batcher::follow::{BeginError, begin, fork_point};
use zkthreads_client::{NodeClient, NodeError};
use zkthreads_execution::Executor;
use zkthreads_storage::{BlockBytesError, ForkPoint};

use super::harness::open_following;
use super::node::Node;
use crate::support::TestChain;

#[tokio::test(flavor = "multi_thread")]
async fn the_fork_is_so_many_blocks_below() {
    let node = Node::start(10).await;
    let client = node.client();
    assert_eq!(client.latest().await.unwrap(), node.head());
    let hash = |number| client.block_hash(BlockNumber(number));
    assert_eq!(hash(11).await.unwrap(), None);
    for depth in [1, 3, 10] {
        let number = 10 - depth;
        let expected = ForkPoint { number: BlockNumber(number), hash: hash(number).await.unwrap().unwrap() };
        assert_eq!(fork_point(&client, depth).await.unwrap(), Some(expected), "{depth} blocks below");
    }
    for depth in [11, 64, u64::MAX] {
        assert_eq!(fork_point(&client, depth).await.unwrap(), None);
    }

    let directory = tempfile::tempdir().unwrap();
    let fork = fork_point(&client, 3).await.unwrap();
    let storage = open_following(&directory, &node, fork);
    for _once_more in 0..2 {
        begin(&client, &storage).await.unwrap();
        assert_eq!(storage.latest().unwrap(), Some(BlockNumber(8)));
    }
}

/// A node that is a fork itself does not have the blocks of its origin.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_forked_where_it_has_blocks() {
    let node = Node::start(40).await;
    for first in [1, 7, 39, 40] {
        let mut upper = TestChain::new(2);
        let directory = tempfile::tempdir().unwrap();
        let below = BlockNumber(first - 1);
        let hash = node.client().block_hash(below).await.unwrap().unwrap();
        let fork = ForkPoint { number: below, hash };
        let storage = open_following(&directory, &node, Some(fork));
        for number in first..=40 {
            storage.follow(node.client().export_block(BlockNumber(number)).await.unwrap().unwrap()).unwrap();
        }
        upper.executor = Executor::new(storage, upper.executor.config().clone());
        let upper = Node::serve(upper, 0).await;
        assert_eq!(fork_point(&upper.client(), 64).await.unwrap(), Some(fork));
        assert_eq!(upper.client().export_block(below).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_away_is_not_begun_on() {
    let client = NodeClient::new("http://127.0.0.1:1").unwrap();
    let error = fork_point(&client, 64).await.unwrap_err();
    assert!(matches!(&error, BeginError::Node(error) if error.is_passing()), "{error}");
}

/// A server that hands out these parts of any block.
async fn parts(parts: Vec<Value>) -> (NodeClient, ServerHandle) {
    let mut module = RpcModule::new(parts);
    module
        .register_method("zkthread_exportBlock", |params, parts, _| {
            let params: Value = params.parse()?;
            let part = params["part"].as_u64().and_then(|part| parts.get(part as usize)).cloned();
            part.ok_or_else(|| ErrorObjectOwned::owned(24, "Block not found", None::<()>))
        })
        .unwrap();
    let server = Server::builder().build("127.0.0.1:0").await.unwrap();
    let client = NodeClient::new(&format!("http://{}", server.local_addr().unwrap())).unwrap();
    (client, server.start(module))
}

fn part(count: usize, bytes: &[u8]) -> Value {
    json!({ "block_hash": "0xb10c", "parts": count, "data": STANDARD.encode(bytes) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_comes_in_parts() {
    let node = Node::start(1).await;
    let block = node.client().export_block(BlockNumber(1)).await.unwrap().unwrap();
    assert_eq!(node.chain.executor.storage().export_block(BlockNumber(1)).unwrap().as_ref(), Some(&block));
    let bytes = node.bytes(1);
    let (head, tail) = bytes.split_at(1_000);
    let all = vec![part(2, head), part(2, tail)];
    let (client, _server) = parts(all.clone()).await;
    assert_eq!(client.export_block(BlockNumber(1)).await.unwrap(), Some(block));
    // It is not the block that was asked for.
    let error = client.export_block(BlockNumber(2)).await.unwrap_err();
    assert!(matches!(error, NodeError::OutOfRange { field: "block's number", .. }), "{error}");
    // It was taken back meanwhile.
    let (client, _server) = parts(all[..1].to_vec()).await;
    assert_eq!(client.export_block(BlockNumber(1)).await.unwrap(), None);
    let (client, _server) = parts(vec![]).await;
    assert_eq!(client.export_block(BlockNumber(1)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_block_is_an_error() {
    let node = Node::start(1).await;
    let bytes = node.bytes(1);
    let mut other_version = bytes.clone();
    other_version[11] = 99;
    let error = async |answer: Value| {
        let (client, _server) = parts(vec![answer]).await;
        client.export_block(BlockNumber(1)).await.unwrap_err()
    };
    let version = error(part(1, &other_version)).await;
    assert!(
        matches!(version, NodeError::Block(BlockBytesError::SchemaVersion { found: 99, .. })),
        "{version}"
    );
    let cut_off = error(part(1, &bytes[..500])).await;
    assert!(matches!(cut_off, NodeError::Block(BlockBytesError::Damaged(_))), "{cut_off}");
    let nonsense = error(part(1, b"nonsense")).await;
    assert!(matches!(nonsense, NodeError::Block(BlockBytesError::NotABlock)), "{nonsense}");
    let no_base64 = error(json!({ "block_hash": "0xb10c", "parts": 1, "data": "!" })).await;
    assert!(matches!(no_base64, NodeError::OutOfRange { field: "part of a block", .. }), "{no_base64}");
    let no_parts = error(json!({ "block_hash": "0xb10c" })).await;
    assert!(matches!(no_parts, NodeError::Zkthread(_)), "{no_parts}");
}
