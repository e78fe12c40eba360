//! New heads: from now on, from an old block on, and both without a seam.

use serde_json::{Value, json};

use crate::chain::Chain;

impl Chain {
    /// The header of a block, as `starknet_getBlockWithTxHashes` knows it.
    async fn head(&self, number: u64) -> Value {
        let mut block = self.ok("starknet_getBlockWithTxHashes", json!([{ "block_number": number }])).await;
        let fields = block.as_object_mut().unwrap();
        fields.remove("status");
        fields.remove("transactions");
        block
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_now_on() {
    let chain = Chain::start().await;
    chain.make_blocks(2);
    let mut socket = chain.socket().await;
    for params in [json!([]), json!({}), json!(["latest"]), json!({ "block_id": "latest" })] {
        let id = socket.subscribe("NewHeads", params).await;
        chain.make_blocks(1);
        let head = socket.notification("NewHeads", &id).await;
        let latest = chain.ok("starknet_blockNumber", json!([])).await;
        assert_eq!(head, chain.head(latest.as_u64().unwrap()).await);
        assert_eq!(socket.ok("starknet_unsubscribe", json!([id])).await, true);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_old_block_on() {
    let chain = Chain::start().await;
    chain.make_blocks(5);
    let mut socket = chain.socket().await;
    let hash = chain.head(3).await["block_hash"].clone();
    for (block, first) in [
        (json!({ "block_number": 0 }), 0),
        (json!({ "block_number": 5 }), 5),
        (json!({ "block_hash": hash }), 3),
    ] {
        let id = socket.subscribe("NewHeads", json!([block])).await;
        for number in first..=5 {
            assert_eq!(socket.notification("NewHeads", &id).await, chain.head(number).await);
        }
        socket.ok("starknet_unsubscribe", json!({ "subscription_id": id })).await;
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_gap_and_no_duplicate_while_blocks_are_made() {
    let chain = Chain::start_patient().await;
    chain.make_blocks(40);
    let pool = chain.pool.clone();
    let making = std::thread::spawn(move || (0..160).for_each(|_| pool.release()));
    let mut sockets = Vec::new();
    for first in [0, 10, 39, 40] {
        let mut socket = chain.socket().await;
        let id = socket.subscribe("NewHeads", json!([{ "block_number": first }])).await;
        sockets.push((socket, id, first));
    }
    for (socket, id, first) in &mut sockets {
        let mut parent = None;
        for number in *first..=200 {
            let head = socket.notification("NewHeads", id).await;
            assert_eq!(head["block_number"], number);
            assert!(parent.is_none_or(|parent| head["parent_hash"] == parent));
            parent = Some(head["block_hash"].clone());
        }
    }
    making.join().unwrap();
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_too_far_back() {
    let chain = Chain::start().await;
    chain.make_blocks(1025);
    let mut socket = chain.socket().await;
    for method in ["starknet_subscribeNewHeads", "starknet_subscribeEvents"] {
        let mut error = async |block: Value| socket.error(method, json!({ "block_id": block })).await;
        assert_eq!(error(json!({ "block_number": 0 })).await, 68);
        assert_eq!(error(json!({ "block_number": 1026 })).await, 24);
        assert_eq!(error(json!({ "block_hash": "0x1" })).await, 24);
        for wrong in
            [json!("pre_confirmed"), json!("pending"), json!("l1_accepted"), json!("newest"), json!(7)]
        {
            assert_eq!(error(wrong).await, -32602);
        }
    }
    let id = socket.subscribe("NewHeads", json!([{ "block_number": 1 }])).await;
    for number in 1..=1025 {
        assert_eq!(socket.notification("NewHeads", &id).await["block_number"], number);
    }
    chain.server.stop().await;
}
