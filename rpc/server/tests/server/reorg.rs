//! Reverted blocks: whoever was told of them is told that they are gone, and then of those that take their place.

use serde_json::{Value, json};

use crate::chain::Chain;

fn reorg(first: &Value, last: &Value) -> Value {
    json!({
        "starting_block_hash": first["block_hash"],
        "starting_block_number": first["block_number"],
        "ending_block_hash": last["block_hash"],
        "ending_block_number": last["block_number"],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_go_back_and_on() {
    let chain = Chain::start().await;
    chain.make_blocks(3);
    let mut socket = chain.socket().await;
    let id = socket.subscribe("NewHeads", json!([{ "block_number": 1 }])).await;
    let mut heads = Vec::new();
    for _ in 1..=3 {
        heads.push(socket.notification("NewHeads", &id).await);
    }
    chain.pool.revert_to(1);
    assert_eq!(socket.notification("Reorg", &id).await, reorg(&heads[1], &heads[2]));
    chain.transfer(0).await;
    let second = socket.notification("NewHeads", &id).await;
    assert_eq!(second["block_number"], 2);
    assert_eq!(second["parent_hash"], heads[0]["block_hash"]);
    assert_ne!(second["block_hash"], heads[1]["block_hash"]);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_told_once() {
    let chain = Chain::start().await;
    let hash = chain.transfer(0).await;
    let mut socket = chain.socket().await;
    let events = socket.subscribe("Events", json!({ "block_id": { "block_number": 1 } })).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        told.push(socket.notification("Events", &events).await);
    }
    let status = socket.subscribe("TransactionStatus", json!([hash])).await;
    socket.notification("TransactionStatus", &status).await;
    let transactions = socket.subscribe("NewTransactions", json!([])).await;
    let receipts = socket.subscribe("NewTransactionReceipts", json!([])).await;
    let gone = chain.ok("starknet_blockHashAndNumber", json!([])).await;
    chain.pool.revert_to(0);
    for id in [&events, &status, &transactions, &receipts] {
        assert_eq!(socket.notification("Reorg", id).await, reorg(&gone, &gone));
    }
    // The same transaction again, in another block.
    chain.make_blocks(1);
    chain.transfer(0).await;
    let mut seen = Vec::new();
    for _ in 0..told.len() + 5 {
        let (method, id, result) = socket.any_notification().await;
        if method == "Events" {
            assert_eq!((&id, &result["block_number"]), (&events, &json!(2)));
        }
        seen.push(method);
    }
    seen.sort();
    assert_eq!(seen[..2], ["Events", "Events"]);
    assert_eq!(seen[2..4], ["NewTransaction", "NewTransactionReceipts"]);
    // It is received, executed and stored once more.
    assert_eq!(seen[4..], ["TransactionStatus"; 3]);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_not_told_of_a_block_is_not_told_that_it_is_gone() {
    let chain = Chain::start().await;
    chain.make_blocks(2);
    chain.pool.revert_to(1);
    let mut socket = chain.socket().await;
    let id = socket.subscribe("NewHeads", json!([{ "block_number": 0 }])).await;
    for number in 0..=1 {
        assert_eq!(socket.notification("NewHeads", &id).await["block_number"], number);
    }
    chain.make_blocks(1);
    assert_eq!(socket.notification("NewHeads", &id).await["block_number"], 2);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_that_change_while_they_are_read() {
    let chain = Chain::start_patient().await;
    chain.make_blocks(60);
    let mut socket = chain.socket().await;
    let id = socket.subscribe("NewHeads", json!([{ "block_number": 0 }])).await;
    let pool = chain.pool.clone();
    let making = tokio::task::spawn_blocking(move || {
        for round in 0..20 {
            pool.revert_to(40 + round % 7);
            (0..16).for_each(|_| pool.release());
        }
    });
    making.await.unwrap();
    chain.make_blocks(1);
    let newest = chain.ok("starknet_blockHashAndNumber", json!([])).await["block_hash"].clone();
    let mut heads: Vec<Value> = Vec::new();
    while heads.last().is_none_or(|head| head["block_hash"] != newest) {
        let (method, subscription, result) = socket.any_notification().await;
        assert_eq!(subscription, id);
        if method == "Reorg" {
            let first = result["starting_block_number"].as_u64().unwrap() as usize;
            assert!(first < heads.len());
            heads.truncate(first);
            continue;
        }
        assert_eq!(result["block_number"], heads.len());
        let parent = heads.last().map(|head| &head["block_hash"]);
        assert!(parent.is_none_or(|parent| *parent == result["parent_hash"]), "{result}");
        heads.push(result);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_begins_anew_forgets_who_subscribed() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    let before = socket.subscribe("NewHeads", json!([])).await;
    let other = socket.subscribe("NewTransactions", json!([])).await;
    chain.pool.restart();
    // One that begins right after it is none of those.
    let after = socket.subscribe("NewHeads", json!([])).await;
    chain.transfer(0).await;
    assert_eq!(socket.notification("NewHeads", &after).await["block_number"], 1);
    for forgotten in [before, other] {
        assert_eq!(socket.error("starknet_unsubscribe", json!([forgotten])).await, 66);
    }
    chain.server.stop().await;
}
