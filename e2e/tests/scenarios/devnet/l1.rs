//! Messages between L1 and L2, by way of the devnet's own L1.

use anyhow::Result;
use serde_json::{Value, json};
use starknet_rust::core::utils::get_selector_from_name;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::{TestNode, felt, hex};

use super::bridge::Bridge;

const OWNER: Felt = Felt::from_hex_unchecked("0x0111");
const L1_BRIDGE: &str = "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512";
const L1_HASH: &str = "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffabcd";

fn deposit(bridge: &Bridge, owner: Felt, amount: u64, nonce: u64) -> Result<Value> {
    Ok(json!({
        "l2_contract_address": hex(bridge.address),
        "entry_point_selector": hex(get_selector_from_name("deposit")?),
        "l1_contract_address": L1_BRIDGE,
        "payload": [hex(owner), hex(amount)],
        "paid_fee_on_l1": "0x123456abcdef",
        "nonce": hex(nonce),
        "l1_transaction_hash": L1_HASH,
    }))
}

fn withdrawal(bridge: &Bridge, amount: u64) -> Value {
    json!({
        "from_address": hex(bridge.address),
        "to_address": L1_BRIDGE,
        "payload": ["0x0", hex(OWNER), hex(amount)],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_from_l1_to_a_handler_and_back() -> Result<()> {
    let node = TestNode::start()?;
    let bridge = Bridge::deploy(&node).await?;

    let sent = node.rpc.call("devnet_postmanSendMessageToL2", deposit(&bridge, OWNER, 10, 0)?).await?;
    let receipt = node.rpc.wait(felt(&sent["transaction_hash"])?).await?;
    receipt.succeeded();
    assert_eq!(receipt.json["type"], "L1_HANDLER");
    assert_eq!(bridge.balance(&node, OWNER).await?, Felt::from(10));
    let status = node.rpc.call("starknet_getMessagesStatus", json!({ "transaction_hash": L1_HASH })).await?;
    assert_eq!(status[0]["transaction_hash"], sent["transaction_hash"]);

    // What a contract sends waits until it is flushed or consumed.
    bridge.withdraw(&node, OWNER, 4, felt(&json!(L1_BRIDGE))?).await?.succeeded();
    let not_loaded = node.rpc.refusal("devnet_postmanFlush", json!([])).await?;
    assert_eq!(not_loaded.code, -1);
    let other = json!({ "network_url": "http://127.0.0.1:8545" });
    assert_eq!(node.rpc.refusal("devnet_postmanLoad", other).await?.code, -1);
    let loaded = node.rpc.call("devnet_postmanLoad", json!({ "network_url": "mock://l1" })).await?;
    assert_eq!(loaded["messaging_contract_address"], "0x5fbdb2315678afecb367f032d93f642f64180aa3");

    let dry = node.rpc.call("devnet_postmanFlush", json!({ "dry_run": true })).await?;
    assert_eq!(dry["l1_provider"], "dry run");
    assert_eq!(dry["messages_to_l1"].as_array().unwrap().len(), 1);
    let flushed = node.rpc.call("devnet_postmanFlush", json!([])).await?;
    assert_eq!(flushed["messages_to_l1"], dry["messages_to_l1"]);
    assert_eq!(felt(&flushed["messages_to_l1"][0]["from_address"])?, bridge.address);
    assert_eq!(flushed["messages_to_l1"][0]["payload"], withdrawal(&bridge, 4)["payload"]);
    assert_eq!(flushed["messages_to_l2"], json!([]));
    let again = node.rpc.call("devnet_postmanFlush", json!([])).await?;
    assert_eq!(again["messages_to_l1"], json!([]));

    let consume = "devnet_postmanConsumeMessageFromL2";
    let consumed = node.rpc.call(consume, withdrawal(&bridge, 4)).await?;
    assert_eq!(consumed["message_hash"].as_str().unwrap().len(), 66);
    let twice = node.rpc.refusal(consume, withdrawal(&bridge, 4)).await?;
    assert_eq!(twice.code, -1);
    assert!(twice.message.contains(consumed["message_hash"].as_str().unwrap()), "{twice}");
    assert_eq!(node.rpc.refusal(consume, withdrawal(&bridge, 5)).await?.code, -1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_no_handler_takes_are_refused_or_reverted() -> Result<()> {
    let node = TestNode::start()?;
    let bridge = Bridge::deploy(&node).await?;
    let send = "devnet_postmanSendMessageToL2";

    let sent = node.rpc.call(send, deposit(&bridge, Felt::ZERO, 1, 0)?).await?;
    let receipt = node.rpc.wait(felt(&sent["transaction_hash"])?).await?;
    assert!(receipt.reverted().contains("nobody"), "{}", receipt.reverted());

    let mut absent = deposit(&bridge, OWNER, 1, 1)?;
    absent["l2_contract_address"] = json!("0xdead");
    let refusal = node.rpc.refusal(send, absent).await?;
    assert_eq!((refusal.code, refusal.message.as_str()), (20, "Contract not found"));
    let mut unhandled = deposit(&bridge, OWNER, 1, 2)?;
    unhandled["entry_point_selector"] = json!(hex(get_selector_from_name("withdraw")?));
    assert_eq!(node.rpc.refusal(send, unhandled).await?.code, 21);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_from_l1_can_be_delivered_again_after_a_restart() -> Result<()> {
    let node = TestNode::start()?;
    let bridge = Bridge::deploy(&node).await?;
    let sent = node.rpc.call("devnet_postmanSendMessageToL2", deposit(&bridge, OWNER, 10, 0)?).await?;
    node.rpc.wait(felt(&sent["transaction_hash"])?).await?.succeeded();

    let replay = json!({ "restart_l1_to_l2_messaging": true });
    node.rpc.call("devnet_restart", replay).await?;
    assert_eq!(node.rpc.block_number().await?, 0);
    let again = Bridge::deploy(&node).await?;
    assert_eq!(again.address, bridge.address);
    assert_eq!(bridge.balance(&node, OWNER).await?, Felt::ZERO);
    node.rpc.call("devnet_postmanLoad", json!({ "network_url": "mock://l1" })).await?;
    let flushed = node.rpc.call("devnet_postmanFlush", json!([])).await?;
    assert_eq!(flushed["generated_l2_transactions"], json!([sent["transaction_hash"]]));
    assert_eq!(flushed["messages_to_l2"][0]["nonce"], "0x0");
    node.rpc.wait(felt(&sent["transaction_hash"])?).await?.succeeded();
    assert_eq!(bridge.balance(&node, OWNER).await?, Felt::from(10));
    Ok(())
}
