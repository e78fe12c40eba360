//! The chain moves under a thread.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance};
use zkthreads_e2e::{TestThread, ThreadOptions, hex};

use super::{check_supply, node, patient_thread, pay, send_ether, thread};

/// The sub-blocks with transactions that are not settled, in order.
async fn unsettled(thread: &TestThread) -> Result<Vec<Value>> {
    let status = thread.status().await?;
    let all = status["sub_blocks"].as_array().context("sub-blocks")?;
    Ok(all
        .iter()
        .filter(|sub_block| sub_block["stage"] != "SETTLED" && sub_block["transactions"] != 0)
        .cloned()
        .collect())
}

/// How the status names who wrote a cell.
fn writer(transaction: Felt, sender: Felt) -> Value {
    json!({ "transaction_hash": hex(transaction), "sender_address": hex(sender) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_costs_only_what_depends_on_it() -> Result<()> {
    let node = node()?;
    let thread = patient_thread(&node, 2).start()?;
    let account = |index: usize| node.account(index);

    // Two sub-blocks that have nothing to do with each other, and are not settled before the chain moves.
    let held = thread.hold_provers().await?;
    let spent_twice = pay(&thread, account(1), 0, account(5).address, 100).await?;
    let beside = pay(&thread, account(2), 0, account(6).address, 100).await?;
    let mut independent = Vec::new();
    for (from, to) in [(3, 7), (4, 8)] {
        independent.push(pay(&thread, account(from), 0, account(to).address, 100).await?);
    }
    let ids: Vec<_> = unsettled(&thread).await?.iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids.len(), 2, "each full with two transactions");

    // User 1 changes its mind, on the chain.
    let direct = send_ether(&node.rpc, account(1), 0, account(9).address, 7).await?;
    node.rpc.wait(direct).await?.succeeded();

    let params = json!({ "transaction_hash": hex(spent_twice) });
    let status = thread.until("told of the conflict", |status| status["totals"]["conflicts"] != 0).await?;
    let struck = status["sub_blocks"].as_array().context("sub-blocks")?;
    let struck = struck.iter().find(|it| it["id"] == ids[0]).context("the first sub-block is gone")?;
    let nonce = struck["conflicts"].as_array().context("conflicts")?.iter().find(|it| it["kind"] == "NONCE");
    let nonce = nonce.with_context(|| format!("no conflict of a nonce in {struck:#}"))?;
    assert_eq!(nonce["contract"], hex(account(1).address));
    assert_eq!((&nonce["expected"], &nonce["found"]), (&json!("0x0"), &json!("0x1")));
    assert_eq!(nonce["writer"], writer(direct, account(1).address));
    drop(held);

    thread.settled(&node.rpc, beside).await?.succeeded();
    for hash in independent {
        thread.settled(&node.rpc, hash).await?.succeeded();
    }
    let status = thread.until_settled().await?;
    let sub_blocks = status["sub_blocks"].as_array().context("sub-blocks")?;
    let untouched =
        sub_blocks.iter().find(|it| it["id"] == ids[1]).context("the second sub-block is gone")?;
    assert_eq!(untouched["attempt"], 1, "it was proven once: {untouched:#}");

    // Who sent the transaction that has become invalid learns it, and why.
    let refusal = thread.rpc.refusal("starknet_getTransactionStatus", params).await?;
    assert_eq!(refusal.code, 29);
    assert!(refusal.data.to_string().contains("nonce"), "{refusal}");
    assert_eq!(status["totals"]["rejected"], 1);
    assert_eq!(balance(&node.rpc, ETH, account(5).address).await?, INITIAL_BALANCE);
    assert_eq!(balance(&node.rpc, ETH, account(9).address).await?, INITIAL_BALANCE + 7);
    check_supply(&node).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_holds_is_executed_again_and_settles() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (giver, taker) = (node.account(1), node.account(2));
    let held = thread.hold_provers().await?;
    // The taker's balance is read and written by both; neither transaction becomes invalid.
    let inner = pay(&thread, giver, 0, taker.address, 100).await?;
    let direct = send_ether(&node.rpc, node.account(3), 0, taker.address, 11).await?;
    node.rpc.wait(direct).await?.succeeded();
    thread.until("told of the conflict", |status| status["totals"]["conflicts"] != 0).await?;
    let struck = unsettled(&thread).await?;
    let met = struck.iter().flat_map(|it| it["conflicts"].as_array().into_iter().flatten());
    let writers: Vec<_> = met.map(|conflict| conflict["writer"].clone()).collect();
    assert_eq!(writers, [writer(direct, node.account(3).address)], "{struck:#?}");
    drop(held);
    thread.settled(&node.rpc, inner).await?.succeeded();
    assert_eq!(balance(&node.rpc, ETH, taker.address).await?, INITIAL_BALANCE + 111);
    let status = thread.until_settled().await?;
    assert_eq!(status["totals"]["rejected"], 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_came_first_is_named() -> Result<()> {
    let node = node()?;
    let (late, first) = (thread(&node).start()?, ThreadOptions::new(node.rpc.url(), node.account(9)));
    let first = first.with(&["--max-age", "1"]).start()?;
    let _held = late.hold_provers().await?;
    let recipient = node.account(8).address;
    pay(&late, node.account(1), 0, recipient, 100).await?;
    let settled = pay(&first, node.account(2), 0, recipient, 11).await?;
    first.settled(&node.rpc, settled).await?.succeeded();
    let settling = first.until_settled().await?;
    let settling = settling["sub_blocks"].as_array().context("sub-blocks")?;
    let settling = settling.iter().find(|it| it["stage"] == "SETTLED").context("none is settled")?;

    late.until("told of the conflict", |status| status["totals"]["conflicts"] != 0).await?;
    let struck = unsettled(&late).await?;
    let [met] = &struck[0]["conflicts"].as_array().context("conflicts")?[..] else { bail!("{struck:#?}") };
    assert_eq!(met["writer"]["transaction_hash"], settling["transaction_hash"]);
    assert_eq!(met["writer"]["sender_address"], hex(node.account(9).address), "its submitter");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_can_no_longer_be_paid_reverts() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (owner, friend) = (node.account(1), node.account(2));
    // The owner receives in the thread, and spends all of it there; on the chain the giver takes the money elsewhere.
    let giver = node.account(3);
    let held = thread.hold_provers().await?;
    let given = pay(&thread, giver, 0, owner.address, 500).await?;
    let spent = pay(&thread, owner, 0, friend.address, INITIAL_BALANCE + 500).await?;
    let direct = send_ether(&node.rpc, giver, 0, node.account(4).address, 1).await?;
    node.rpc.wait(direct).await?.succeeded();
    drop(held);

    let receipt = thread.settled(&node.rpc, spent).await?;
    assert!(!receipt.reverted().is_empty());
    assert_eq!(thread.settled(&thread.rpc, spent).await?.json, receipt.json);
    let params = json!({ "transaction_hash": hex(given) });
    assert_eq!(thread.rpc.refusal("starknet_getTransactionStatus", params).await?.code, 29);
    assert_eq!(balance(&node.rpc, ETH, friend.address).await?, INITIAL_BALANCE);
    check_supply(&node).await
}
