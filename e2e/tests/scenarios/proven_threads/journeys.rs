//! Accounts and contracts of other people, deployed on the chain, used in a thread, settled, and used on the chain again. What has
//! worked is in the tables of `docs/classes.md`.

use anyhow::Result;
use zkthreads_e2e::{TestNode, TestThread};

use super::{BLOCK_TIME, thread};
use crate::clients::{journeys_with_starknet_js, journeys_with_starknet_py};
use crate::page_of_classes::is_in_the_page;

/// A chain with the wallets' classes, and a thread whose prover has room for signatures on other curves.
fn chain_and_thread() -> Result<(TestNode, TestThread)> {
    let node = TestNode::options()
        .block_time(BLOCK_TIME)
        .with(&["--predeclare-argent", "--initial-balance", "1000000000000000000000000"])
        .start()?;
    let thread = thread(&node).with(&["--prover-memory", "8GiB"]).start()?;
    Ok((node, thread))
}

const COLUMNS: [&str; 4] = ["", "how", "on the chain", "in a thread"];

#[tokio::test(flavor = "multi_thread")]
async fn wallets_pay_with_starknet_js() -> Result<()> {
    let (node, thread) = chain_and_thread()?;
    let rows = journeys_with_starknet_js("wallets.test.mjs", &node, Some(&thread.rpc)).await?;
    is_in_the_page("wallets with starknet.js", COLUMNS, &rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn wallets_pay_with_starknet_py() -> Result<()> {
    let (node, thread) = chain_and_thread()?;
    let rows = journeys_with_starknet_py("wallets_test.py", &node, Some(&thread.rpc)).await?;
    is_in_the_page("wallets with starknet.py", COLUMNS, &rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_vaults_of_hyperlane_are_used_with_starknet_js() -> Result<()> {
    let (node, thread) = chain_and_thread()?;
    let rows = journeys_with_starknet_js("hyperlane.test.mjs", &node, Some(&thread.rpc)).await?;
    is_in_the_page("contracts with starknet.js", COLUMNS, &rows)
}
