//! Messages between L1 and L2.

use serde_json::{Value, json};
use sha3::{Digest, Keccak256};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::Nonce;
use starknet_api::transaction::L1HandlerTransaction;
use starknet_api::transaction::fields::{Calldata, Fee};
use starknet_types_core::felt::Felt;
use zkthreads_protocol::{L1Message, L1TransactionHash};

use crate::chain::{ALICE, BRIDGE, Chain};
use crate::transactions::{invoke, to_json};

/// Too large for a felt, as most hashes of L1 are.
pub(crate) const L1_TRANSACTION: [u8; 32] = [0xee; 32];
const SENDER: Felt = Felt::from_hex_unchecked("0xe1");

/// A deposit of 7 for an owner. There is nothing for owner 0.
pub(crate) fn deposit(owner: u64, nonce: u64) -> L1Message {
    L1Message {
        tx: L1HandlerTransaction {
            version: L1HandlerTransaction::VERSION,
            nonce: Nonce(nonce.into()),
            contract_address: BRIDGE.try_into().unwrap(),
            entry_point_selector: selector_from_name("deposit"),
            calldata: Calldata(vec![SENDER, owner.into(), 7.into()].into()),
        },
        paid_fee: Fee(1_000_000),
        l1_transaction: Some(L1TransactionHash(L1_TRANSACTION)),
    }
}

fn l1_transaction() -> Value {
    json!(format!("0x{}", "ee".repeat(32)))
}

