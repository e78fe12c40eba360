//! The page `/threads` in headless Chromium: on a node with threads that settled, conflicted and mean no good, and
//! beside a thread.

use anyhow::Result;
use zkthreads_e2e::token::{ETH, transfer};
use zkthreads_e2e::{TestNode, ThreadOptions, sub_block};
use zkthreads_protocol::IncludedTransaction;

use crate::clients::starknet_js;

/// What a batcher may write: it is part of the package, and no proof says anything about it.
const HOSTILE: &str = "<img src=x onerror=\"window.taken=1;alert(1)\"><script>window.taken=2</script>";

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_the_chain_s_threads() -> Result<()> {
    let node = TestNode::start()?;
    let package = sub_block::standard(&node).await?;
    let send = async |submitter: usize, nonce: u64, bytes: &[u8]| {
        let transaction = node.account(submitter).thread(nonce, sub_block::os_program_hash(), bytes)?;
        node.rpc.settle(&transaction).await
    };
    send(0, 0, &package.encode()).await?.succeeded();
    let conflict = send(0, 1, &package.encode()).await?;
    assert!(conflict.reverted().starts_with("conflict: "), "{}", conflict.reverted());

    let mut hostile = package;
    let segment = &mut hostile.segments[0];
    // It writes nothing and reads nothing that could have changed: what remains is a proof of something else.
    segment.statement.contracts.clear();
    segment.statement.inner_transactions[0].reverted = true;
    let first = segment.inner_transactions[0].transaction.clone();
    segment.inner_transactions[0] = IncludedTransaction::reverted(first, HOSTILE);
    let reverted = send(6, 0, &hostile.encode()).await?;
    assert!(reverted.reverted().starts_with("proof: "), "{}", reverted.reverted());

    starknet_js("page.test.mjs", &node, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_a_live_thread() -> Result<()> {
    let node = TestNode::start()?;
    let thread = ThreadOptions::new(node.rpc.url(), node.account(0)).start()?;
    for nonce in 0..3 {
        let call = transfer(ETH, node.account(2).address, 5)?;
        let inner = node.account(1).inner(nonce, &[call])?;
        thread.rpc.send(&zkthreads_e2e::wallet::wire(inner.as_invoke(), None)).await?;
    }
    starknet_js("live.test.mjs", &node, Some(&thread.rpc)).await
}
