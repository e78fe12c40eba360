//! Wallets' libraries, pointed at a thread.

use anyhow::Result;

use zkthreads_e2e::TestNode;

use super::{BLOCK_TIME, node, patient_thread, thread};
use crate::clients::{starknet_js, starknet_py};

#[tokio::test(flavor = "multi_thread")]
async fn starknet_js_uses_a_thread_as_it_uses_a_chain() -> Result<()> {
    let node = node()?;
    let thread = patient_thread(&node, 2).start()?;
    starknet_js("thread.test.mjs", &node, Some(&thread.rpc)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn starknet_py_uses_a_thread_as_it_uses_a_chain() -> Result<()> {
    let node = node()?;
    let thread = patient_thread(&node, 21).start()?;
    starknet_py("thread_test.py", &node, Some(&thread.rpc)).await
}

/// Accounts whose code computed jumps beside values that are checked late, which hardened code does not.
#[tokio::test(flavor = "multi_thread")]
async fn wallets_that_most_people_have_pay_in_a_thread() -> Result<()> {
    let node = TestNode::options().block_time(BLOCK_TIME).with(&["--predeclare-argent"]).start()?;
    let thread = thread(&node).with(&["--prover-memory", "8GiB"]).start()?;
    starknet_js("wallets.test.mjs", &node, Some(&thread.rpc)).await
}
