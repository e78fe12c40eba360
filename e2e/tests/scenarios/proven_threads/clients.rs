//! Wallets' libraries, pointed at a thread.

use anyhow::Result;

use super::{node, patient_thread};
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
