//! What strangers may send to the `devnet` namespace.

use anyhow::Result;
use serde_json::{Value, json};
use zkthreads_e2e::TestNode;

#[tokio::test(flavor = "multi_thread")]
async fn every_devnet_method_refuses_nonsense() -> Result<()> {
    let node = TestNode::start()?;
    let before = super::block(&node.rpc, "latest").await?;
    let cases: [(&str, Value); 41] = [
        ("devnet_mint", json!([])),
        ("devnet_mint", json!({ "address": "0x1", "amount": -1 })),
        ("devnet_mint", json!({ "address": "0x1", "amount": "5" })),
        ("devnet_mint", json!({ "address": "0x1", "amount": 1e99 })),
        ("devnet_mint", json!({ "address": "0x1", "amount": 5, "unit": "EUR" })),
        ("devnet_mint", json!({ "address": "1", "amount": 5 })),
        ("devnet_mint", json!({ "address": "0x1", "amount": 5, "lite": true })),
        ("devnet_getAccountBalance", json!({ "address": "0x" })),
        ("devnet_getAccountBalance", json!({ "address": "0x1", "unit": "wei" })),
        ("devnet_getAccountBalance", json!({ "address": "0x1", "block_id": "newest" })),
        ("devnet_getPredeployedAccounts", json!({ "with_balance": 1 })),
        ("devnet_getConfig", json!({ "x": 1 })),
        ("devnet_getStatus", json!([1])),
        ("devnet_createBlock", json!([1])),
        ("devnet_abortBlocks", json!([])),
        ("devnet_abortBlocks", json!({ "starting_block_id": 1 })),
        ("devnet_acceptOnL1", json!({ "starting_block_id": { "block_number": -1 } })),
        ("devnet_setTime", json!({ "time": -1 })),
        ("devnet_setTime", json!({ "time": "1" })),
        ("devnet_setTime", json!({ "time": u64::MAX })),
        ("devnet_increaseTime", json!({ "time": 1.5 })),
        ("devnet_increaseTime", json!({})),
        ("devnet_setGasPrice", json!({ "gas_price_wei": 0 })),
        ("devnet_setGasPrice", json!({ "gas_price_wei": "0x5" })),
        ("devnet_setGasPrice", json!({ "gas_price": 5 })),
        ("devnet_setGasPrice", json!({ "l2_gas_price_fri": u128::MAX })),
        ("devnet_restart", json!({ "restart": true })),
        ("devnet_dump", json!({ "path": 5 })),
        ("devnet_load", json!([])),
        ("devnet_load", json!({ "path": "a", "dump": "b" })),
        ("devnet_load", json!({ "dump": "not base64" })),
        ("devnet_snapshot", json!([0])),
        ("devnet_revert", json!({ "snapshot_id": 1 })),
        ("devnet_revert", json!({ "snapshot_id": "1" })),
        ("devnet_revert", json!({ "snapshot_id": "0x10000000000000000" })),
        ("devnet_setStorageAt", json!({ "contract_address": "0x1", "key": "0x1" })),
        ("devnet_setStorageAt", json!({ "contract_address": "0x1", "key": "0x1", "value": 1 })),
        ("devnet_impersonateAccount", json!({ "account_address": 1 })),
        ("devnet_postmanLoad", json!({ "network_url": 5 })),
        ("devnet_postmanSendMessageToL2", json!({ "payload": [] })),
        ("devnet_postmanConsumeMessageFromL2", json!({ "from_address": "0x1", "to_address": "0x1" })),
    ];
    for (method, params) in cases {
        let refusal = node.rpc.refusal(method, params.clone()).await?;
        assert_eq!(refusal.code, -32602, "{method} {params}: {refusal}");
    }
    assert_eq!(node.rpc.refusal("devnet_nothing", json!([])).await?.code, -32601);
    assert_eq!(super::block(&node.rpc, "latest").await?, before);
    Ok(())
}
