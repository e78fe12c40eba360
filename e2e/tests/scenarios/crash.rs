//! (j) `kill -9`, twenty times: what a node said is in a block stays there, and nothing is half-written.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, balance, transfer};
use zkthreads_e2e::wait::until;
use zkthreads_e2e::wallet::wire;
use zkthreads_e2e::{Rpc, TestNode, felt, hex, sub_block};

use crate::support::Users;

/// What a client has been told, and holds the node to.
#[derive(Default)]
struct Told {
    /// Transactions whose receipt was seen, with their blocks.
    receipts: Vec<(Felt, u64)>,
    /// Hashes of blocks seen.
    blocks: Vec<(u64, Felt)>,
}

impl Told {
    async fn check(&self, rpc: &Rpc) -> Result<()> {
        for (hash, block) in &self.receipts {
            let receipt = rpc.wait(*hash).await?;
            assert_eq!(receipt.block, *block, "{hash:#x}");
        }
        for (number, hash) in &self.blocks {
            assert_eq!(felt(&rpc.block(*number).await?["block_hash"])?, *hash, "block {number}");
        }
        Ok(())
    }
}

/// Checks that the chain in a reopened node is whole: linked blocks, receipts for every transaction, a root that the
/// tries reproduce, and ether neither lost nor made.
async fn check_chain(node: &TestNode) -> Result<u64> {
    let rpc = &node.rpc;
    at_rest(node).await?;
    let latest = rpc.block_number().await?;
    let mut parent = Felt::ZERO;
    for number in 0..=latest {
        let block = rpc.block(number).await?;
        assert_eq!(felt(&block["parent_hash"])?, parent, "parent of {number}");
        parent = felt(&block["block_hash"])?;
        let params = json!({ "block_id": { "block_number": number } });
        let update = rpc.call("starknet_getStateUpdate", params).await?;
        assert_eq!(update["new_root"], block["new_root"], "root of {number}");
        for transaction in block["transactions"].as_array().context("no transactions")? {
            let hash = felt(&transaction["receipt"]["transaction_hash"])?;
            assert_eq!(rpc.wait(hash).await?.block, number, "{hash:#x}");
        }
    }
    let proof = rpc.call("starknet_getStorageProof", json!({ "block_id": "latest" })).await?;
    let roots = &proof["global_roots"];
    assert_eq!(felt(&roots["block_hash"])?, parent, "the tries are those of the latest block");
    let version = Felt::from_bytes_be_slice(b"STARKNET_STATE_V0");
    let root = Poseidon::hash_array(&[
        version,
        felt(&roots["contracts_tree_root"])?,
        felt(&roots["classes_tree_root"])?,
    ]);
    assert_eq!(root, rpc.state_root().await?, "the latest root is the tries'");

    let mut total = 0;
    for account in &node.accounts {
        total += balance(rpc, ETH, account.address).await?;
    }
    assert_eq!(total, INITIAL_BALANCE * node.accounts.len() as u128, "ether only moves");
    Ok(latest)
}

/// Waits until blocks hold whatever the killed node had acknowledged.
async fn at_rest(node: &TestNode) -> Result<()> {
    for account in &node.accounts {
        let nonce = |block: &str| {
            let params = json!({ "block_id": block, "contract_address": hex(account.address) });
            node.rpc.call("starknet_getNonce", params)
        };
        let is_at_rest = async || Ok((nonce("latest").await? == nonce("pre_confirmed").await?).then_some(()));
        until("everything is in a block", is_at_rest).await?;
    }
    Ok(())
}

fn reopen(path: &Path) -> Result<TestNode> {
    TestNode::options().data_dir(path).start()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_right_after_settlement() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let node = reopen(directory.path())?;
    let package = sub_block::standard(&node).await?;
    let thread = node.account(0).thread(0, sub_block::os_program_hash(), &package.encode())?;
    let receipt = node.rpc.settle(&thread).await?;
    node.kill()?;

    receipt.succeeded();
    let node = reopen(directory.path())?;
    let again = node.rpc.wait(receipt.hash).await?;
    assert_eq!(again.json, receipt.json, "the receipt is what it was");
    assert_eq!(check_chain(&node).await?, receipt.block);
    let users = Users::of(&node).await?;
    let root = node.rpc.state_root().await?;
    let params = json!({ "transaction_hash": hex(receipt.hash) });
    let stored = node.rpc.call("zkthread_getThread", params).await?;
    assert_eq!(stored["package_bytes"], package.encode().len());
    node.kill()?;

    // Nothing changes by being killed and opened again, and the chain goes on.
    let node = reopen(directory.path())?;
    assert_eq!((Users::of(&node).await?, node.rpc.state_root().await?), (users, root));
    let user = node.account(1);
    let nonce = node.rpc.nonce(user.address).await?;
    let more = user.invoke(nonce, &[transfer(ETH, node.account(2).address, 1)?])?;
    node.rpc.settle(&wire(&more, None)).await?.succeeded();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_block_production_twenty_times() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut told = Told::default();
    for round in 0..20_u64 {
        let node = reopen(directory.path())?;
        told.check(&node.rpc).await?;
        let latest = check_chain(&node).await?;
        told.blocks.push((latest, felt(&node.rpc.block(latest).await?["block_hash"])?));

        // Every account sends a few; the node is killed in the middle, a little later every round.
        let mut hashes = Vec::new();
        for (index, account) in node.accounts.iter().enumerate() {
            let recipient = node.accounts[(index + 1) % node.accounts.len()].address;
            let nonce = node.rpc.nonce(account.address).await?;
            for offset in 0..3 {
                let transaction = account.invoke(nonce + offset, &[transfer(ETH, recipient, 1)?])?;
                hashes.push(node.rpc.send(&wire(&transaction, None)).await?);
            }
        }
        tokio::time::sleep(Duration::from_millis(round * 25)).await;
        for hash in hashes {
            let params = json!({ "transaction_hash": hex(hash) });
            if let Ok(receipt) = node.rpc.try_call("starknet_getTransactionReceipt", params).await?
                && receipt["finality_status"] == "ACCEPTED_ON_L2"
                && let Some(block) = receipt["block_number"].as_u64()
            {
                told.receipts.push((hash, block));
            }
        }
        node.kill()?;
    }
    let node = reopen(directory.path())?;
    told.check(&node.rpc).await?;
    assert!(check_chain(&node).await? > 0, "some blocks were made");
    Ok(())
}
