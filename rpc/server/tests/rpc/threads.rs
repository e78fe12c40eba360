//! Thread transactions: added by either namespace, refused by type, reverted, and looked at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::limits::MAX_PACKAGE_BYTES;

use crate::chain::{ALICE, BOB, Chain, STRK, os_program};
use crate::package::{envelope, package, to_request};
use crate::transactions::{hash, invoke, to_json, transfer};

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_are_told() {
    let chain = Chain::start_empty().await;
    let line = json!({ "from": 0, "max_age": 100, "max_lag": 600, "hardening": 1 });
    let rules = json!({ "lines": [line], "max_forecast": 600 });
    assert_eq!(chain.both("zkthread_getRules", &[]).await, rules);
    assert_eq!(chain.error("zkthread_getRules", json!([0])).await.code, -32602);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_reverts_and_tells_why() {
    let chain = Chain::start().await;
    let versions = chain.ok("zkthread_osVersions", json!([])).await;
    let version = json!({ "program_hash": os_program().hash(), "active_from": 0, "retired_from": null });
    assert_eq!(versions, json!([version]));

    let bytes = package(&chain, Felt::ZERO).encode();
    let thread = envelope(ALICE, 0, &bytes);
    let hash = json!(hash(&thread));
    let request = to_request(&thread, &bytes);
    chain.pool.hold();
    let added = chain.ok("zkthread_addThreadTransaction", json!({ "invoke_transaction": request })).await;
    assert_eq!(added["transaction_hash"], hash);
    let pending = chain.ok("zkthread_getThread", json!([hash])).await;
    assert_eq!((&pending["status"], &pending["block_number"]), (&json!("PENDING"), &Value::Null));
    chain.pool.release();

    let shown = chain.ok("starknet_getTransactionByHash", json!([hash])).await;
    assert_eq!((&shown["type"], &shown["version"]), (&json!("INVOKE"), &json!("0x3")));
    assert_eq!(shown["proof_facts"], request["proof_facts"]);
    assert!(shown.get("proof").is_none());
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([hash])).await;
    assert_eq!((&receipt["type"], &receipt["execution_status"]), (&json!("INVOKE"), &json!("REVERTED")));
    assert!(receipt["revert_reason"].as_str().unwrap().starts_with("proof: "), "{receipt}");
    assert_ne!(receipt["actual_fee"]["amount"], "0x0");

    let shown = chain.both("zkthread_getThread", &[("transaction_hash", hash)]).await;
    assert_eq!((&shown["status"], &shown["block_number"]), (&json!("REVERTED"), &json!(1)));
    assert_eq!(shown["error"]["kind"], "PROOF");
    assert_eq!(shown["submitter"], json!(ALICE));
    assert_eq!((&shown["package_bytes"], &shown["proof_bytes"]), (&json!(bytes.len()), &json!(3)));
    assert_eq!(shown["statement"], pending["statement"]);
    let contracts = shown["statement"]["contracts"].as_array().unwrap();
    assert_eq!(contracts[1]["storage"], json!([{ "key": "0x7", "before": "0x0", "after": "0x0" }]));
    assert_eq!(contracts[1]["class_hash_before"], contracts[1]["class_hash_after"]);
    shows_what_became_of_inner_transactions(&shown);

    // They have not taken place.
    let error = chain.error("zkthread_getInnerReceipts", json!([shown["transaction_hash"]])).await;
    assert_eq!((error.code, &error.data["kind"]), (10007, &json!("NOT_SETTLED")));
    chain.server.stop().await;
}

