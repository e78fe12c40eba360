//! What a thread does not take, and what it tells whoever sent it.

use anyhow::Result;
use serde_json::json;
use zkthreads_e2e::token::{ETH, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{TestThread, Wallet, hex};

use super::{node, pay, thread};

async fn refused(thread: &TestThread, transaction: serde_json::Value) -> Result<i64> {
    let params = json!({ "invoke_transaction": transaction });
    Ok(thread.rpc.refusal("starknet_addInvokeTransaction", params).await?.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_by_its_own_error() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    let call = transfer(ETH, recipient, 1)?;
    pay(&thread, user, 0, recipient, 1).await?;

    let used = user.invoke(0, &[transfer(ETH, recipient, 2)?])?;
    assert_eq!(refused(&thread, wire(&used, None)).await?, 52, "a used nonce");
    let same = user.invoke(0, std::slice::from_ref(&call))?;
    assert_eq!(refused(&thread, wire(&same, None)).await?, 59, "the very same transaction");
    let thief = Wallet::new(user.address, node.account(3).private_key)?;
    let forged = thief.invoke(1, std::slice::from_ref(&call))?;
    assert_eq!(refused(&thread, wire(&forged, None)).await?, 55, "somebody else's signature");
    let nobody = Wallet::new(0x1234.into(), user.private_key)?;
    let unsent = nobody.invoke(0, std::slice::from_ref(&call))?;
    assert_eq!(refused(&thread, wire(&unsent, None)).await?, 58, "no account");
    let far = user.invoke(100_000, std::slice::from_ref(&call))?;
    assert_eq!(refused(&thread, wire(&far, None)).await?, 52, "a nonce too far ahead");

    let mut query = wire(&user.invoke(1, std::slice::from_ref(&call))?, None);
    query["version"] = json!("0x100000000000000000000000000000003");
    assert_ne!(refused(&thread, query).await?, 0);
    let mut facts = wire(&user.invoke(1, &[call])?, None);
    facts["proof_facts"] = json!(["0x1"]);
    assert_ne!(refused(&thread, facts).await?, 0);

    // On a node that is no thread, nobody asks for a thread's status.
    let refusal = node.rpc.refusal("zkthread_status", json!([])).await?;
    assert!(refusal.message.to_lowercase().contains("thread"), "{refusal}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_chains_goes_to_the_chain() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    // A mint is a devnet's, a storage proof the chain's.
    let mint = json!({ "address": hex(node.account(5).address), "amount": 1, "unit": "FRI" });
    thread.rpc.call("devnet_mint", mint).await?;
    let params = json!({ "block_id": "latest", "contract_addresses": [hex(ETH)] });
    let (here, there) = (
        thread.rpc.call("starknet_getStorageProof", params.clone()).await?,
        node.rpc.call("starknet_getStorageProof", params).await?,
    );
    assert_eq!(
        here["contracts_proof"]["contract_leaves_data"],
        there["contracts_proof"]["contract_leaves_data"]
    );
    let versions = node.rpc.call("zkthread_osVersions", json!([])).await?;
    assert_eq!(thread.rpc.call("zkthread_osVersions", json!([])).await?, versions);
    for block in [json!("latest"), json!({ "block_number": 0 })] {
        let params = json!({ "block_id": block });
        let genesis = thread.rpc.call("starknet_getBlockWithTxHashes", params).await?;
        assert!(genesis["block_hash"].is_string());
    }
    assert_eq!(
        thread.rpc.call("starknet_chainId", json!([])).await?,
        node.rpc.call("starknet_chainId", json!([])).await?
    );
    Ok(())
}
