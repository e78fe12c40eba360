//! Speaking for others.

use anyhow::Result;
use serde_json::json;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, balance, transfer};
use zkthreads_e2e::wallet::{Wallet, wire};
use zkthreads_e2e::{TestNode, hex};

#[tokio::test(flavor = "multi_thread")]
async fn impersonated_accounts_need_no_signature() -> Result<()> {
    let node = TestNode::start()?;
    let victim = node.account(3).address;
    let thief = Wallet::new(victim, Felt::from(666))?;
    let loot = |nonce| {
        let call = transfer(ETH, Felt::from(0xacc_u64), 1)?;
        anyhow::Ok(wire(&thief.invoke(nonce, &[call])?, None))
    };
    let refused = json!({ "invoke_transaction": loot(0)? });
    assert_eq!(node.rpc.refusal("starknet_addInvokeTransaction", refused.clone()).await?.code, 55);

    let account = json!({ "account_address": hex(victim) });
    assert_eq!(node.rpc.call("devnet_impersonateAccount", account.clone()).await?, json!({}));
    let status = node.rpc.call("devnet_getStatus", json!([])).await?;
    assert_eq!(status["impersonated_accounts"], json!([hex(victim)]));
    node.rpc.settle(&loot(0)?).await?.succeeded();
    assert_eq!(balance(&node.rpc, ETH, Felt::from(0xacc_u64)).await?, 1);

    node.rpc.call("devnet_stopImpersonateAccount", account).await?;
    let refused = json!({ "invoke_transaction": loot(1)? });
    assert_eq!(node.rpc.refusal("starknet_addInvokeTransaction", refused.clone()).await?.code, 55);

    node.rpc.call("devnet_autoImpersonate", json!([])).await?;
    node.rpc.settle(&loot(1)?).await?.succeeded();
    node.rpc.call("devnet_stopAutoImpersonate", json!([])).await?;
    let refused = json!({ "invoke_transaction": loot(2)? });
    assert_eq!(node.rpc.refusal("starknet_addInvokeTransaction", refused).await?.code, 55);
    Ok(())
}