async fn balance(chain: &Chain, owner: u64) -> Value {
    let call = json!({
        "contract_address": BRIDGE,
        "entry_point_selector": selector_from_name("balance"),
        "calldata": [format!("{owner:#x}")],
    });
    chain.ok("starknet_call", json!([call, "latest"])).await[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_from_l1_show_everywhere() {
    let chain = Chain::start().await;
    chain.pool.hold();
    let message = deposit(5, 3);
    let hash = json!(chain.pool.deliver(message.clone()));
    let body = chain.ok("starknet_getTransactionByHash", json!([hash])).await;
    let expected = json!({
        "type": "L1_HANDLER", "version": "0x0", "nonce": "0x3", "transaction_hash": hash,
        "contract_address": BRIDGE, "entry_point_selector": selector_from_name("deposit"),
        "calldata": ["0xe1", "0x5", "0x7"],
    });
    assert_eq!(body, expected);
    let status = [("transaction_hash", l1_transaction())];
    assert_eq!(chain.error("starknet_getMessagesStatus", json!([l1_transaction()])).await.code, 29);

    chain.pool.execute();
    let statuses = chain.both("starknet_getMessagesStatus", &status).await;
    let open = json!([{ "transaction_hash": hash, "finality_status": "PRE_CONFIRMED", "execution_status": "SUCCEEDED" }]);
    assert_eq!(statuses, open);
    chain.pool.release();
    assert_eq!(balance(&chain, 5).await, "0x7");
    let nobody = json!(chain.pool.deliver(deposit(0, 4)));
    let statuses = chain.both("starknet_getMessagesStatus", &status).await;
    assert_eq!(statuses[0]["finality_status"], "ACCEPTED_ON_L2");
    assert_eq!(
        (&statuses[1]["transaction_hash"], &statuses[1]["execution_status"]),
        (&nobody, &json!("REVERTED"))
    );
    assert!(statuses[1]["failure_reason"].as_str().unwrap().contains("nobody"), "{statuses}");

    let receipt = chain.ok("starknet_getTransactionReceipt", json!([hash])).await;
    assert_eq!((&receipt["type"], &receipt["execution_status"]), (&json!("L1_HANDLER"), &json!("SUCCEEDED")));
    assert_eq!(receipt["actual_fee"], json!({ "amount": "0x0", "unit": "WEI" }));
    assert_eq!(receipt["message_hash"], message_hash(&message));
    let block = chain.ok("starknet_getBlockWithTxs", json!([{ "block_number": 1 }])).await;
    assert_eq!(block["transactions"], json!([body]));
    chain.ok("starknet_getBlockWithReceipts", json!([{ "block_number": 1 }])).await;

    let trace = chain.ok("starknet_traceTransaction", json!([hash])).await;
    assert_eq!(trace["type"], "L1_HANDLER");
    let call = &trace["function_invocation"];
    assert_eq!((&call["entry_point_type"], &call["calldata"]), (&json!("L1_HANDLER"), &body["calldata"]));
    assert_eq!(trace["state_diff"]["storage_diffs"][0]["address"], json!(BRIDGE));
    let trace = chain.ok("starknet_traceTransaction", json!([nobody])).await;
    assert!(trace["function_invocation"]["revert_reason"].is_string(), "{trace}");
    chain.server.stop().await;
}

/// Keccak of sender, receiver, nonce, selector, length and payload, 32 bytes each.
fn message_hash(message: &L1Message) -> String {
    let tx = &message.tx;
    let (sender, payload) = tx.calldata.0.split_first().unwrap();
    let mut hasher = Keccak256::new();
    let head =
        [*sender, *tx.contract_address.0.key(), tx.nonce.0, tx.entry_point_selector.0, payload.len().into()];
    head.iter().chain(payload).for_each(|felt| hasher.update(felt.to_bytes_be()));
    hasher.finalize().iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_estimated() {
    let chain = Chain::start().await;
    let message = |to: Felt, handler: &str, payload: Value| {
        json!({
            "from_address": format!("0x{:040x}", 0xe1), "to_address": to,
            "entry_point_selector": selector_from_name(handler), "payload": payload,
        })
    };
    let good = message(BRIDGE, "deposit", json!(["0x5", "0x7"]));
    for block in ["latest", "pre_confirmed"] {
        let params = [("message", good.clone()), ("block_id", json!(block))];
        let estimate = chain.both("starknet_estimateMessageFee", &params).await;
        assert_eq!(estimate["unit"], "WEI");
        assert_ne!(estimate["overall_fee"], "0x0");
    }
    let error = |message: Value| chain.error("starknet_estimateMessageFee", json!([message, "latest"]));
    assert_eq!(error(message(Felt::from(0x99), "deposit", json!([]))).await.code, 20);
    for refused in [
        message(BRIDGE, "deposit", json!(["0x0", "0x7"])),
        message(BRIDGE, "deposit", json!([])),
        message(BRIDGE, "nothing_like_it", json!([])),
    ] {
        let error = error(refused).await;
        assert_eq!(error.code, 40, "{error:?}");
    }
    let mut bad = good;
    bad["from_address"] = format!("0x1{}", "0".repeat(40)).into();
    assert_eq!(error(bad).await.code, -32602);
    assert_eq!(balance(&chain, 5).await, "0x0");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_l1_show_in_receipt_and_trace() {
    let chain = Chain::start().await;
    let calldata = vec![
        Felt::ONE,
        BRIDGE,
        selector_from_name("withdraw").0,
        Felt::THREE,
        ALICE,
        Felt::from(2),
        Felt::from(0xe1),
    ];
    let added =
        chain.ok("starknet_addInvokeTransaction", json!([to_json(&invoke(ALICE, 0, calldata))])).await;
    let hash = &added["transaction_hash"];
    let sent = json!({ "from_address": BRIDGE, "to_address": "0xe1", "payload": ["0x0", ALICE, "0x2"] });
    let receipt = chain.ok("starknet_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["messages_sent"], json!([sent]), "{receipt}");
    let trace = chain.ok("starknet_traceTransaction", json!([hash])).await;
    let mut ordered = sent;
    ordered["order"] = 0.into();
    assert_eq!(trace["execute_invocation"]["calls"][0]["messages"], json!([ordered]));
    chain.server.stop().await;
}
