//! Rubbish over HTTP: a typed error at once, bounded memory, and the node goes on.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use zkthreads_e2e::token::{ETH, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{TestNode, hex};

/// JSON-RPC's "invalid params".
const INVALID_PARAMS: i64 = -32602;
/// No refusal costs the node more of its processors' time.
const AT_ONCE: Duration = Duration::from_secs(1);

async fn is_alive(node: &mut TestNode) -> Result<()> {
    assert!(node.is_running()?, "the node ended");
    node.rpc.block_number().await.map(drop)
}

/// The sample with one field replaced.
fn with(sample: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = sample.clone();
    *changed.pointer_mut(pointer).expect("a field of the sample") = value;
    changed
}

fn sample(node: &TestNode) -> Result<Value> {
    let call = transfer(ETH, node.account(2).address, 1)?;
    Ok(wire(&node.account(1).invoke(0, &[call])?, None))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_an_invoke() -> Result<()> {
    let mut node = TestNode::start()?;
    let sample = sample(&node)?;
    let prime = "0x800000000000011000000000000000000000000000000000000000000000001";
    let long = format!("0x{}", "f".repeat(1_000_000));
    let rubbish = [
        json!(null),
        json!(7),
        json!(-1),
        json!(true),
        json!({}),
        json!(""),
        json!("0x"),
        json!("12"),
        json!("0xg"),
        json!("0x-1"),
        json!(prime),
        json!(format!("0x{}", "f".repeat(64))),
        json!(long),
    ];
    let felts = ["/sender_address", "/nonce", "/tip", "/version", "/calldata/0", "/signature/0"];
    let bounds = ["/resource_bounds/l2_gas/max_amount", "/resource_bounds/l1_gas/max_price_per_unit"];
    for pointer in felts.iter().chain(&bounds) {
        for value in &rubbish {
            let before = node.cpu_time()?;
            let params = json!({ "invoke_transaction": with(&sample, pointer, value.clone()) });
            let failure = node.rpc.refusal("starknet_addInvokeTransaction", params).await?;
            let shown: String = value.to_string().chars().take(40).collect();
            assert_eq!(failure.code, INVALID_PARAMS, "{pointer} = {shown}: {failure}");
            let took = node.cpu_time()? - before;
            assert!(took < AT_ONCE, "{pointer} = {shown} took {took:?}");
        }
    }
    let lists =
        ["/calldata", "/signature", "/resource_bounds", "/paymaster_data", "/account_deployment_data"];
    for pointer in lists {
        for value in [json!(null), json!("0x1"), json!(1), json!([null]), json!([[]])] {
            let params = json!({ "invoke_transaction": with(&sample, pointer, value.clone()) });
            let failure = node.rpc.refusal("starknet_addInvokeTransaction", params).await?;
            assert_eq!(failure.code, INVALID_PARAMS, "{pointer} = {value}: {failure}");
        }
    }
    for field in sample.as_object().context("an object")?.keys() {
        let mut lacking = sample.clone();
        lacking.as_object_mut().context("an object")?.remove(field);
        let params = json!({ "invoke_transaction": lacking });
        let failure = node.rpc.refusal("starknet_addInvokeTransaction", params).await?;
        assert_eq!(failure.code, INVALID_PARAMS, "without {field}: {failure}");
    }
    let mut unknown = sample.clone();
    unknown["max_fee"] = json!("0x1");
    let failure = node.rpc.refusal("starknet_addInvokeTransaction", json!([unknown])).await?;
    assert_eq!(failure.code, INVALID_PARAMS, "an unknown field: {failure}");

    // Out of range, though a felt.
    let params = json!({ "invoke_transaction": with(&sample, "/tip", json!("0x10000000000000000")) });
    let failure = node.rpc.refusal("starknet_addInvokeTransaction", params).await?;
    assert_eq!(failure.code, INVALID_PARAMS, "{failure}");

    is_alive(&mut node).await?;
    node.rpc.settle(&sample).await?.succeeded();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_requests() -> Result<()> {
    let mut node = TestNode::start()?;
    let whole = json!({
        "jsonrpc": "2.0", "id": 1, "method": "starknet_addInvokeTransaction",
        "params": { "invoke_transaction": sample(&node)? },
    })
    .to_string();
    for length in (0..whole.len()).step_by(37) {
        let (status, text) = node.rpc.post(whole[..length].to_owned()).await?;
        let answer: Value = serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?;
        assert!(answer["error"]["code"].is_i64(), "cut at {length}: {text}");
    }
    let nested = "[".repeat(100_000);
    let random: Vec<u8> =
        (0..10_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let bodies: [Vec<u8>; 6] = [
        nested.into_bytes(),
        random,
        vec![0; 100_000],
        b"{}".to_vec(),
        b"[]".to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"starknet_noSuchMethod","params":[]}"#.to_vec(),
    ];
    for body in bodies {
        let (status, text) = node.rpc.post(body).await?;
        assert!(status < 500, "{status}: {text}");
        assert!(text.contains("error"), "{status}: {text}");
    }
    is_alive(&mut node).await
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_bodies_hold_no_memory() -> Result<()> {
    let mut node = TestNode::start()?;
    let sample = sample(&node)?;
    let before = node.resident_bytes()?;
    for megabytes in [21, 32, 64] {
        let mut huge = sample.clone();
        huge["proof_facts"] = json!(["0x5a4b54485245414431", "0x1", "0x2"]);
        huge["proof"] = json!("A".repeat(megabytes << 20));
        let request = json!({
            "jsonrpc": "2.0", "id": 1, "method": "starknet_addInvokeTransaction",
            "params": { "invoke_transaction": huge },
        });
        // Refused before it is read to its end: the connection may break first.
        if let Ok((status, text)) = node.rpc.post(request.to_string()).await {
            assert!(status == 413 || text.contains("error"), "{status}: {text}");
        }
        is_alive(&mut node).await?;
    }
    // Just below the limit of a request, above that of a package.
    let mut large = sample.clone();
    large["proof_facts"] = json!(["0x5a4b54485245414431", "0x1", "0x2"]);
    large["proof"] = json!("A".repeat(19 << 20));
    let params = json!({ "invoke_transaction": large });
    let failure = node.rpc.refusal("starknet_addInvokeTransaction", params).await?;
    assert_eq!(failure.code, 69, "{failure}");
    let grown = node.resident_bytes()?.saturating_sub(before);
    assert!(grown < 200 << 20, "{} MB more after 136 MB of rubbish", grown >> 20);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_about_nothing() -> Result<()> {
    let node = TestNode::start()?;
    let latest = json!("latest");
    let cases = [
        ("starknet_getNonce", json!({ "block_id": latest, "contract_address": "0x123" }), 20),
        ("starknet_getClassHashAt", json!({ "block_id": latest, "contract_address": "0x123" }), 20),
        ("starknet_getClass", json!({ "block_id": latest, "class_hash": "0x123" }), 28),
        ("starknet_getTransactionByHash", json!({ "transaction_hash": "0x123" }), 29),
        ("starknet_getTransactionReceipt", json!({ "transaction_hash": "0x123" }), 29),
        ("starknet_getTransactionStatus", json!({ "transaction_hash": "0x123" }), 29),
        ("zkthread_getThread", json!({ "transaction_hash": "0x123" }), 29),
        ("starknet_getBlockWithTxs", json!({ "block_id": { "block_number": 1_000_000 } }), 24),
        ("starknet_getBlockWithTxs", json!({ "block_id": { "block_hash": "0x1" } }), 24),
        ("starknet_getBlockWithTxs", json!({ "block_id": { "block_number": -1 } }), INVALID_PARAMS),
        ("starknet_getBlockWithTxs", json!({ "block_id": "newest" }), INVALID_PARAMS),
        ("starknet_getBlockWithTxs", json!({}), INVALID_PARAMS),
        ("starknet_getBlockWithTxs", json!(["latest", [], 1]), INVALID_PARAMS),
        ("starknet_getTransactionByBlockIdAndIndex", json!({ "block_id": latest, "index": 99 }), 27),
        ("starknet_noSuchMethod", json!([]), -32601),
    ];
    for (method, params, code) in cases {
        let failure = node.rpc.refusal(method, params.clone()).await?;
        assert_eq!(failure.code, code, "{method} {params}: {failure}");
    }
    let call = json!({ "contract_address": hex(ETH), "entry_point_selector": "0x1", "calldata": [] });
    let failure = node.rpc.refusal("starknet_call", json!({ "request": call, "block_id": latest })).await?;
    assert_eq!(failure.code, 21, "{failure}");
    Ok(())
}
