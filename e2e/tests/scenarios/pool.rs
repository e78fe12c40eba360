//! What the mempool promises to those who do not wait: nonces in any order, replacements, and that `kill -9` loses
//! nothing that was acknowledged.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::core::ChainId;
use starknet_api::transaction::fields::Tip;
use starknet_rust::signers::SigningKey;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, STRK, balance, transfer};
use zkthreads_e2e::wait::until;
use zkthreads_e2e::wallet::{Wallet, wire};
use zkthreads_e2e::{Rpc, TestNode, felt, hex, sub_block};

use crate::deploys::newcomer;

/// A node that makes blocks when told to.
fn on_demand(directory: &std::path::Path) -> Result<TestNode> {
    TestNode::options().data_dir(directory).with(&["--block-generation-on", "demand"]).start()
}

async fn status(rpc: &Rpc, hash: Felt) -> Result<Result<String, String>> {
    let params = json!({ "transaction_hash": hex(hash) });
    Ok(match rpc.try_call("starknet_getTransactionStatus", params).await? {
        Ok(status) => Ok(status["finality_status"].as_str().context("no status")?.to_owned()),
        Err(failure) => Err(failure.data.as_str().unwrap_or_default().to_owned()),
    })
}

/// The nonce after what waits.
async fn next_nonce(rpc: &Rpc, account: Felt) -> Result<u64> {
    let params = json!({ "block_id": "pre_confirmed", "contract_address": hex(account) });
    let nonce = felt(&rpc.call("starknet_getNonce", params).await?)?;
    u64::try_from(nonce).map_err(|_| anyhow::anyhow!("nonce {nonce:#x}"))
}

