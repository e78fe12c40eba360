//! Thread transactions of several segments: checked, pending, settled as a whole and in part.

use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

use crate::chain::{ALICE, BOB, Chain};
use crate::package::{envelope, to_request, two_segments};
use crate::transactions::{hash, invoke, to_json, transfer};

#[tokio::test(flavor = "multi_thread")]
async fn each_segment_is_checked_on_what_the_one_before_leaves() {
    let chain = Chain::start().await;
    let check = async |read| {
        let bytes = two_segments(&chain, read).encode();
        let request = to_request(&envelope(ALICE, 0, &bytes), &bytes);
        chain.ok("zkthread_checkThread", json!([request])).await
    };
    let kinds = |list: &Value| -> Vec<(Value, Value)> {
        let errors = list.as_array().unwrap().iter();
        errors.map(|error| (error["segment"].clone(), error["kind"].clone())).collect()
    };
    // The second's nonces are those that the first leaves; the proof of neither is one.
    let found = check(Felt::ZERO).await;
    assert_eq!((&found["would_settle"], &found["conflicts"]), (&json!(false), &json!([])));
    assert_eq!(kinds(&found["errors"]), [(json!(0), json!("PROOF"))]);
    assert_eq!(found["segments"].as_array().unwrap().len(), 2);
    assert_eq!(found["segments"][0]["errors"], found["errors"]);
    assert_eq!(found["segments"][1], json!({ "would_settle": false, "errors": [], "conflicts": [] }));

    let found = check(Felt::from(5)).await;
    let expected = [(0, "CONFLICT"), (0, "PROOF"), (1, "CONFLICT")];
    assert_eq!(kinds(&found["errors"]), expected.map(|(segment, kind)| (json!(segment), json!(kind))));
    let conflicts = found["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 2);
    for (index, conflict) in conflicts.iter().enumerate() {
        assert_eq!((&conflict["segment"], &conflict["kind"]), (&json!(index), &json!("STORAGE")));
        assert_eq!(found["segments"][index]["conflicts"], json!([conflict]));
    }

    // Once Bob has used the chain himself, the first is late; the second would still follow it.
    let direct = invoke(BOB, 0, transfer(ALICE, 1));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&direct)])).await;
    let found = check(Felt::ZERO).await;
    assert_eq!(found["segments"][0]["conflicts"][0]["kind"], "NONCE");
    assert_eq!(found["segments"][1]["conflicts"], json!([]));
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_thread_shows_all_its_segments() {
    let chain = Chain::start().await;
    let package = two_segments(&chain, Felt::ZERO);
    let bytes = package.encode();
    let thread = envelope(ALICE, 0, &bytes);
    chain.pool.hold();
    chain.ok("zkthread_addThreadTransaction", json!([to_request(&thread, &bytes)])).await;
    let shown = chain.ok("zkthread_getThread", json!([hash(&thread)])).await;
    assert_eq!((&shown["status"], &shown["proof_bytes"]), (&json!("PENDING"), &json!(6)));
    let segments = shown["segments"].as_array().unwrap();
    assert_eq!(segments.len(), 2);
    for segment in segments {
        assert_eq!((&segment["inner_transactions"], &segment["proof_bytes"]), (&json!(2), &json!(3)));
        assert_eq!(segment["settled"], false);
    }
    assert_eq!(shown["statement"], segments[0]["statement"]);
    let nonce = |segment: &Value| segment["statement"]["contracts"][0]["nonce_before"].clone();
    assert_eq!([nonce(&segments[0]), nonce(&segments[1])], [json!("0x0"), json!("0x2")]);
    assert_eq!(listed(&shown), hashes(&package.transaction_hashes().collect::<Vec<_>>()));

    chain.pool.release();
    let shown = chain.ok("zkthread_getThread", json!([hash(&thread)])).await;
    assert_eq!((&shown["status"], &shown["error"]["segment"]), (&json!("REVERTED"), &json!(0)));
    let reason = &chain.ok("starknet_getTransactionReceipt", json!([hash(&thread)])).await["revert_reason"];
    let reason = reason.as_str().unwrap();
    assert!(reason.starts_with("proof: ") && reason.ends_with(" [segment 0]"), "{reason}");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_settled_in_part_is_found_and_the_rest_is_not() {
    let chain = Chain::start().await;
    let package = two_segments(&chain, Felt::ZERO);
    let bytes = package.encode();
    let inner = hashes(&package.transaction_hashes().collect::<Vec<_>>());
    let settle = |settled, nonce| {
        let thread = envelope(ALICE, nonce, &bytes);
        let (hash, nothing) = (hash(&thread), invoke(ALICE, nonce, vec![Felt::ZERO]));
        chain.pool.settle_first(settled, nothing, thread, hash, &bytes);
        json!(hash)
    };
    let thread = settle(1, 0);
    let shown = chain.ok("zkthread_getThread", json!([thread])).await;
    assert_eq!(shown["status"], "PARTLY_SETTLED");
    assert_eq!((&shown["error"]["kind"], &shown["error"]["segment"]), (&json!("CONFLICT"), &json!(1)));
    assert_eq!([0, 1].map(|index: usize| shown["segments"][index]["settled"] == true), [true, false]);
    assert_eq!(listed(&shown), inner, "the package holds them all");
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([thread])).await;
    assert_eq!(receipt["execution_status"], "SUCCEEDED");

    let receipts = chain.ok("zkthread_getInnerReceipts", json!([thread])).await;
    assert_eq!(listed_in(&receipts), inner[..2]);
    assert_eq!(chain.ok("starknet_getTransactionReceipt", json!([inner[1]])).await, receipts[1]);
    for hash in &inner[2..] {
        assert_eq!(chain.error("starknet_getTransactionReceipt", json!([hash])).await.code, 29);
    }
    let trace = chain.ok("starknet_traceTransaction", json!([thread])).await;
    assert_eq!(trace["execute_invocation"]["calls"].as_array().unwrap().len(), 2);

    // Whole, it shows the second segment's transactions behind the first's, with what they did.
    let thread = settle(2, 1);
    let receipts = chain.ok("zkthread_getInnerReceipts", json!([thread])).await;
    assert_eq!(listed_in(&receipts), inner);
    assert_eq!(chain.ok("starknet_getTransactionReceipt", json!([inner[3]])).await, receipts[3]);
    let (first, third) = (&receipts[0], &receipts[2]);
    assert_eq!((&first["events"], &first["messages_sent"]), (&third["events"], &third["messages_sent"]));
    assert_eq!(receipts[3]["revert_reason"], "too poor");
    let trace = chain.ok("starknet_traceTransaction", json!([thread])).await;
    let calls = trace["execute_invocation"]["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 4);
    let orders = |call: &Value| -> Vec<u64> {
        let events = call["calls"][0]["events"].as_array().unwrap();
        events.iter().map(|event| event["order"].as_u64().unwrap()).collect()
    };
    assert_eq!(calls.iter().map(orders).collect::<Vec<_>>(), [vec![0, 1], vec![2], vec![3, 4], vec![5]]);
    assert_eq!(calls[2]["calls"][0]["messages"][0]["order"], 1);
    chain.server.stop().await;
}

fn hashes(hashes: &[starknet_api::transaction::TransactionHash]) -> Vec<Value> {
    hashes.iter().map(|hash| json!(hash)).collect()
}

fn listed(shown: &Value) -> Vec<Value> {
    listed_in(&shown["inner_transactions"])
}

fn listed_in(list: &Value) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|it| it["transaction_hash"].clone()).collect()
}
