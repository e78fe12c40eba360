//! `zkthread_listThreads`: newest first, page by page, the open block's threads included.

use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

use crate::chain::{ALICE, BOB, Chain};
use crate::package::{envelope, package, to_request};
use crate::transactions::{hash, invoke, to_json, transfer};

impl Chain {
    async fn list(&self, params: Value) -> (Vec<Value>, Value) {
        let mut answer = self.ok("zkthread_listThreads", params).await;
        let Value::Array(threads) = answer["threads"].take() else { panic!("{answer}") };
        (threads, answer["next"].take())
    }
}

fn places(threads: &[Value]) -> Vec<(u64, u64)> {
    let number = |value: &Value| value.as_u64().unwrap();
    threads.iter().map(|it| (number(&it["block_number"]), number(&it["transaction_index"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_listed_newest_first() {
    let chain = Chain::start().await;
    assert_eq!(chain.list(json!([])).await, (vec![], Value::Null));

    // Block 1: two threads around an ordinary transaction. They revert: there is no proof of them.
    chain.pool.hold();
    let bytes = package(&chain, Felt::ZERO).encode();
    for nonce in [0, 1] {
        let thread = to_request(&envelope(ALICE, nonce, &bytes), &bytes);
        chain.ok("zkthread_addThreadTransaction", json!([thread])).await;
        if nonce == 0 {
            let plain = to_json(&invoke(BOB, 0, transfer(ALICE, 1)));
            chain.ok("starknet_addInvokeTransaction", json!([plain])).await;
        }
    }
    chain.pool.execute();
    let (open, _) = chain.list(json!([])).await;
    assert_eq!(places(&open), [(1, 2), (1, 0)]);
    assert_eq!(open[0]["block_hash"], Value::Null);
    chain.pool.release();

    // Block 2: one that settles; block 3: none.
    let settled = envelope(ALICE, 2, &bytes);
    chain.pool.settle(invoke(ALICE, 2, vec![Felt::ZERO]), settled.clone(), hash(&settled), &bytes);
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&invoke(BOB, 1, transfer(ALICE, 1)))])).await;

    let (all, next) = chain.list(json!([])).await;
    assert_eq!((places(&all), &next), (vec![(2, 0), (1, 2), (1, 0)], &Value::Null));
    shows_what_became_of_it(&chain, &all[0], &hash(&settled), bytes.len()).await;
    let (of_conflict, _) = (&all[1], &all[2]);
    assert_eq!(of_conflict["status"], "REVERTED");
    assert_eq!((&of_conflict["settled_segments"], &of_conflict["segments"]), (&json!(0), &json!(1)));
    let shown = chain.ok("zkthread_getThread", json!([of_conflict["transaction_hash"]])).await;
    for field in ["error", "conflicts", "submitter", "os_program_hash", "package_digest", "block_hash"] {
        assert_eq!(of_conflict[field], shown[field], "{field}");
    }

    // Page by page, by name and by position, it is the same list.
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let params = match before.take() {
            None => json!({ "limit": 1 }),
            Some(before) => json!([1, before]),
        };
        let (page, next) = chain.list(params).await;
        assert!(page.len() <= 1);
        paged.extend(page);
        if next.is_null() {
            break;
        }
        before = Some(next);
    }
    assert_eq!(paged, all);

    for wrong in [
        json!({ "limit": 0 }),
        json!({ "limit": 101 }),
        json!({ "limit": "1" }),
        json!({ "before": 3 }),
        json!({ "before": { "block_number": 3 } }),
        json!({ "after": null }),
    ] {
        assert_eq!(chain.error("zkthread_listThreads", wrong.clone()).await.code, -32602, "{wrong}");
    }
    chain.server.stop().await;
}

async fn shows_what_became_of_it(chain: &Chain, listed: &Value, hash: &impl serde::Serialize, bytes: usize) {
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([hash])).await;
    assert_eq!(listed["transaction_hash"], json!(hash));
    assert_eq!((&listed["status"], &listed["error"]), (&json!("SETTLED"), &Value::Null));
    assert_eq!((&listed["settled_segments"], &listed["inner_transactions"]), (&json!(1), &json!(2)));
    assert_eq!((&listed["package_bytes"], &listed["proof_bytes"]), (&json!(bytes), &json!(3)));
    for field in ["actual_fee", "block_hash", "block_number"] {
        assert_eq!(listed[field], receipt[field], "{field}");
    }
    assert_eq!((&listed["submitter"], &listed["verify_micros"]), (&json!(ALICE), &json!(1)));
}
