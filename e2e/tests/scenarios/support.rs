//! What scenarios look at before and after.

use anyhow::Result;
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, STRK, balance};
use zkthreads_e2e::{Rpc, TestNode, felt, hex};

/// Everything about the users that a sub-block of ether transfers could change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Users {
    pub(crate) nonces: Vec<u64>,
    pub(crate) ether: Vec<u128>,
    /// Root of the ether contract's storage: covers every balance there is.
    pub(crate) ether_root: Felt,
}

impl Users {
    /// Of accounts 1 to 9; account 0 submits threads.
    pub(crate) async fn of(node: &TestNode) -> Result<Self> {
        let (mut nonces, mut ether) = (Vec::new(), Vec::new());
        for user in &node.accounts[1..] {
            nonces.push(node.rpc.nonce(user.address).await?);
            ether.push(balance(&node.rpc, ETH, user.address).await?);
        }
        Ok(Self { nonces, ether, ether_root: storage_root(&node.rpc, ETH).await? })
    }
}

/// What a submitter has to pay with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Purse {
    pub(crate) nonce: u64,
    pub(crate) strk: u128,
}

impl Purse {
    pub(crate) async fn of(rpc: &Rpc, account: Felt) -> Result<Self> {
        Ok(Self { nonce: rpc.nonce(account).await?, strk: balance(rpc, STRK, account).await? })
    }
}

/// A contract's storage root, from a storage proof at the latest block.
pub(crate) async fn storage_root(rpc: &Rpc, contract: Felt) -> Result<Felt> {
    let params = json!({
        "block_id": "latest",
        "contract_addresses": [hex(contract)],
        "contracts_storage_keys": [{ "contract_address": hex(contract), "storage_keys": ["0x1"] }],
    });
    let proof = rpc.call("starknet_getStorageProof", params).await?;
    felt(&proof["contracts_proof"]["contract_leaves_data"][0]["storage_root"])
}

/// What the node says would become of a thread transaction.
pub(crate) async fn check_thread(rpc: &Rpc, transaction: &Value) -> Result<Value> {
    rpc.call("zkthread_checkThread", json!({ "invoke_transaction": transaction })).await
}

/// What the node knows of a thread transaction.
pub(crate) async fn get_thread(rpc: &Rpc, hash: Felt) -> Result<Value> {
    rpc.call("zkthread_getThread", json!({ "transaction_hash": hex(hash) })).await
}
