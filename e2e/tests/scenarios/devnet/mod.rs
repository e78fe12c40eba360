//! The `devnet` namespace, method by method.

mod answers;
mod bad_input;
mod bridge;
mod dump;
mod impersonation;
mod l1;
mod mint;
mod reorg;
mod set_up;
mod snapshot;
mod storage;
mod time_and_prices;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, transfer};
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{Rpc, TestNode, felt, hex};

/// A block by number or tag, with its transactions' hashes.
async fn block(rpc: &Rpc, id: impl Into<Value>) -> Result<Value> {
    let id: Value = id.into();
    let id = if id.is_number() { json!({ "block_number": id }) } else { id };
    rpc.call("starknet_getBlockWithTxHashes", json!({ "block_id": id })).await
}

/// The hash of each block of the chain, in order.
async fn hashes(rpc: &Rpc) -> Result<Vec<Felt>> {
    let mut hashes = Vec::new();
    for number in 0..=rpc.block_number().await? {
        hashes.push(felt(&block(rpc, number).await?["block_hash"])?);
    }
    Ok(hashes)
}

/// Makes a block by moving a little ether from account 0; the transaction's hash.
async fn transact(node: &TestNode) -> Result<Felt> {
    let hash = send(node).await?;
    node.rpc.wait(hash).await?.succeeded();
    Ok(hash)
}

/// Sends a transfer from account 0, whose nonce is read from the pre-confirmed block.
async fn send(node: &TestNode) -> Result<Felt> {
    let account = node.account(0);
    let params = json!({ "block_id": "pre_confirmed", "contract_address": hex(account.address) });
    let nonce = felt(&node.rpc.call("starknet_getNonce", params).await?)?;
    let nonce = u64::try_from(nonce).ok().context("a nonce")?;
    let call = transfer(ETH, node.account(1).address, 1)?;
    node.rpc.send(&wire(&account.invoke(nonce, &[call])?, None)).await
}
