//! The clock and gas prices.

use std::ops::RangeInclusive;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use zkthreads_e2e::token::{ETH, transfer};
use zkthreads_e2e::wallet::{Call, wire};
use zkthreads_e2e::{TestNode, felt};

use super::bridge::{Bridge, invoke};
use super::{block, transact};

async fn latest_time(node: &TestNode) -> Result<u64> {
    block(&node.rpc, "latest").await?["timestamp"].as_u64().context("no timestamp")
}

/// What the chain's clock may show now that showed `time` some time after `since`.
fn from_then_on(time: u64, since: Instant) -> RangeInclusive<u64> {
    // Clocks count whole seconds.
    time..=time + since.elapsed().as_secs() + 1
}

#[tokio::test(flavor = "multi_thread")]
async fn contracts_see_the_time_that_was_set() -> Result<()> {
    let since = Instant::now();
    let node = TestNode::start()?;
    let bridge = Bridge::deploy(&node).await?;
    let later = latest_time(&node).await? + 1_000_000;

    let set = node.rpc.call("devnet_setTime", json!({ "time": later })).await?;
    assert_eq!(set["block_timestamp"], later);
    let latest = block(&node.rpc, "latest").await?;
    assert_eq!(latest["block_hash"], set["block_hash"]);
    assert_eq!(latest["timestamp"], later);
    assert_eq!(bridge.now(&node).await?, later);

    // The clock goes on from there.
    let before = node.rpc.block_number().await?;
    let increased = node.rpc.call("devnet_increaseTime", json!({ "time": 500 })).await?;
    assert_eq!(increased["timestamp_increased_by"], 500);
    assert_eq!(node.rpc.block_number().await?, before + 1);
    let now = latest_time(&node).await?;
    assert!(from_then_on(later + 500, since).contains(&now), "{later} {now}");
    let receipt = invoke(&node, 1, Call::new(bridge.address, "remember_now", vec![])?).await?;
    receipt.succeeded();
    let remembered = bridge.now(&node).await?;
    assert!(from_then_on(later + 500, since).contains(&remembered), "{later} {remembered}");

    // Without a block: the next one has the time.
    let before = node.rpc.block_number().await?;
    let params = json!({ "time": later + 5_000, "generate_block": false });
    let set = node.rpc.call("devnet_setTime", params).await?;
    assert_eq!(set["block_hash"], Value::Null);
    assert_eq!(node.rpc.block_number().await?, before);
    transact(&node).await?;
    assert_eq!(latest_time(&node).await?, later + 5_000);
    transact(&node).await?;
    let now = latest_time(&node).await?;
    assert!(from_then_on(later + 5_000, since).contains(&now), "{later} {now}");

    // Back to the past.
    let since = Instant::now();
    let set = node.rpc.call("devnet_setTime", json!({ "time": 1 })).await?;
    assert_eq!((latest_time(&node).await?, &set["block_timestamp"]), (1, &json!(1)));
    transact(&node).await?;
    let now = latest_time(&node).await?;
    assert!(from_then_on(1, since).contains(&now), "{now}");

    let absurd = node.rpc.refusal("devnet_increaseTime", json!({ "time": u64::MAX })).await?;
    assert_eq!((absurd.code, absurd.message.as_str()), (-32602, "The time is out of range"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_block_and_estimates_have_the_prices_that_were_set() -> Result<()> {
    let node = TestNode::start()?;
    let change = json!({ "l2_gas_price_fri": 3_000_000_000_u64, "data_gas_price_wei": 7 });
    let all = node.rpc.call("devnet_setGasPrice", change).await?;
    assert_eq!(all["l2_gas_price_fri"], 3_000_000_000_u64);
    assert_eq!(all["data_gas_price_wei"], 7);
    assert_eq!(all["gas_price_fri"], 1_000_000_000);
    assert_eq!(node.rpc.call("devnet_getConfig", json!([])).await?["data_gas_price_wei"], 7);

    node.rpc.call("devnet_createBlock", json!([])).await?;
    let latest = block(&node.rpc, "latest").await?;
    assert_eq!(felt(&latest["l2_gas_price"]["price_in_fri"])?, 3_000_000_000_u64.into());
    assert_eq!(felt(&latest["l1_data_gas_price"]["price_in_wei"])?, 7.into());
    assert_eq!(felt(&latest["l1_gas_price"]["price_in_wei"])?, 1_000_000_000.into());

    let call = transfer(ETH, node.account(1).address, 1)?;
    let transaction = wire(&node.account(0).invoke(0, &[call])?, None);
    let params = json!({
        "request": [transaction], "simulation_flags": ["SKIP_VALIDATE"], "block_id": "latest",
    });
    let estimate = node.rpc.call("starknet_estimateFee", params).await?;
    assert_eq!(felt(&estimate[0]["l2_gas_price"])?, 3_000_000_000_u64.into());

    let before = node.rpc.block_number().await?;
    let change = json!({ "l2_gas_price_fri": 5, "generate_block": true });
    node.rpc.call("devnet_setGasPrice", change).await?;
    assert_eq!(node.rpc.block_number().await?, before + 1);
    assert_eq!(felt(&block(&node.rpc, "latest").await?["l2_gas_price"]["price_in_fri"])?, 5.into());
    Ok(())
}