/// A transfer of one wei with a tip.
fn tipped(from: &Wallet, to: &Wallet, nonce: u64, tip: u64) -> Result<Value> {
    let mut invoke = from.invoke(nonce, &[transfer(ETH, to.address, 1)?])?;
    invoke.tip = Tip(tip);
    Ok(wire(&from.sign(invoke, &ChainId::Sepolia)?, None))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_in_any_order_outlives_kill_9() -> Result<()> {
    const BURST: u64 = 200;
    let directory = tempfile::tempdir()?;
    let node = on_demand(directory.path())?;
    let (from, to) = (node.account(1).clone(), node.account(2).clone());
    let before = balance(&node.rpc, ETH, to.address).await?;
    // Backwards: nothing can execute until the first comes last.
    let mut hashes = Vec::new();
    for nonce in (1..BURST).rev() {
        hashes.push(node.rpc.send(&tipped(&from, &to, nonce, 0)?).await?);
    }
    node.kill()?;

    let node = on_demand(directory.path())?;
    for hash in &hashes {
        assert_eq!(status(&node.rpc, *hash).await?, Ok("RECEIVED".to_owned()));
    }
    assert_eq!(node.rpc.nonce(from.address).await?, 0);
    hashes.push(node.rpc.send(&tipped(&from, &to, 0, 0)?).await?);
    hashes.reverse();
    assert_eq!(next_nonce(&node.rpc, from.address).await?, BURST);
    node.kill()?;

    let node = on_demand(directory.path())?;
    assert_eq!(next_nonce(&node.rpc, from.address).await?, BURST);
    node.rpc.call("devnet_createBlock", json!({})).await?;
    let block = node.rpc.block(node.rpc.block_number().await?).await?;
    let included: Vec<Felt> = block["transactions"]
        .as_array()
        .context("no transactions")?
        .iter()
        .map(|transaction| felt(&transaction["receipt"]["transaction_hash"]))
        .collect::<Result<_>>()?;
    assert_eq!(included, hashes, "one block, in the order of nonces");
    assert_eq!(balance(&node.rpc, ETH, to.address).await?, before + u128::from(BURST));
    node.kill()?;

    // Nothing is executed twice.
    let node = on_demand(directory.path())?;
    node.rpc.call("devnet_createBlock", json!({})).await?;
    assert_eq!(node.rpc.nonce(from.address).await?, BURST);
    assert_eq!(balance(&node.rpc, ETH, to.address).await?, before + u128::from(BURST));
    Ok(())
}

/// What it was built on is gone; it was acknowledged all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_on_top_of_a_lost_block_outlives_kill_9() -> Result<()> {
    // Further than nonces may be ahead of the chain's.
    const MANY: u64 = 210;
    let directory = tempfile::tempdir()?;
    let node = on_demand(directory.path())?;
    let (from, to, founder) = (node.account(1).clone(), node.account(2).clone(), node.account(3).clone());
    let (newcomer, deploy) = newcomer()?;
    let found = founder.invoke(0, &[deploy, transfer(STRK, newcomer.address, INITIAL_BALANCE / 2)?])?;
    let mut hashes = vec![node.rpc.send(&wire(&found, None)).await?];
    let is_executed =
        async |hash| Ok((status(&node.rpc, hash).await? == Ok("PRE_CONFIRMED".to_owned())).then_some(()));
    until("the founder's is executed", async || is_executed(hashes[0]).await).await?;
    for nonce in 0..3 {
        hashes.push(node.rpc.send(&tipped(&newcomer, &to, nonce, 0)?).await?);
    }
    for nonce in 0..MANY {
        if nonce == MANY - 10 {
            let last = hashes[hashes.len() - 1];
            until("the first are executed", async || is_executed(last).await).await?;
        }
        hashes.push(node.rpc.send(&tipped(&from, &to, nonce, 0)?).await?);
    }
    node.kill()?;

    let node = on_demand(directory.path())?;
    node.rpc.call("devnet_createBlock", json!({})).await?;
    for hash in hashes {
        assert_eq!(status(&node.rpc, hash).await?, Ok("ACCEPTED_ON_L2".to_owned()), "{hash:#x}");
    }
    let nonces = [node.rpc.nonce(from.address).await?, node.rpc.nonce(newcomer.address).await?];
    assert_eq!(nonces, [MANY, 3]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_transaction_was_dropped_outlives_kill_9() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let node = on_demand(directory.path())?;
    let (from, to) = (node.account(1).clone(), node.account(2).clone());
    let old = node.rpc.send(&tipped(&from, &to, 1, 100)?).await?;
    node.rpc.send(&tipped(&from, &to, 1, 200)?).await?;
    let reason = status(&node.rpc, old).await?;
    assert!(reason.as_ref().is_err_and(|reason| reason.contains("replaced by")), "{reason:?}");
    node.kill()?;
    assert_eq!(status(&on_demand(directory.path())?.rpc, old).await?, reason);
    Ok(())
}

/// A validation that fails can be charged to nobody: no block runs one that did not pass on what the block has.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_validated_again_when_what_it_saw_has_changed() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let node = on_demand(directory.path())?;
    let (alice, bob) = (node.account(1).clone(), node.account(2).clone());
    let of_alice = node.rpc.send(&tipped(&alice, &bob, 1, 0)?).await?;
    let of_bob = node.rpc.send(&tipped(&bob, &alice, 1, 0)?).await?;
    // Time goes on for both; and Alice's key becomes another one.
    node.rpc.call("devnet_increaseTime", json!({ "time": 2 * 3600 })).await?;
    let new_key = Felt::from(0x5ec3e7_u64);
    let public_key = SigningKey::from_secret_scalar(new_key).verifying_key().scalar();
    let cell = get_storage_var_address("Account_public_key", &[]);
    let change = json!({ "contract_address": hex(alice.address), "key": hex(*cell.0.key()), "value": hex(public_key) });
    node.rpc.call("devnet_setStorageAt", change).await?;
    let renewed = Wallet::new(alice.address, new_key)?;
    let included = [
        of_bob,
        node.rpc.send(&tipped(&renewed, &bob, 0, 0)?).await?,
        node.rpc.send(&tipped(&bob, &alice, 0, 0)?).await?,
    ];
    node.rpc.call("devnet_createBlock", json!({})).await?;
    for hash in included {
        assert_eq!(status(&node.rpc, hash).await?, Ok("ACCEPTED_ON_L2".to_owned()));
    }
    let reason = status(&node.rpc, of_alice).await?.unwrap_err();
    assert!(reason.contains("validation failed"), "{reason}");
    assert_eq!(node.rpc.nonce(alice.address).await?, 1, "and she has not paid for it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenth_more_tip_replaces_a_transaction() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let node = on_demand(directory.path())?;
    let (from, to) = (node.account(1).clone(), node.account(2).clone());
    let add = |tip| -> Result<Value> { Ok(json!({ "invoke_transaction": tipped(&from, &to, 1, tip)? })) };
    let old = node.rpc.send(&tipped(&from, &to, 1, 100)?).await?;
    let refused = node.rpc.refusal("starknet_addInvokeTransaction", add(109)?).await?;
    assert_eq!(refused.code, 64, "{refused:?}");
    let refused = node.rpc.refusal("starknet_addInvokeTransaction", add(100)?).await?;
    assert_eq!(refused.code, 59, "{refused:?}");
    let new = node.rpc.send(&tipped(&from, &to, 1, 110)?).await?;
    let reason = status(&node.rpc, old).await?.unwrap_err();
    assert!(reason.contains("replaced by"), "{reason}");
    assert_eq!(status(&node.rpc, new).await?, Ok("RECEIVED".to_owned()));

    let too_far = json!({ "invoke_transaction": tipped(&from, &to, 201, 0)? });
    let refused = node.rpc.refusal("starknet_addInvokeTransaction", too_far).await?;
    assert_eq!(refused.code, 52, "{refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_proofs_cost_their_senders_and_hold_nobody_up() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    let mut threads = Vec::new();
    for (index, mallory) in node.accounts[3..6].iter().enumerate() {
        for nonce in 0..3 {
            // Damaged near the proof's end; the package's digest is that of the damaged bytes.
            let mut bytes = package.encode();
            let place = bytes.len() - 100 - 10 * index - usize::try_from(nonce)?;
            bytes[place] ^= 1;
            let thread = mallory.thread(nonce, sub_block::os_program_hash(), &bytes)?;
            threads.push(node.rpc.send(&thread).await?);
        }
    }
    let (from, to) = (node.account(1), node.account(2));
    node.rpc.settle(&tipped(from, to, next_nonce(&node.rpc, from.address).await?, 0)?).await?.succeeded();
    for hash in threads {
        let receipt = node.rpc.wait(hash).await?.json;
        assert_eq!(receipt["execution_status"], "REVERTED", "{receipt}");
        let fee = felt(&receipt["actual_fee"]["amount"])?;
        assert!(fee > Felt::from(10_000_000_u64) * Felt::from(1_000_000_000_u64), "{fee}");
    }
    Ok(())
}