fn shows_what_became_of_inner_transactions(shown: &Value) {
    for (index, reverted) in [false, true].into_iter().enumerate() {
        let (inner, stated) =
            (&shown["inner_transactions"][index], &shown["statement"]["inner_transactions"][index]);
        assert_eq!(inner["transaction_hash"], stated["transaction_hash"]);
        assert_eq!(stated["reverted"], reverted);
        assert_eq!(inner["sender_address"], json!(BOB));
    }
    let [first, second] = [0, 1].map(|index: usize| &shown["inner_transactions"][index]);
    assert_eq!((&first["execution_status"], first.get("revert_reason")), (&json!("SUCCEEDED"), None));
    let event = |value: &str| json!({ "from_address": STRK, "keys": [value], "data": [value] });
    assert_eq!(first["events"], json!([event("0x5"), event("0x6")]));
    let message = json!({ "from_address": STRK, "to_address": "0xe1", "payload": ["0x8"] });
    assert_eq!(first["messages_sent"], json!([message]));
    assert_eq!(second["execution_status"], "REVERTED");
    assert_eq!(second["revert_reason"], "too poor");
    assert_eq!((&second["events"], &second["messages_sent"]), (&json!([event("0x7")]), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_list_every_failure() {
    let chain = Chain::start().await;
    let spent = invoke(BOB, 0, transfer(ALICE, 1));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&spent)])).await;
    let bytes = package(&chain, Felt::from(5)).encode();
    let request = to_request(&envelope(ALICE, 0, &bytes), &bytes);
    let check = chain.both("zkthread_checkThread", &[("invoke_transaction", request.clone())]).await;
    assert_eq!(check["would_settle"], false);
    let kinds: Vec<_> = check["errors"].as_array().unwrap().iter().map(|error| &error["kind"]).collect();
    assert_eq!(kinds, ["CONFLICT", "PROOF"], "{check}");
    let conflicts = json!([
        { "segment": 0, "contract": BOB, "kind": "NONCE", "expected": "0x0", "found": "0x1" },
        { "segment": 0, "contract": STRK, "kind": "STORAGE", "key": "0x7", "expected": "0x5", "found": "0x0" },
    ]);
    assert_eq!(check["conflicts"], conflicts);
    assert_eq!(check["fee_estimate"]["unit"], "FRI");

    let added = chain.ok("starknet_addInvokeTransaction", json!([request])).await;
    let shown = chain.ok("zkthread_getThread", json!([added["transaction_hash"]])).await;
    assert_eq!((&shown["status"], &shown["error"]["kind"]), (&json!("REVERTED"), &json!("CONFLICT")));
    assert_eq!(shown["conflicts"], conflicts);
    let kind = chain.error("zkthread_getThread", json!([hash(&spent)])).await;
    assert_eq!((kind.code, &kind.data["kind"]), (10006, &json!("NOT_A_THREAD")));
    for method in ["zkthread_getThread", "zkthread_getInnerReceipts"] {
        assert_eq!(chain.error(method, json!([hash(&spent)])).await.code, 10006);
        assert_eq!(chain.error(method, json!(["0x99"])).await.code, 29);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_threads_are_refused_by_type() {
    let chain = Chain::start().await;
    let bytes = package(&chain, Felt::ZERO).encode();
    let good = to_request(&envelope(ALICE, 0, &bytes), &bytes);
    let with = |field: &str, value: Value| {
        let mut request = good.clone();
        request[field] = value;
        request
    };
    let mut without_proof = good.clone();
    without_proof.as_object_mut().unwrap().remove("proof");
    let mut without_facts = good.clone();
    without_facts.as_object_mut().unwrap().remove("proof_facts");
    let cut = &bytes[..bytes.len() - 1];
    let facts = |facts: Value| with("proof_facts", facts);
    let signed = &good["proof_facts"];
    let cases = [
        (10001, to_request(&envelope(ALICE, 0, cut), cut)),
        (10001, to_request(&envelope(ALICE, 0, b"nonsense"), b"nonsense")),
        (10001, with("proof", STANDARD.encode(vec![0; MAX_PACKAGE_BYTES + 3]).into())),
        (10002, with("proof", STANDARD.encode(cut).into())),
        (10003, facts(json!(["0x50524f4f4631", "0x1", "0x2"]))),
        (10003, facts(json!([signed[0], signed[1]]))),
        (10003, without_facts),
        (10004, without_proof),
        (10005, with("proof", "not base64!".into())),
    ];
    for (code, request) in cases {
        let error = chain.error("zkthread_addThreadTransaction", json!([request])).await;
        assert_eq!((error.code, &error.data["code"]), (code, &json!(code)), "{error:?}");
        assert_eq!(chain.error("zkthread_checkThread", json!([request])).await.code, code);
        let standard = chain.error("starknet_addInvokeTransaction", json!([request])).await;
        assert_eq!(standard.code, 69, "{standard:?}");
    }
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}
