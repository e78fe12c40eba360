//! From a user's wallet to the chain.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, STRK, balance, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{Call, hex};

use super::{check_supply, node, patient_thread, pay, thread};

/// What may not change between the thread's word and the chain's.
const LASTING: [&str; 8] = [
    "type",
    "transaction_hash",
    "actual_fee",
    "execution_status",
    "revert_reason",
    "messages_sent",
    "events",
    "execution_resources",
];

#[tokio::test(flavor = "multi_thread")]
async fn users_see_the_same_before_and_after() -> Result<()> {
    let node = node()?;
    let thread = patient_thread(&node, 8).start()?;
    let recipient = node.account(9).address;

    let mut told: Vec<(_, Value)> = Vec::new();
    for user in &node.accounts[1..4] {
        for nonce in 0..2 {
            let hash = pay(&thread, user, nonce, recipient, 10).await?;
            let params = json!({ "transaction_hash": hex(hash) });
            let receipt = thread.rpc.call("starknet_getTransactionReceipt", params.clone()).await?;
            assert_eq!(receipt["finality_status"], "PRE_CONFIRMED", "{receipt}");
            let trace = thread.rpc.call("starknet_traceTransaction", params.clone()).await?;
            assert_eq!(trace["type"], "INVOKE");
            assert_eq!(node.rpc.refusal("starknet_getTransactionReceipt", params).await?.code, 29);
            told.push((hash, receipt));
        }
    }
    // One that reverts is part of the sub-block as well.
    let poor = node.account(4);
    let too_much = poor.invoke(0, &[transfer(ETH, recipient, INITIAL_BALANCE + 1)?])?;
    let hash = thread.rpc.send(&wire(&too_much, None)).await?;
    let params = json!({ "transaction_hash": hex(hash) });
    let receipt = thread.rpc.call("starknet_getTransactionReceipt", params).await?;
    assert_eq!(receipt["execution_status"], "REVERTED");
    told.push((hash, receipt));
    assert_eq!(thread.status().await?["users"], 4, "who has something under way");

    let ahead = json!({ "block_id": "pre_confirmed", "contract_address": hex(poor.address) });
    assert_eq!(thread.rpc.call("starknet_getNonce", ahead.clone()).await?, "0x1");
    assert_eq!(node.rpc.call("starknet_getNonce", ahead).await?, "0x0", "the chain has not heard of it");

    // With one more the sub-block is complete.
    let last = pay(&thread, poor, 1, recipient, 10).await?;
    for (hash, before) in &told {
        let on_node = thread.settled(&node.rpc, *hash).await?;
        let on_thread = thread.settled(&thread.rpc, *hash).await?;
        assert_eq!(on_node.json, on_thread.json);
        for field in LASTING {
            assert_eq!(on_node.json[field], before[field], "{field} of {hash:#x}");
        }
        let params = json!({ "transaction_hash": hex(*hash) });
        for rpc in [&node.rpc, &thread.rpc] {
            let status = rpc.call("starknet_getTransactionStatus", params.clone()).await?;
            assert_eq!(status["finality_status"], "ACCEPTED_ON_L2");
        }
    }
    thread.settled(&thread.rpc, last).await?.succeeded();
    for rpc in [&node.rpc, &thread.rpc] {
        assert_eq!(balance(rpc, ETH, recipient).await?, INITIAL_BALANCE + 70);
        for user in &node.accounts[1..4] {
            assert_eq!(rpc.nonce(user.address).await?, 2);
            assert_eq!(
                balance(rpc, STRK, user.address).await?,
                INITIAL_BALANCE,
                "inner transactions are free"
            );
        }
    }
    check_supply(&node).await?;

    let status = thread.until_settled().await?;
    assert_eq!(status["totals"]["received"], 8, "{status:#}");
    assert_eq!(status["totals"]["settled"], 8);
    assert_eq!(status["totals"]["conflicts"], 0);
    thread.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_may_come_in_any_order_of_their_nonces() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    let late = pay(&thread, user, 2, recipient, 1).await?;
    let middle = pay(&thread, user, 1, recipient, 1).await?;
    let params = json!({ "transaction_hash": hex(late) });
    let status = thread.rpc.call("starknet_getTransactionStatus", params).await?;
    assert_eq!(status["finality_status"], "RECEIVED");
    let first = pay(&thread, user, 0, recipient, 1).await?;
    for hash in [first, middle, late] {
        thread.settled(&node.rpc, hash).await?.succeeded();
    }
    assert_eq!(node.rpc.nonce(user.address).await?, 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_writes_only_its_contracts() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).contracts(&[ETH]).start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    let outside = user.invoke(0, &[transfer(STRK, recipient, 1)?])?;
    let params = json!({ "invoke_transaction": wire(&outside, None) });
    let refusal = thread.rpc.refusal("starknet_addInvokeTransaction", params).await?;
    assert_eq!(refusal.code, 63, "{refusal}");
    assert!(refusal.data.to_string().contains(hex(STRK).trim_start_matches("0x")), "{refusal}");

    // Reading elsewhere is fine, and so is writing to the contracts of the set.
    let calls = [Call::new(STRK, "balance_of", vec![user.address])?, transfer(ETH, recipient, 5)?];
    let hash = thread.rpc.send(&wire(&user.invoke(0, &calls)?, None)).await?;
    thread.settled(&node.rpc, hash).await?.succeeded();
    let status = thread.until_settled().await?;
    let all = status["sub_blocks"].as_array().context("sub-blocks")?;
    let sub_block = all.iter().find(|it| it["stage"] == "SETTLED").context("none is settled")?;
    let thread_transaction = sub_block["transaction_hash"].as_str().context("hash")?.to_owned();
    let params = json!({ "transaction_hash": thread_transaction });
    let stored = node.rpc.call("zkthread_getThread", params).await?;
    assert!(stored["statement"].to_string().contains(&hex(STRK)), "the read is a precondition");
    Ok(())
}
