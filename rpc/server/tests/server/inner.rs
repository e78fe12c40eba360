//! The inner transactions of a thread that settles, as subscriptions tell of them: by their own hashes.

use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

use crate::chain::{ALICE, BOB, Chain, STRK};
use crate::package::{envelope, package};
use crate::transactions::{hash, invoke, transfer};

/// Hashes of the inner transactions and of the thread, which settles now.
fn settle(chain: &Chain) -> ([Value; 2], Value) {
    let bytes = package(chain, Felt::ZERO).encode();
    let thread = envelope(ALICE, 0, &bytes);
    let inner = [1, 2_u64].map(|amount| json!(hash(&invoke(BOB, amount - 1, transfer(STRK, amount.into())))));
    let of_thread = hash(&thread);
    chain.pool.settle(invoke(ALICE, 0, vec![Felt::ZERO]), thread, of_thread, &bytes);
    (inner, json!(of_thread))
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_of_a_user() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    let of_bob = socket.subscribe("NewTransactionReceipts", json!({ "sender_address": [BOB] })).await;
    let (inner, _) = settle(&chain);
    for hash in &inner {
        let told = socket.notification("NewTransactionReceipts", &of_bob).await;
        assert_eq!(told, chain.ok("starknet_getTransactionReceipt", json!([hash])).await);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_transactions_in_the_order_of_their_effects() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    let all = socket.subscribe("NewTransactions", json!([])).await;
    let (inner, thread) = settle(&chain);
    for hash in inner.iter().chain([&thread]) {
        let told = socket.notification("NewTransaction", &all).await;
        assert_eq!((&told["transaction_hash"], &told["finality_status"]), (hash, &json!("ACCEPTED_ON_L2")));
        let mut known = chain.ok("starknet_getTransactionByHash", json!([hash])).await;
        known["finality_status"] = json!("ACCEPTED_ON_L2");
        assert_eq!(told, known);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_carry_the_hash_of_the_transaction_that_emitted_them() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    let subscription = socket.subscribe("Events", json!({ "from_address": STRK })).await;
    let ([first, second], thread) = settle(&chain);
    let filter = json!({ "address": STRK, "chunk_size": 100 });
    let listed = chain.ok("starknet_getEvents", json!([filter])).await;
    let listed = listed["events"].as_array().unwrap();
    // Two events of the first inner transaction, one of the second, and the fee's transfer.
    let owners: Vec<_> =
        listed.iter().map(|event| (&event["transaction_hash"], &event["event_index"])).collect();
    let index = [json!(0), json!(1), json!(3)];
    assert_eq!(
        owners,
        [(&first, &index[0]), (&first, &index[1]), (&second, &index[0]), (&thread, &index[2])]
    );
    for event in listed {
        let mut expected = event.clone();
        expected["finality_status"] = json!("ACCEPTED_ON_L2");
        assert_eq!(socket.notification("Events", &subscription).await, expected);
        // It stands at its index in the receipt of its transaction.
        let receipt = chain.ok("starknet_getTransactionReceipt", json!([event["transaction_hash"]])).await;
        let own = &receipt["events"][event["event_index"].as_u64().unwrap() as usize];
        assert_eq!((&own["keys"], &own["data"]), (&event["keys"], &event["data"]));
    }
    // Page by page it is the same.
    let (mut token, mut paged) = (Value::Null, Vec::new());
    loop {
        let mut filter = json!({ "address": STRK, "chunk_size": 1 });
        if !token.is_null() {
            filter["continuation_token"] = token;
        }
        let mut page = chain.ok("starknet_getEvents", json!([filter])).await;
        paged.extend(page["events"].as_array().unwrap().iter().cloned());
        token = page["continuation_token"].take();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(&paged, listed);
    chain.server.stop().await;
}
