//! Blocks, transactions, receipts and events.

use serde_json::{Value, json};

use crate::chain::{ALICE, BOB, Chain, GENESIS_TIME, STRK};
use crate::transactions::{hash, invoke, to_json, transfer};

async fn send(chain: &Chain, nonce: u64) -> String {
    let transaction = invoke(ALICE, nonce, transfer(BOB, 5));
    let answer = chain
        .ok("starknet_addInvokeTransaction", json!({ "invoke_transaction": to_json(&transaction) }))
        .await;
    assert_eq!(answer["transaction_hash"], json!(hash(&transaction)));
    answer["transaction_hash"].as_str().unwrap().to_owned()
}

/// `pre_confirmed` names the block after `latest`, which holds nothing yet.
async fn the_next_block_is_empty(chain: &Chain, latest: &serde_json::Value) {
    for tag in ["pre_confirmed", "pending"] {
        for method in
            ["starknet_getBlockWithTxHashes", "starknet_getBlockWithTxs", "starknet_getBlockWithReceipts"]
        {
            let next = chain.ok(method, json!([tag])).await;
            assert_eq!(next["block_number"], 2);
            assert_eq!(next["starknet_version"], latest["starknet_version"]);
            assert_eq!(next["l2_gas_price"], latest["l2_gas_price"]);
            assert_eq!(next["transactions"], json!([]));
            assert!(next.get("block_hash").is_none() && next.get("status").is_none());
        }
        assert_eq!(chain.ok("starknet_getBlockTransactionCount", json!([tag])).await, 0);
        assert_eq!(chain.error("starknet_getTransactionByBlockIdAndIndex", json!([tag, 0])).await.code, 27);
        let update = chain.ok("starknet_getStateUpdate", json!([tag])).await;
        assert_eq!(update["old_root"], latest["new_root"]);
        assert_eq!(update["state_diff"]["nonces"], json!([]));
        assert!(update.get("block_hash").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoke_shows_everywhere() {
    let chain = Chain::start().await;
    assert_eq!(chain.ok("starknet_specVersion", json!([])).await, "0.10.3");
    assert_eq!(chain.ok("starknet_chainId", json!({})).await, "0x534e5f5345504f4c4941");
    assert_eq!(chain.ok("starknet_syncing", json!([])).await, false);
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);

    let hash = send(&chain, 0).await;
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 1);
    let tip = chain.ok("starknet_blockHashAndNumber", json!([])).await;
    assert_eq!(tip["block_number"], 1);

    let by_number = json!({ "block_number": 1 });
    let by_hash = json!({ "block_hash": tip["block_hash"] });
    let block = chain.both("starknet_getBlockWithTxHashes", &[("block_id", json!("latest"))]).await;
    for id in [&by_number, &by_hash] {
        assert_eq!(chain.ok("starknet_getBlockWithTxHashes", json!([id])).await, block);
    }
    the_next_block_is_empty(&chain, &block).await;
    assert_eq!(block["status"], "ACCEPTED_ON_L2");
    assert_eq!(block["block_hash"], tip["block_hash"]);
    assert_eq!(block["timestamp"], GENESIS_TIME + 1);
    assert_eq!(block["transaction_count"], 1);
    assert_eq!(block["l1_gas_price"], json!({ "price_in_fri": "0x3b9aca00", "price_in_wei": "0x3b9aca00" }));
    assert_eq!(block["transactions"], json!([hash]));
    let genesis = chain.ok("starknet_getBlockWithTxHashes", json!([{ "block_number": 0 }])).await;
    assert_eq!(block["parent_hash"], genesis["block_hash"]);

    let transaction = chain.both("starknet_getTransactionByHash", &[("transaction_hash", json!(hash))]).await;
    assert_eq!(transaction["type"], "INVOKE");
    assert_eq!(transaction["version"], "0x3");
    assert_eq!(transaction["tip"], "0x0");
    assert_eq!(transaction["transaction_hash"], json!(hash));
    assert!(transaction.get("proof_facts").is_none());
    let flagged = chain.ok("starknet_getTransactionByHash", json!([hash, ["INCLUDE_PROOF_FACTS"]])).await;
    assert_eq!(flagged["proof_facts"], json!([]));

    let with_txs = chain.both("starknet_getBlockWithTxs", &[("block_id", by_number.clone())]).await;
    assert_eq!(with_txs["transactions"], json!([transaction]));
    let place = [("block_id", by_number.clone()), ("index", json!(0))];
    assert_eq!(chain.both("starknet_getTransactionByBlockIdAndIndex", &place).await, transaction);
    assert_eq!(chain.both("starknet_getBlockTransactionCount", &[("block_id", by_number.clone())]).await, 1);

    let receipt = chain.both("starknet_getTransactionReceipt", &[("transaction_hash", json!(hash))]).await;
    assert_eq!(receipt["type"], "INVOKE");
    assert_eq!(receipt["execution_status"], "SUCCEEDED", "{receipt}");
    assert_eq!(receipt["finality_status"], "ACCEPTED_ON_L2");
    assert_eq!(receipt["actual_fee"]["unit"], "FRI");
    assert_eq!((&receipt["block_hash"], &receipt["block_number"]), (&tip["block_hash"], &json!(1)));
    assert!(receipt["execution_resources"]["l2_gas"].as_u64().unwrap() > 0);
    assert!(receipt.get("contract_address").is_none() && receipt.get("revert_reason").is_none());

    let with_receipts = chain.both("starknet_getBlockWithReceipts", &[("block_id", by_number)]).await;
    let pair = &with_receipts["transactions"][0];
    assert!(pair["transaction"].get("transaction_hash").is_none());
    assert_eq!(pair["receipt"]["events"], receipt["events"]);
    assert!(pair["receipt"].get("block_number").is_none());

    let status = chain.both("starknet_getTransactionStatus", &[("transaction_hash", json!(hash))]).await;
    assert_eq!(status, json!({ "finality_status": "ACCEPTED_ON_L2", "execution_status": "SUCCEEDED" }));

    let update = chain.both("starknet_getStateUpdate", &[("block_id", json!("latest"))]).await;
    assert_eq!(update["old_root"], genesis["new_root"]);
    assert_eq!(update["new_root"], block["new_root"]);
    assert_eq!(update["state_diff"]["nonces"], json!([{ "contract_address": ALICE, "nonce": "0x1" }]));
    let filtered = chain.ok("starknet_getStateUpdate", json!(["latest", [BOB]])).await;
    assert_eq!(filtered["state_diff"]["storage_diffs"], json!([]));
    let deployed = chain.ok("starknet_getStateUpdate", json!([{ "block_number": 0 }])).await;
    assert_eq!(deployed["old_root"], "0x0");
    assert_eq!(deployed["state_diff"]["deployed_contracts"].as_array().unwrap().len(), 5);
    assert_eq!(deployed["state_diff"]["declared_classes"].as_array().unwrap().len(), 3);
    assert_eq!(deployed["state_diff"]["deprecated_declared_classes"].as_array().unwrap().len(), 1);
    chain.server.stop().await;
}

async fn all_events(chain: &Chain, filter: Value) -> Vec<Value> {
    let mut events = Vec::new();
    let mut filter = filter;
    loop {
        let page = chain.ok("starknet_getEvents", json!({ "filter": filter })).await;
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        match page.get("continuation_token") {
            Some(token) => filter["continuation_token"] = token.clone(),
            None => return events,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_by_pages() {
    let chain = Chain::start().await;
    for nonce in 0..3 {
        send(&chain, nonce).await;
    }
    let all = all_events(&chain, json!({ "chunk_size": 1000 })).await;
    // Each transaction emits the transfer and the fee's transfer.
    assert_eq!(all.len(), 6);
    assert_eq!(all[0]["from_address"], json!(STRK));
    assert_eq!((&all[1]["transaction_index"], &all[1]["event_index"]), (&json!(0), &json!(1)));
    assert_eq!(all_events(&chain, json!({ "chunk_size": 1 })).await, all);
    assert_eq!(all_events(&chain, json!({ "chunk_size": 4, "address": STRK })).await, all);
    let keys = json!([[], [ALICE], [BOB]]);
    let to_bob = all_events(&chain, json!({ "chunk_size": 2, "address": [STRK], "keys": keys })).await;
    assert_eq!(to_bob, [all[0].clone(), all[2].clone(), all[4].clone()]);
    assert!(all_events(&chain, json!({ "chunk_size": 2, "address": BOB })).await.is_empty());
    let range = json!({
        "from_block": { "block_number": 2 }, "to_block": { "block_number": 2 }, "chunk_size": 10,
    });
    assert_eq!(all_events(&chain, range).await, all[2..4]);

    let error = |filter: Value| chain.error("starknet_getEvents", json!([filter]));
    assert_eq!(error(json!({ "chunk_size": 1025 })).await.code, 31);
    assert_eq!(error(json!({ "chunk_size": 0 })).await.code, -32602);
    assert_eq!(error(json!({ "chunk_size": 1, "continuation_token": "soon" })).await.code, 33);
    assert_eq!(error(json!({ "chunk_size": 1, "continuation_token": "9-0-0" })).await.code, 33);
    assert_eq!(error(json!({ "chunk_size": 1, "keys": vec![vec!["0x1"]; 257] })).await.code, 34);
    let to_come = json!({ "block_number": 9 });
    assert_eq!(all_events(&chain, json!({ "chunk_size": 9, "to_block": to_come })).await, all);
    assert!(all_events(&chain, json!({ "chunk_size": 9, "from_block": to_come })).await.is_empty());
    for unknown in ["from_block", "to_block"] {
        assert_eq!(error(json!({ "chunk_size": 1, unknown: { "block_hash": "0x9" } })).await.code, 24);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist() {
    let chain = Chain::start().await;
    let code = |method: &'static str, params: Value| {
        let chain = &chain;
        async move { chain.error(method, params).await.code }
    };
    let nowhere = json!({ "block_number": 99 });
    for method in [
        "starknet_getBlockWithTxHashes",
        "starknet_getBlockWithTxs",
        "starknet_getBlockWithReceipts",
        "starknet_getBlockTransactionCount",
        "starknet_getStateUpdate",
    ] {
        assert_eq!(code(method, json!([nowhere])).await, 24);
        assert_eq!(code(method, json!([{ "block_hash": "0x99" }])).await, 24);
        assert_eq!(code(method, json!(["l1_accepted"])).await, 24);
    }
    for method in ["Receipt", "Status", "ByHash"] {
        let method: &'static str = format!("starknet_getTransaction{method}").leak();
        assert_eq!(code(method, json!(["0x99"])).await, 29);
    }
    assert_eq!(code("starknet_getTransactionByBlockIdAndIndex", json!([nowhere, 0])).await, 24);
    assert_eq!(code("starknet_getTransactionByBlockIdAndIndex", json!(["latest", 0])).await, 27);
    chain.server.stop().await;
}
