//! Writing storage.

use anyhow::Result;
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, STRK, balance, balance_key};
use zkthreads_e2e::{TestNode, hex};

use super::transact;

fn write(contract: Felt, key: Felt, value: u64) -> Value {
    json!({ "contract_address": hex(contract), "key": hex(key), "value": hex(value) })
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_is_written_in_the_open_block() -> Result<()> {
    let node = TestNode::options().with(&["--block-generation-on", "demand"]).start()?;
    let (owner, key) = (Felt::from(0xacc_u64), balance_key(Felt::from(0xacc_u64)));
    assert_eq!(node.rpc.call("devnet_setStorageAt", write(ETH, key, 77)).await?, json!({}));
    let open = json!({ "contract_address": hex(ETH), "key": hex(key), "block_id": "pre_confirmed" });
    assert_eq!(node.rpc.call("starknet_getStorageAt", open).await?, "0x4d");
    assert_eq!(balance(&node.rpc, ETH, owner).await?, 0);
    node.rpc.call("devnet_createBlock", json!([])).await?;
    assert_eq!(balance(&node.rpc, ETH, owner).await?, 77);
    let update = node.rpc.call("starknet_getStateUpdate", json!({ "block_id": "latest" })).await?;
    let written = json!([{ "address": hex(ETH), "storage_entries": [{ "key": hex(key), "value": "0x4d" }] }]);
    let diffs = update["state_diff"]["storage_diffs"].as_array().unwrap();
    assert!(diffs.contains(&written[0]), "{diffs:?}");

    let absent = node.rpc.refusal("devnet_setStorageAt", write(Felt::from(0xdead_u64), key, 1)).await?;
    assert_eq!((absent.code, absent.message.as_str()), (20, "Contract not found"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn written_storage_goes_into_the_next_block_when_each_transaction_makes_one() -> Result<()> {
    let node = TestNode::start()?;
    let key = balance_key(Felt::from(0xacc_u64));
    node.rpc.call("devnet_setStorageAt", write(STRK, key, 5)).await?;
    transact(&node).await?;
    assert_eq!(balance(&node.rpc, STRK, Felt::from(0xacc_u64)).await?, 5);
    Ok(())
}
