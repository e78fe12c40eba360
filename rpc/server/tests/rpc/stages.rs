//! A transaction on its way: received, chosen, executed in the open block, in a block, accepted on L1.

use serde_json::{Value, json};
use starknet_api::abi::abi_utils::{get_storage_var_address, selector_from_name};
use starknet_api::block::BlockNumber;

use crate::chain::{ALICE, BALANCE, BOB, Chain, GENESIS_TIME, STRK};
use crate::transactions::{hash, invoke, to_json, transfer};

impl Chain {
    async fn status(&self, hash: &Value) -> Value {
        self.both("starknet_getTransactionStatus", &[("transaction_hash", hash.clone())]).await
    }

    /// Sends a transfer from Alice to Bob; answers its hash.
    pub(crate) async fn send(&self, nonce: u64) -> Value {
        let transaction = invoke(ALICE, nonce, transfer(BOB, 5));
        let added = self.ok("starknet_addInvokeTransaction", json!([to_json(&transaction)])).await;
        assert_eq!(added["transaction_hash"], json!(hash(&transaction)));
        added["transaction_hash"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_goes_all_the_way() {
    let chain = Chain::start().await;
    chain.pool.hold();
    let hash = chain.send(0).await;
    assert_eq!(chain.status(&hash).await, json!({ "finality_status": "RECEIVED" }));
    chain.pool.choose();
    assert_eq!(chain.status(&hash).await, json!({ "finality_status": "CANDIDATE" }));
    assert_eq!(chain.error("starknet_getTransactionReceipt", json!([hash])).await.code, 29);
    let sent = chain.ok("starknet_getTransactionByHash", json!([hash])).await;

    chain.pool.execute();
    let status = json!({ "finality_status": "PRE_CONFIRMED", "execution_status": "SUCCEEDED" });
    assert_eq!(chain.status(&hash).await, status);
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([hash])).await;
    assert_eq!((&receipt["finality_status"], &receipt["block_number"]), (&json!("PRE_CONFIRMED"), &json!(1)));
    assert!(receipt.get("block_hash").is_none());
    let trace = chain.ok("starknet_traceTransaction", json!([hash])).await;

    chain.pool.release();
    let stored = chain.ok("starknet_getTransactionReceipt", json!([hash])).await;
    assert_eq!(stored["finality_status"], "ACCEPTED_ON_L2");
    assert!(stored["block_hash"].is_string());
    for field in ["actual_fee", "events", "execution_resources", "messages_sent", "block_number"] {
        assert_eq!(stored[field], receipt[field], "{field}");
    }
    assert_eq!(chain.ok("starknet_traceTransaction", json!([hash])).await, trace);
    assert_eq!(chain.ok("starknet_getTransactionByHash", json!([hash])).await, sent);

    assert_eq!(chain.error("starknet_getBlockWithTxHashes", json!(["l1_accepted"])).await.code, 24);
    chain.executor.storage().accept_on_l1(BlockNumber(0)).unwrap();
    assert_eq!(chain.status(&hash).await["finality_status"], "ACCEPTED_ON_L2");
    chain.executor.storage().accept_on_l1(BlockNumber(1)).unwrap();
    assert_eq!(chain.status(&hash).await["finality_status"], "ACCEPTED_ON_L1");
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["finality_status"], "ACCEPTED_ON_L1");
    let block = chain.ok("starknet_getBlockWithReceipts", json!(["l1_accepted"])).await;
    assert_eq!((&block["status"], &block["block_number"]), (&json!("ACCEPTED_ON_L1"), &json!(1)));
    assert_eq!(block["transactions"][0]["receipt"]["finality_status"], "ACCEPTED_ON_L1");
    chain.send(1).await;
    let block = chain.ok("starknet_getBlockWithTxs", json!(["latest"])).await;
    assert_eq!((&block["status"], &block["block_number"]), (&json!("ACCEPTED_ON_L2"), &json!(2)));
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_block_is_a_block() {
    let chain = Chain::start().await;
    chain.pool.hold();
    let hashes = [chain.send(0).await, chain.send(1).await];
    chain.pool.execute();
    let latest = chain.ok("starknet_getBlockWithTxHashes", json!(["latest"])).await;
    assert_eq!(latest["block_number"], 0);

    for tag in ["pre_confirmed", "pending"] {
        let block = chain.both("starknet_getBlockWithTxHashes", &[("block_id", json!(tag))]).await;
        assert_eq!((&block["block_number"], &block["transactions"]), (&json!(1), &json!(hashes)));
        assert_eq!(block["timestamp"], GENESIS_TIME + 1);
        assert_eq!(block["l2_gas_price"], latest["l2_gas_price"]);
        assert!(block.get("status").is_none() && block.get("block_hash").is_none());
    }
    let at =
        |index: u64| chain.ok("starknet_getTransactionByBlockIdAndIndex", json!(["pre_confirmed", index]));
    let transactions = [at(0).await, at(1).await];
    let block = chain.ok("starknet_getBlockWithTxs", json!(["pre_confirmed"])).await;
    assert_eq!(block["transactions"], json!(transactions));
    let outside = json!(["pre_confirmed", 2]);
    assert_eq!(chain.error("starknet_getTransactionByBlockIdAndIndex", outside).await.code, 27);
    let block = chain.ok("starknet_getBlockWithReceipts", json!(["pre_confirmed"])).await;
    assert_eq!(block["transactions"][1]["receipt"]["finality_status"], "PRE_CONFIRMED");
    assert_eq!(chain.ok("starknet_getBlockTransactionCount", json!(["pre_confirmed"])).await, 2);

    let balance = get_storage_var_address("ERC20_balances", &[BOB]);
    let (before, after) = (format!("{BALANCE:#x}"), format!("{:#x}", BALANCE + 10));
    for (block, balance_there, nonce) in [("latest", &before, "0x0"), ("pre_confirmed", &after, "0x2")] {
        assert_eq!(
            chain.ok("starknet_getStorageAt", json!([STRK, balance, block])).await,
            json!(balance_there)
        );
        assert_eq!(chain.ok("starknet_getNonce", json!([block, ALICE])).await, nonce);
        let call = json!({
            "contract_address": STRK, "entry_point_selector": selector_from_name("balance_of"), "calldata": [BOB],
        });
        assert_eq!(chain.ok("starknet_call", json!([call, block])).await[0], json!(balance_there));
    }
    let flagged = json!([STRK, balance, "pre_confirmed", ["INCLUDE_LAST_UPDATE_BLOCK"]]);
    let expected = json!({ "value": after, "last_update_block": 1 });
    assert_eq!(chain.ok("starknet_getStorageAt", flagged).await, expected);
    assert!(chain.ok("starknet_getClassHashAt", json!(["pre_confirmed", ALICE])).await.is_string());
    let update = chain.ok("starknet_getStateUpdate", json!(["pre_confirmed"])).await;
    assert_eq!(update["old_root"], latest["new_root"]);
    assert_eq!(update["state_diff"]["nonces"], json!([{ "contract_address": ALICE, "nonce": "0x2" }]));
    let filtered = chain.ok("starknet_getStateUpdate", json!(["pre_confirmed", [STRK]])).await;
    assert_eq!(filtered["state_diff"]["nonces"], json!([]));

    // The next transaction of Alice, on top of those that wait.
    let next = to_json(&invoke(ALICE, 2, transfer(BOB, 5)));
    chain.ok("starknet_estimateFee", json!([[next], [], "pre_confirmed"])).await;
    chain.ok("starknet_simulateTransactions", json!(["pre_confirmed", [next], []])).await;
    let unfinished = ["starknet_getStorageProof", "starknet_traceBlockTransactions"];
    for method in unfinished {
        assert_eq!(chain.error(method, json!(["pre_confirmed"])).await.code, -32602, "{method}");
    }

    chain.pool.release();
    let mut sealed = chain.ok("starknet_getStateUpdate", json!(["latest"])).await;
    // When a block is closed, the protocol itself notes aliases of new keys.
    let cells = sealed["state_diff"]["storage_diffs"].as_array_mut().unwrap();
    cells.retain(|contract| contract["address"] != "0x2");
    assert_eq!(sealed["state_diff"], update["state_diff"]);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_into_the_open_block() {
    let chain = Chain::start().await;
    chain.send(0).await;
    chain.pool.hold();
    chain.send(1).await;
    chain.send(2).await;
    chain.pool.execute();
    let all = |filter: Value| async {
        let (mut events, mut filter) = (Vec::new(), filter);
        loop {
            let page = chain.ok("starknet_getEvents", json!([filter])).await;
            events.extend(page["events"].as_array().unwrap().clone());
            match page.get("continuation_token") {
                Some(token) => filter["continuation_token"] = token.clone(),
                None => return events,
            }
        }
    };
    assert_eq!(all(json!({ "to_block": "latest", "chunk_size": 9 })).await.len(), 2);
    let events = all(json!({ "to_block": "pre_confirmed", "chunk_size": 9 })).await;
    assert_eq!(events.len(), 6);
    assert_eq!(all(json!({ "to_block": "pre_confirmed", "chunk_size": 1 })).await, events);
    assert_eq!(all(json!({ "chunk_size": 9 })).await, events, "the open block belongs to it");
    let open =
        all(json!({ "from_block": "pre_confirmed", "to_block": "pre_confirmed", "chunk_size": 3 })).await;
    assert_eq!(open, events[2..]);
    assert!(events[1]["block_hash"].is_string() && events[2].get("block_hash").is_none());
    assert_eq!((&open[3]["block_number"], &open[3]["transaction_index"]), (&json!(2), &json!(1)));
    // A page that was begun in the open block goes on when the block is stored.
    let filter = |to: &str, token: Option<&Value>| {
        let mut filter = json!({ "to_block": to, "chunk_size": 3 });
        token.iter().for_each(|token| filter["continuation_token"] = (*token).clone());
        json!([filter])
    };
    let first = chain.ok("starknet_getEvents", filter("pre_confirmed", None)).await;
    chain.pool.release();
    let rest = chain.ok("starknet_getEvents", filter("latest", first.get("continuation_token"))).await;
    assert_eq!(rest["events"].as_array().unwrap().len(), 3);
    assert_eq!(rest["events"][0]["keys"], events[3]["keys"]);
    chain.server.stop().await;
}
