//! Transactions that no block holds yet, and those that none will.

use serde_json::json;

use crate::chain::{ALICE, BOB, Chain};
use crate::transactions::{hash, invoke, to_json, transfer};

#[tokio::test(flavor = "multi_thread")]
async fn pending_and_rejected() {
    let chain = Chain::start().await;
    chain.pool.hold();
    let first = invoke(ALICE, 0, transfer(BOB, 5));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&first)])).await;
    let duplicate = chain.error("starknet_addInvokeTransaction", json!([to_json(&first)])).await;
    assert_eq!(duplicate.code, 59);
    let hash = hash(&first);
    let status = chain.ok("starknet_getTransactionStatus", json!([hash])).await;
    assert_eq!(status, json!({ "finality_status": "RECEIVED" }));
    let pending = chain.ok("starknet_getTransactionByHash", json!([hash])).await;
    assert_eq!(pending["sender_address"], json!(ALICE));
    assert_eq!(chain.error("starknet_getTransactionReceipt", json!([hash])).await.code, 29);
    assert_eq!(chain.ok("starknet_getNonce", json!(["pre_confirmed", ALICE])).await, "0x1");
    assert_eq!(chain.ok("starknet_getNonce", json!(["latest", ALICE])).await, "0x0");
    assert_eq!(chain.ok("starknet_getNonce", json!(["pre_confirmed", BOB])).await, "0x0");

    // A nonce ahead is admitted; the block refuses it, since nothing fills the gap.
    let ahead = invoke(BOB, 5, transfer(ALICE, 5));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&ahead)])).await;
    chain.pool.release();
    assert_eq!(chain.ok("starknet_getTransactionByHash", json!([hash])).await, pending);
    let status = chain.ok("starknet_getTransactionStatus", json!([hash])).await;
    assert_eq!(status["finality_status"], "ACCEPTED_ON_L2");
    let rejected =
        chain.error("starknet_getTransactionStatus", json!([crate::transactions::hash(&ahead)])).await;
    assert_eq!(rejected.code, 29);
    assert!(rejected.data.as_str().unwrap().contains("nonce"), "{rejected:?}");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals() {
    let chain = Chain::start().await;
    let add = |transaction| chain.error("starknet_addInvokeTransaction", json!([transaction]));
    let good = invoke(ALICE, 0, transfer(BOB, 5));

    let mut forged = good.clone();
    forged.signature = crate::transactions::invoke(ALICE, 1, vec![]).signature;
    assert_eq!(add(to_json(&forged)).await.code, 55);
    assert_eq!(add(to_json(&invoke(ALICE, 500, transfer(BOB, 5)))).await.code, 52);
    let nobody = invoke(0x99_u64.into(), 0, transfer(BOB, 5));
    assert_eq!(add(to_json(&nobody)).await.code, 58);
    let mut old = to_json(&good);
    old["version"] = "0x1".into();
    assert_eq!(add(old.clone()).await.code, 61);
    old["version"] = "0x100000000000000000000000000000003".into();
    assert_eq!(add(old).await.code, 61);
    let mut greedy = to_json(&good);
    greedy["resource_bounds"]["l2_gas"]["max_price_per_unit"] = "0xffffffffffffffffffffffff".into();
    let error = add(greedy).await;
    assert_eq!(error.code, 54, "{error:?}");
    let mut poor = to_json(&good);
    poor["resource_bounds"]["l2_gas"]["max_amount"] = "0x1".into();
    let error = add(poor).await;
    assert_eq!(error.code, 53, "{error:?}");
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}
