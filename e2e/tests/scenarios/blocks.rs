//! (h) Threads and ordinary transactions in one block, in sequence.

use anyhow::Result;
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::sub_block::{self, os_program_hash};
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance, balance_key, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{Presumed, Receipt, Rpc, TestNode, felt};

/// A node that makes blocks when told to.
fn on_demand() -> Result<TestNode> {
    TestNode::options().with(&["--block-generation-on", "demand"]).start()
}

/// Makes a block of all, each sent once the one before is in the open block: a thread waits for the verdict on its proof.
/// Their receipts.
async fn in_one_block(rpc: &Rpc, transactions: &[Value]) -> Result<Vec<Receipt>> {
    let mut hashes = Vec::new();
    for transaction in transactions {
        let hash = rpc.send(transaction).await?;
        rpc.wait_executed(hash).await?;
        hashes.push(hash);
    }
    rpc.call("devnet_createBlock", json!([])).await?;
    let mut receipts = Vec::new();
    for hash in &hashes {
        receipts.push(rpc.wait(*hash).await?);
    }
    let block = rpc.block(receipts[0].block).await?;
    let order = block["transactions"].as_array().map_or(&[][..], Vec::as_slice);
    let order: Vec<Felt> =
        order.iter().map(|it| felt(&it["receipt"]["transaction_hash"])).collect::<Result<_>>()?;
    assert_eq!(order, hashes, "one block, in the order they were sent");
    Ok(receipts)
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_transactions_see_what_a_thread_before_them_did() -> Result<()> {
    let node = on_demand()?;
    let [alice, bob, carol] = [1, 2, 6].map(|index| node.account(index));
    // Before the thread, of others: carol gives erin 50.
    let erin = node.account(7);
    let before = carol.invoke(0, &[transfer(ETH, erin.address, 50)?])?;
    // In the thread: alice passes everything on to bob.
    let inner = alice.inner(0, &[transfer(ETH, bob.address, INITIAL_BALANCE)?])?;
    let package = sub_block::prove(&node, vec![inner], &[]).await?;
    let thread = node.account(0).thread(0, os_program_hash(), &package.encode())?;
    // After it: bob gives carol more than he had before it.
    let after = bob.invoke(0, &[transfer(ETH, carol.address, 2 * INITIAL_BALANCE - 43)?])?;

    for receipt in in_one_block(&node.rpc, &[wire(&before, None), thread, wire(&after, None)]).await? {
        receipt.succeeded();
    }
    assert_eq!(balance(&node.rpc, ETH, alice.address).await?, 0);
    assert_eq!(balance(&node.rpc, ETH, bob.address).await?, 43);
    assert_eq!(balance(&node.rpc, ETH, carol.address).await?, 3 * INITIAL_BALANCE - 93);
    assert_eq!(node.rpc.nonce(alice.address).await?, 1);
    Ok(())
}

/// A sub-block is executed in the context of a block that exists. What a transaction of a later block wrote it cannot have
/// seen at its time, even if it names the very values.
#[tokio::test(flavor = "multi_thread")]
async fn a_thread_does_not_see_what_was_written_after_its_base() -> Result<()> {
    let node = on_demand()?;
    let [alice, bob, carol] = [1, 2, 6].map(|index| node.account(index));
    let gift = carol.invoke(0, &[transfer(ETH, alice.address, 50)?])?;
    let presumed = [(alice, INITIAL_BALANCE + 50), (carol, INITIAL_BALANCE - 50)]
        .map(|(who, value)| Presumed { contract: ETH, key: balance_key(who.address), value: value.into() });
    let inner = alice.inner(0, &[transfer(ETH, bob.address, INITIAL_BALANCE + 50)?])?;
    let package = sub_block::prove(&node, vec![inner], &presumed).await?;
    let thread = node.account(0).thread(0, os_program_hash(), &package.encode())?;

    let receipts = in_one_block(&node.rpc, &[wire(&gift, None), thread]).await?;
    receipts[0].succeeded();
    let reason = receipts[1].reverted();
    let expected = "was written in block 1, base is 0";
    assert!(reason.starts_with("stale base: storage ") && reason.contains(expected), "{reason}");
    assert_eq!(balance(&node.rpc, ETH, alice.address).await?, INITIAL_BALANCE + 50);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_disjoint_threads() -> Result<()> {
    let node = on_demand()?;
    let first = sub_block::standard(&node).await?;
    let [dave, erin] = [7, 8].map(|index| node.account(index));
    let inner = vec![
        dave.inner(0, &[transfer(ETH, erin.address, 3)?])?,
        erin.inner(0, &[transfer(ETH, dave.address, 1)?])?,
    ];
    let second = sub_block::prove(&node, inner, &[]).await?;
    let transactions = [
        node.account(0).thread(0, os_program_hash(), &first.encode())?,
        node.account(9).thread(0, os_program_hash(), &second.encode())?,
    ];
    for receipt in in_one_block(&node.rpc, &transactions).await? {
        receipt.succeeded();
    }
    assert_eq!(balance(&node.rpc, ETH, dave.address).await?, INITIAL_BALANCE - 2);
    assert_eq!(balance(&node.rpc, ETH, erin.address).await?, INITIAL_BALANCE + 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_threads_on_the_same_keys_the_first_settles() -> Result<()> {
    let node = on_demand()?;
    let package = sub_block::standard(&node).await?.encode();
    let transactions = [0, 9].map(|index| node.account(index).thread(0, os_program_hash(), &package));
    let [first, second] = transactions;
    let receipts = in_one_block(&node.rpc, &[first?, second?]).await?;
    receipts[0].succeeded();
    let reason = receipts[1].reverted();
    assert!(reason.starts_with("conflict: ") && reason.contains("nonce of "), "{reason}");
    Ok(())
}
