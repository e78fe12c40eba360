//! Events: by emitter, by keys, old and new, in the open block and once it is stored.

use serde_json::{Value, json};

use crate::chain::{ALICE, BOB, Chain, STRK};
use crate::transactions::{invoke, to_json, transfer};

impl Chain {
    /// Sends a transfer of Alice's; answers its hash.
    pub(crate) async fn transfer(&self, nonce: u64) -> Value {
        let transaction = to_json(&invoke(ALICE, nonce, transfer(BOB, 5)));
        let added = self.ok("starknet_addInvokeTransaction", json!([transaction])).await;
        added["transaction_hash"].clone()
    }

    /// All events up to the latest block, as `starknet_getEvents` knows them.
    async fn events(&self, filter: Value) -> Vec<Value> {
        let mut filter = filter;
        filter["from_block"] = json!({ "block_number": 0 });
        filter["chunk_size"] = 1000.into();
        let chunk = self.ok("starknet_getEvents", json!([filter])).await;
        chunk["events"].as_array().unwrap().clone()
    }
}

/// An event of `starknet_getEvents` as a subscription tells it.
fn told(mut event: Value, finality: &str) -> Value {
    event["finality_status"] = finality.into();
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_old_blocks() {
    let chain = Chain::start().await;
    chain.transfer(0).await;
    chain.transfer(1).await;
    chain.pool.accept_on_l1(1);
    let mut socket = chain.socket().await;
    let of_strk = chain.events(json!({ "address": STRK })).await;
    let key = of_strk[0]["keys"][0].clone();
    let start = json!({ "block_number": 0 });
    for (filter, params) in [
        (json!({}), json!({ "block_id": start })),
        (json!({ "address": STRK }), json!({ "block_id": start, "from_address": STRK })),
        (json!({ "address": [STRK] }), json!([[STRK, "0x1"], null, start])),
        (json!({ "keys": [[key]] }), json!({ "block_id": start, "keys": [[key, "0x1"]] })),
        (json!({ "keys": [[], [ALICE]] }), json!({ "block_id": start, "keys": [[], [ALICE]] })),
    ] {
        let id = socket.subscribe("Events", params.clone()).await;
        let expected = chain.events(filter).await;
        assert!(!expected.is_empty(), "{params}");
        for event in expected {
            let finality = if event["block_number"] == 1 { "ACCEPTED_ON_L1" } else { "ACCEPTED_ON_L2" };
            assert_eq!(socket.notification("Events", &id).await, told(event, finality), "{params}");
        }
        socket.ok("starknet_unsubscribe", json!([id])).await;
    }
    // Without a block they begin with the latest one.
    let mut latest = chain.events(json!({})).await;
    latest.retain(|event| event["block_number"] == 2);
    for params in [json!([]), json!({ "block_id": "latest" })] {
        let id = socket.subscribe("Events", params).await;
        for event in &latest {
            let expected = told(event.clone(), "ACCEPTED_ON_L2");
            assert_eq!(socket.notification("Events", &id).await, expected);
        }
        socket.ok("starknet_unsubscribe", json!([id])).await;
    }
    // Nobody emits these; what follows them is the next block.
    let nothing = socket.subscribe("Events", json!({ "block_id": start, "from_address": "0x1" })).await;
    let heads = socket.subscribe("NewHeads", json!([])).await;
    chain.transfer(2).await;
    assert_eq!(socket.notification("NewHeads", &heads).await["block_number"], 3, "{nothing}");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_block() {
    let chain = Chain::start().await;
    chain.pool.hold();
    chain.transfer(0).await;
    chain.pool.execute();
    let mut both = chain.socket().await;
    let every = both.subscribe("Events", json!({ "finality_status": "PRE_CONFIRMED" })).await;
    let mut stored = chain.socket().await;
    let only_stored = stored.subscribe("Events", json!({ "finality_status": "ACCEPTED_ON_L2" })).await;
    // What the open block held before comes first, then what it takes.
    chain.transfer(1).await;
    chain.pool.execute();
    let filter = json!({ "to_block": "pre_confirmed", "chunk_size": 1000 });
    let shown = chain.ok("starknet_getEvents", json!([filter])).await;
    let mut open = Vec::new();
    for _ in shown["events"].as_array().unwrap() {
        let event = both.notification("Events", &every).await;
        assert_eq!(event["finality_status"], "PRE_CONFIRMED");
        assert_eq!((&event["block_number"], event.get("block_hash")), (&json!(1), None));
        open.push(event);
    }
    chain.pool.release();
    let expected = chain.events(json!({})).await;
    assert_eq!(open.len(), expected.len());
    for (event, open) in expected.into_iter().zip(open) {
        let expected = told(event, "ACCEPTED_ON_L2");
        assert_eq!(both.notification("Events", &every).await, expected);
        assert_eq!(stored.notification("Events", &only_stored).await, expected);
        let mut same = expected;
        same["finality_status"] = "PRE_CONFIRMED".into();
        same.as_object_mut().unwrap().remove("block_hash");
        assert_eq!(open, same);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_filters() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    let mut error = async |params: Value| socket.error("starknet_subscribeEvents", params).await;
    assert_eq!(error(json!({ "keys": vec![["0x1"]; 257] })).await, 34);
    assert_eq!(error(json!({ "keys": [vec!["0x1"; 257]] })).await, 34);
    let addresses: Vec<_> = (0..257).map(|address| format!("{address:#x}")).collect();
    for params in [
        json!({ "from_address": addresses }),
        json!({ "from_address": 5 }),
        json!({ "from_address": "0xzz" }),
        json!({ "keys": "0x1" }),
        json!({ "finality_status": "RECEIVED" }),
        json!({ "finality_status": ["PRE_CONFIRMED"] }),
        json!({ "address": "0x1" }),
        json!([[], [], "latest", "ACCEPTED_ON_L2", 5]),
    ] {
        assert_eq!(error(params.clone()).await, -32602, "{params}");
    }
    chain.server.stop().await;
}
