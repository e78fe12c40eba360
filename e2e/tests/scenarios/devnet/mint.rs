//! Minting.

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::json;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, STRK, balance};
use zkthreads_e2e::{TestNode, felt, hex};

use super::transact;

#[tokio::test(flavor = "multi_thread")]
async fn minting_is_a_transaction_and_many_go_at_once_beside_other_traffic() -> Result<()> {
    let node = TestNode::start()?;
    let receiver = Felt::from(0xacc_u64);
    let mint = |amount: u64, unit: &'static str| {
        let params = json!({ "address": hex(receiver), "amount": amount, "unit": unit });
        node.rpc.call("devnet_mint", params)
    };
    let mints = (1..=20_u64).map(|amount| mint(amount, if amount % 2 == 0 { "WEI" } else { "FRI" }));
    let traffic = async {
        for _ in 0..5 {
            transact(&node).await?;
        }
        Ok(())
    };
    let (minted, ()) = tokio::try_join!(try_join_all(mints), traffic)?;
    for answer in &minted {
        node.rpc.wait(felt(&answer["tx_hash"])?).await?.succeeded();
    }
    assert_eq!(balance(&node.rpc, ETH, receiver).await?, 110);
    assert_eq!(balance(&node.rpc, STRK, receiver).await?, 100);

    let params = json!({ "address": hex(receiver), "amount": json!(1e21) });
    let answer = node.rpc.call("devnet_mint", params).await?;
    assert_eq!(answer["unit"], "FRI");
    assert_eq!(answer["new_balance"], "1000000000000000000100");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn minting_counts_at_once_when_blocks_are_made_on_demand() -> Result<()> {
    let node = TestNode::options().with(&["--block-generation-on", "demand"]).start()?;
    let params = json!({ "address": "0xacc", "amount": 5, "unit": "WEI" });
    for expected in ["5", "10"] {
        let answer = node.rpc.call("devnet_mint", params.clone()).await?;
        assert_eq!(answer["new_balance"], expected);
        let params = json!({ "transaction_hash": answer["tx_hash"] });
        let status = node.rpc.call("starknet_getTransactionStatus", params).await?;
        assert_eq!(status["finality_status"], "PRE_CONFIRMED");
    }
    assert_eq!(balance(&node.rpc, ETH, Felt::from(0xacc_u64)).await?, 0);
    node.rpc.call("devnet_createBlock", json!([])).await?;
    assert_eq!(balance(&node.rpc, ETH, Felt::from(0xacc_u64)).await?, 10);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn minting_more_than_there_can_be_is_reverted() -> Result<()> {
    let node = TestNode::start()?;
    // 2^255: the chargeable account holds as much.
    let amount = "57896044618658097711785492504343953926634992332820282019728792003956564819968";
    let amount: serde_json::Number = serde_json::from_str(amount)?;
    let params = json!({ "address": "0xacc", "amount": amount });
    let refusal = node.rpc.refusal("devnet_mint", params).await?;
    assert_eq!((refusal.code, refusal.message.as_str()), (-1, "Minting reverted"));
    assert!(refusal.data["revert_reason"].as_str().unwrap().contains("Overflow"), "{refusal}");
    assert!(node.rpc.wait(felt(&refusal.data["tx_hash"])?).await?.revert_reason.is_some());
    Ok(())
}
