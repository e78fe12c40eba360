//! A user does not depend on the batcher: what it signed is good on the chain as it is.

use anyhow::Result;
use serde_json::json;
use zkthreads_e2e::hex;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance, transfer};
use zkthreads_e2e::wait::until;
use zkthreads_e2e::wallet::wire;

use super::{check_supply, node, pay, send_ether, thread};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_transaction_sent_to_the_chain_is_honoured_once() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    // The chain has it from its user before the thread can have settled it.
    let held = thread.hold_provers().await?;
    let other = pay(&thread, node.account(3), 0, node.account(4).address, 9).await?;
    let signed = wire(&user.invoke(0, &[transfer(ETH, recipient, 50)?])?, None);
    let hash = thread.rpc.send(&signed).await?;
    assert_eq!(node.rpc.send(&signed).await?, hash);

    let receipt = node.rpc.wait(hash).await?;
    receipt.succeeded();
    assert_ne!(receipt.fee, 0, "it was an ordinary transaction");
    let status = thread.until("aware of it", |status| status["totals"]["on_chain"] == 1).await?;
    assert_eq!(status["totals"]["rejected"], 0);
    drop(held);
    thread.settled(&node.rpc, other).await?.succeeded();
    let here = thread.settled(&thread.rpc, hash).await?;
    assert_eq!(here.json, receipt.json, "the thread tells it as the chain does");
    assert_eq!(balance(&node.rpc, ETH, recipient).await?, INITIAL_BALANCE + 50, "once");
    check_supply(&node).await
}

#[tokio::test(flavor = "multi_thread")]
async fn users_go_back_and_forth_between_thread_and_chain() -> Result<()> {
    let node = node()?;
    let thread = thread(&node).start()?;
    let (user, recipient) = (node.account(1), node.account(2).address);
    let mut hashes = Vec::new();
    for round in 0..3 {
        hashes.push(pay(&thread, user, 2 * round, recipient, 1).await?);
        // The chain keeps it until the thread has settled the one before it.
        hashes.push(send_ether(&node.rpc, user, 2 * round + 1, recipient, 1).await?);
        let last = hashes[hashes.len() - 1];
        thread.settled(&node.rpc, last).await?.succeeded();
        let nonce = json!({ "block_id": "pre_confirmed", "contract_address": hex(user.address) });
        let expected = json!(format!("{:#x}", 2 * round + 2));
        // The thread follows within a poll or two.
        let follows = async || {
            let found = thread.rpc.call("starknet_getNonce", nonce.clone()).await?;
            Ok((found == expected).then_some(()))
        };
        until("the thread has the chain's nonce", follows).await?;
    }
    for hash in hashes {
        let (here, there) =
            (thread.settled(&thread.rpc, hash).await?, thread.settled(&node.rpc, hash).await?);
        assert_eq!(here.json, there.json);
    }
    assert_eq!(balance(&node.rpc, ETH, recipient).await?, INITIAL_BALANCE + 6);
    assert_eq!(node.rpc.nonce(user.address).await?, 6);
    Ok(())
}
