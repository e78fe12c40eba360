//! The inner transactions of a thread that settled: their users' wallets find them like any other.

use serde_json::{Value, json};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_types_core::felt::Felt;

use crate::chain::{ALICE, BOB, Chain, STRK};
use crate::package::{envelope, package};
use crate::transactions::{hash, invoke, transfer};

#[tokio::test(flavor = "multi_thread")]
async fn wallets_find_their_inner_transactions() {
    let chain = Chain::start().await;
    let bytes = package(&chain, Felt::ZERO).encode();
    let thread = envelope(ALICE, 0, &bytes);
    let thread_hash = hash(&thread);
    let inner = [1, 2_u64].map(|amount| invoke(BOB, amount - 1, transfer(STRK, amount.into())));
    let hashes = [json!(hash(&inner[0])), json!(hash(&inner[1]))];
    for method in ["ByHash", "Receipt", "Status"].map(|name| format!("starknet_getTransaction{name}")) {
        assert_eq!(chain.error(&method, json!([hashes[0]])).await.code, 29);
    }
    chain.pool.settle(invoke(ALICE, 0, vec![Felt::ZERO]), thread, thread_hash, &bytes);

    let shown = chain.both("starknet_getTransactionByHash", &[("transaction_hash", hashes[0].clone())]).await;
    assert_eq!((&shown["type"], &shown["sender_address"]), (&json!("INVOKE"), &json!(BOB)));
    assert_eq!((&shown["nonce"], &shown["signature"]), (&json!("0x0"), &json!(*inner[0].signature.0)));
    assert!(shown.get("proof_facts").is_none());
    let flagged =
        chain.ok("starknet_getTransactionByHash", json!([hashes[0], ["INCLUDE_PROOF_FACTS"]])).await;
    assert_eq!(flagged["proof_facts"], json!([]));

    let block = chain.ok("starknet_blockHashAndNumber", json!([])).await;
    let receipts = chain.ok("zkthread_getInnerReceipts", json!([thread_hash])).await;
    for (index, hash) in hashes.iter().enumerate() {
        let receipt =
            chain.both("starknet_getTransactionReceipt", &[("transaction_hash", hash.clone())]).await;
        assert_eq!(receipt, receipts[index]);
        assert_eq!((&receipt["block_hash"], &receipt["block_number"]), (&block["block_hash"], &json!(1)));
    }
    let status = chain.ok("starknet_getTransactionStatus", json!([hashes[0]])).await;
    assert_eq!(status, json!({ "finality_status": "ACCEPTED_ON_L2", "execution_status": "SUCCEEDED" }));
    let status = chain.ok("starknet_getTransactionStatus", json!([hashes[1]])).await;
    let reverted = json!({
        "finality_status": "ACCEPTED_ON_L2", "execution_status": "REVERTED", "failure_reason": "too poor",
    });
    assert_eq!(status, reverted);

    // The chain did not execute it: the error says who did.
    let error = chain.error("starknet_traceTransaction", json!([hashes[0]])).await;
    assert_eq!((error.code, &error.data["thread"]), (10, &json!(thread_hash)));
    assert_eq!(chain.error("zkthread_getThread", json!([hashes[0]])).await.code, 10006);
    // It is not a transaction of the block itself.
    assert_eq!(chain.ok("starknet_getBlockTransactionCount", json!(["latest"])).await, 1);
    shows_the_settlement(&chain, &json!(thread_hash), &hashes).await;
    chain.server.stop().await;
}

async fn shows_the_settlement(chain: &Chain, thread: &Value, hashes: &[Value; 2]) {
    let trace = chain.ok("starknet_traceTransaction", json!([thread])).await;
    let traces = chain.ok("starknet_traceBlockTransactions", json!(["latest"])).await;
    assert_eq!(traces, json!([{ "transaction_hash": thread, "trace_root": trace }]));
    let execute = &trace["execute_invocation"];
    assert_eq!(execute["contract_address"], json!(ALICE));
    assert_eq!(execute["calls"].as_array().unwrap().len(), hashes.len());
    let [first, second] = [&execute["calls"][0], &execute["calls"][1]];
    for (call, reverted) in [(first, false), (second, true)] {
        assert_eq!((&call["contract_address"], &call["is_reverted"]), (&json!(BOB), &json!(reverted)));
        assert_eq!(call["entry_point_selector"], json!(selector_from_name("__execute__")));
    }
    let token = &first["calls"][0];
    assert_eq!((&token["contract_address"], &token["caller_address"]), (&json!(STRK), &json!(BOB)));
    let event = |order: u64, value: &str| json!({ "order": order, "keys": [value], "data": [value] });
    assert_eq!(token["events"], json!([event(0, "0x5"), event(1, "0x6")]));
    let message = json!({ "order": 0, "from_address": STRK, "to_address": "0xe1", "payload": ["0x8"] });
    assert_eq!(token["messages"], json!([message]));
    assert_eq!(second["calls"][0]["events"], json!([event(2, "0x7")]));
}
