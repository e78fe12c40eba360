//! (i) A user gets tired of waiting and sends a transaction to the chain while its thread is being proven: the chain's
//! inclusion wins, and the thread reports the exact nonce.

use anyhow::Result;
use serde_json::json;
use zkthreads_e2e::wallet::{hash_of, wire};
use zkthreads_e2e::{TestNode, hex, sub_block};

use crate::refusals::reverts;
use crate::support::get_thread;

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_wins_over_the_thread() -> Result<()> {
    let node = TestNode::start()?;
    let user = node.account(1);
    let impatient = sub_block::twelve_transfers(&node.accounts)?.swap_remove(0);
    assert_eq!(*impatient.as_invoke().sender_address.0.key(), user.address);

    // Proving and sending go on at once; the sub-block was executed over genesis.
    let sent = wire(impatient.as_invoke(), None);
    let (package, receipt) = tokio::join!(sub_block::standard(&node), node.rpc.settle(&sent));
    let (package, receipt) = (package?, receipt?);
    receipt.succeeded();
    let hash = hash_of(impatient.as_invoke())?;
    assert_eq!(receipt.hash, hash.0, "the very transaction of the sub-block");
    assert_eq!(package.segments[0].statement.inner_transactions[0].hash, hash);

    let receipt = reverts(&node, &package, "CONFLICT", "conflict: ").await?;
    let thread = get_thread(&node.rpc, receipt.hash).await?;
    let conflicts = thread["conflicts"].as_array().map_or(&[][..], Vec::as_slice);
    let nonces: Vec<_> = conflicts.iter().filter(|conflict| conflict["kind"] == "NONCE").collect();
    let expected = json!({ "contract": hex(user.address), "kind": "NONCE", "expected": "0x0", "found": "0x1", "segment": 0 });
    assert_eq!(nonces, [&expected], "the user's nonce and no other");
    assert!(receipt.reverted().contains("expected 0x0 found 0x1"), "{}", receipt.reverted());
    Ok(())
}
