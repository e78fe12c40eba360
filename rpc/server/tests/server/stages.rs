//! A transaction on its way, as subscriptions to a status, to transactions and to receipts tell it.

use std::sync::Arc;

use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::Transaction;
use zkthreads_rpc_api::ChainEvent;

use crate::chain::{ALICE, BOB, Chain, STRK};
use crate::package::{envelope, package};
use crate::transactions::{invoke, to_json, transfer};

fn status(hash: &Value, finality: &str) -> Value {
    let status = match finality {
        "RECEIVED" => json!({ "finality_status": finality }),
        finality => json!({ "finality_status": finality, "execution_status": "SUCCEEDED" }),
    };
    json!({ "transaction_hash": hash, "status": status })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status() {
    let chain = Chain::start().await;
    chain.pool.hold();
    let transaction = invoke(ALICE, 0, transfer(BOB, 5));
    let hash = json!(crate::transactions::hash(&transaction));
    let mut early = chain.socket().await;
    let from_the_start = early.subscribe("TransactionStatus", json!([hash])).await;
    // It is not known yet, but may be waited for.
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&transaction)])).await;
    let told = |finality| status(&hash, finality);
    assert_eq!(early.notification("TransactionStatus", &from_the_start).await, told("RECEIVED"));
    let mut late = chain.socket().await;
    let waiting = late.subscribe("TransactionStatus", json!({ "transaction_hash": hash })).await;
    assert_eq!(late.notification("TransactionStatus", &waiting).await, told("RECEIVED"));
    chain.pool.execute();
    for (socket, id) in [(&mut early, &from_the_start), (&mut late, &waiting)] {
        assert_eq!(socket.notification("TransactionStatus", id).await, told("PRE_CONFIRMED"));
    }
    chain.pool.release();
    assert_eq!(early.notification("TransactionStatus", &from_the_start).await, told("ACCEPTED_ON_L2"));
    chain.make_blocks(1);
    chain.pool.accept_on_l1(1);
    assert_eq!(early.notification("TransactionStatus", &from_the_start).await, told("ACCEPTED_ON_L1"));
    for finality in ["ACCEPTED_ON_L2", "ACCEPTED_ON_L1"] {
        assert_eq!(late.notification("TransactionStatus", &waiting).await, told(finality));
    }
    let afterwards = late.subscribe("TransactionStatus", json!([hash])).await;
    assert_eq!(late.notification("TransactionStatus", &afterwards).await, told("ACCEPTED_ON_L1"));
    for wrong in [json!([]), json!(["hash"]), json!({ "hash": hash }), json!([hash, hash])] {
        assert_eq!(late.error("starknet_subscribeTransactionStatus", wrong).await, -32602);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_inside_a_thread() {
    let chain = Chain::start().await;
    let bytes = package(&chain, Felt::ZERO).encode();
    let thread = envelope(ALICE, 0, &bytes);
    let inner = [1, 2_u64].map(|amount| {
        let inner = invoke(BOB, amount - 1, transfer(STRK, amount.into()));
        json!(crate::transactions::hash(&inner))
    });
    let mut socket = chain.socket().await;
    let first = socket.subscribe("TransactionStatus", json!([inner[0]])).await;
    let second = socket.subscribe("TransactionStatus", json!([inner[1]])).await;
    let of_thread = crate::transactions::hash(&thread);
    chain.pool.settle(invoke(ALICE, 0, vec![Felt::ZERO]), thread, of_thread, &bytes);
    let told = socket.notification("TransactionStatus", &first).await;
    assert_eq!(told, status(&inner[0], "ACCEPTED_ON_L2"));
    let told = socket.notification("TransactionStatus", &second).await;
    assert_eq!(told["status"]["execution_status"], "REVERTED");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions() {
    let chain = Chain::start().await;
    chain.pool.hold();
    let mut socket = chain.socket().await;
    let stored = socket.subscribe("NewTransactions", json!([])).await;
    let every = json!({
        "finality_status": ["RECEIVED", "CANDIDATE", "PRE_CONFIRMED", "ACCEPTED_ON_L2"],
        "sender_address": [ALICE],
        "tags": ["INCLUDE_PROOF_FACTS"],
    });
    let every = socket.subscribe("NewTransactions", every).await;
    let of_bob = socket.subscribe("NewTransactions", json!([["RECEIVED", "ACCEPTED_ON_L2"], [BOB]])).await;
    let hash = chain.transfer(0).await;
    let expected = |finality: &str, known: &Value| {
        let mut expected = known.clone();
        expected["finality_status"] = finality.into();
        expected
    };
    let plain = chain.ok("starknet_getTransactionByHash", json!([hash])).await;
    let flags = json!([hash, ["INCLUDE_PROOF_FACTS"]]);
    let tagged = chain.ok("starknet_getTransactionByHash", flags).await;
    assert_eq!(tagged["proof_facts"], json!([]));
    assert_eq!(socket.notification("NewTransaction", &every).await, expected("RECEIVED", &tagged));
    chain.pool.execute();
    assert_eq!(socket.notification("NewTransaction", &every).await, expected("PRE_CONFIRMED", &tagged));
    chain.pool.release();
    assert_eq!(socket.notification("NewTransaction", &stored).await, expected("ACCEPTED_ON_L2", &plain));
    assert_eq!(socket.notification("NewTransaction", &every).await, expected("ACCEPTED_ON_L2", &tagged));
    // None of this was Bob's.
    let own = to_json(&invoke(BOB, 0, transfer(ALICE, 1)));
    chain.ok("starknet_addInvokeTransaction", json!([own])).await;
    let first = socket.notification("NewTransaction", &of_bob).await;
    assert_eq!((&first["sender_address"], &first["finality_status"]), (&json!(BOB), &json!("RECEIVED")));

    let method = "starknet_subscribeNewTransactions";
    let many: Vec<_> = (0..1025).map(|address| format!("{address:#x}")).collect();
    assert_eq!(socket.error(method, json!({ "sender_address": many })).await, 67);
    for wrong in [
        json!({ "finality_status": "RECEIVED" }),
        json!({ "finality_status": ["ACCEPTED_ON_L1"] }),
        json!({ "sender_address": BOB }),
        json!({ "tags": ["INCLUDE_ALL"] }),
        json!({ "block_id": "latest" }),
    ] {
        assert_eq!(socket.error(method, wrong.clone()).await, -32602, "{wrong}");
    }
    chain.server.stop().await;
}

/// From the moment on at which the client has the subscription's id, again and again: there is no moment in between.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_once_a_subscription_is_answered_is_told() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    let sent = invoke(ALICE, 0, transfer(BOB, 5));
    let event = ChainEvent::Received {
        hash: crate::transactions::hash(&sent),
        sender: sent.sender_address,
        transaction: Arc::new(Transaction::Invoke(sent)),
    };
    for _ in 0..200 {
        let id = socket.subscribe("NewTransactions", json!([["RECEIVED"]])).await;
        chain.pool.feed.publish(event.clone());
        let told = socket.notification("NewTransaction", &id).await;
        assert_eq!(told["finality_status"], "RECEIVED");
        socket.ok("starknet_unsubscribe", json!([id])).await;
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts() {
    let chain = Chain::start().await;
    chain.pool.hold();
    let mut socket = chain.socket().await;
    let stored =
        socket.subscribe("NewTransactionReceipts", json!({ "sender_address": [ALICE, "0x1"] })).await;
    let both = json!([["PRE_CONFIRMED", "ACCEPTED_ON_L2"]]);
    let both = socket.subscribe("NewTransactionReceipts", both).await;
    socket.subscribe("NewTransactionReceipts", json!([["PRE_CONFIRMED", "ACCEPTED_ON_L2"], [BOB]])).await;
    let hash = chain.transfer(0).await;
    chain.pool.execute();
    let receipt = async || chain.ok("starknet_getTransactionReceipt", json!([hash])).await;
    let open = receipt().await;
    assert_eq!((&open["finality_status"], open.get("block_hash")), (&json!("PRE_CONFIRMED"), None));
    assert_eq!(socket.notification("NewTransactionReceipts", &both).await, open);
    chain.pool.release();
    for id in [&stored, &both] {
        assert_eq!(socket.notification("NewTransactionReceipts", id).await, receipt().await);
    }
    let method = "starknet_subscribeNewTransactionReceipts";
    let many: Vec<_> = (0..1025).map(|address| format!("{address:#x}")).collect();
    assert_eq!(socket.error(method, json!({ "sender_address": many })).await, 67);
    for wrong in ["RECEIVED", "CANDIDATE", "ACCEPTED_ON_L1"] {
        assert_eq!(socket.error(method, json!([[wrong]])).await, -32602);
    }
    chain.server.stop().await;
}
