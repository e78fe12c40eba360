//! A thread deploys an account and carries a transaction that is reverted. The account is as good as any other.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use starknet_api::core::{ClassHash, ContractAddress, calculate_contract_address};
use starknet_api::transaction::fields::{Calldata, ContractAddressSalt};
use starknet_rust::signers::SigningKey;
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{ETH, INITIAL_BALANCE, STRK, balance, transfer};
use zkthreads_e2e::wallet::{Call, Wallet, wire};
use zkthreads_e2e::{Receipt, TestNode, felt, hex, sub_block};
use zkthreads_genesis::constants::{ACCOUNT_CLASS_HASH, UDC_ADDRESS};

/// What the sub-block gives to the account.
const GIFT: u128 = INITIAL_BALANCE / 2;

/// An account that is not deployed yet, and the call that deploys it.
pub(crate) fn newcomer() -> Result<(Wallet, Call)> {
    let private_key = Felt::from(0xdeb107_u64);
    let public_key = SigningKey::from_secret_scalar(private_key).verifying_key().scalar();
    let address = calculate_contract_address(
        ContractAddressSalt::default(),
        ClassHash(ACCOUNT_CLASS_HASH),
        &Calldata(vec![public_key].into()),
        ContractAddress::default(),
    )?;
    let (salt, not_from_zero) = (Felt::ZERO, Felt::ZERO);
    let calldata = vec![ACCOUNT_CLASS_HASH, salt, not_from_zero, Felt::ONE, public_key];
    Ok((Wallet::new(*address.0.key(), private_key)?, Call::new(UDC_ADDRESS, "deployContract", calldata)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_deploys_an_account_that_others_then_use() -> Result<()> {
    let node = TestNode::start()?;
    let (account, deploy) = newcomer()?;
    let transactions = vec![
        node.account(1).inner(0, &[deploy])?,
        node.account(2).inner(0, &[transfer(STRK, account.address, GIFT)?])?,
        node.account(3).inner(0, &[transfer(ETH, account.address, 2 * INITIAL_BALANCE)?])?,
    ];
    let package = sub_block::prove(&node, transactions, &[]).await?;
    let thread = node.account(0).thread(0, sub_block::os_program_hash(), &package.encode())?;
    let receipt = node.rpc.settle(&thread).await?;
    receipt.succeeded();

    shows_the_deployment(&node, &receipt, account.address).await?;
    shows_the_reverted_transaction(&node, &receipt).await?;

    let spend = account.invoke(0, &[transfer(STRK, node.account(4).address, 5)?])?;
    let receipt = node.rpc.settle(&wire(&spend, None)).await?;
    receipt.succeeded();
    assert_eq!(node.rpc.nonce(account.address).await?, 1);
    assert_eq!(balance(&node.rpc, STRK, account.address).await?, GIFT - 5 - receipt.fee);

    // The same thread again: the address is taken.
    let again = node.account(0).thread(1, sub_block::os_program_hash(), &package.encode())?;
    let refused = node.rpc.settle(&again).await?;
    let (address, class_hash) = (account.contract_address(), hex(ACCOUNT_CLASS_HASH));
    let conflict = format!("class hash of {address} expected 0x0 found {class_hash}");
    assert!(refused.reverted().contains(&conflict), "{}", refused.reverted());
    Ok(())
}

async fn shows_the_deployment(node: &TestNode, receipt: &Receipt, account: Felt) -> Result<()> {
    let block_id = json!({ "block_number": receipt.block });
    let update = node.rpc.call("starknet_getStateUpdate", json!({ "block_id": block_id })).await?;
    let deployed = json!([{ "address": hex(account), "class_hash": hex(ACCOUNT_CLASS_HASH) }]);
    assert_eq!(update["state_diff"]["deployed_contracts"], deployed);
    assert_eq!(update["state_diff"]["replaced_classes"], json!([]));

    let params = json!({ "block_id": "latest", "contract_addresses": [hex(account)] });
    let proof = node.rpc.call("starknet_getStorageProof", params).await?;
    let leaf = &proof["contracts_proof"]["contract_leaves_data"][0];
    assert_eq!(felt(&leaf["class_hash"])?, ACCOUNT_CLASS_HASH);
    assert_ne!(felt(&leaf["storage_root"])?, Felt::ZERO, "its constructor wrote its public key");
    Ok(())
}

async fn shows_the_reverted_transaction(node: &TestNode, receipt: &Receipt) -> Result<()> {
    let params = json!({ "transaction_hash": hex(receipt.hash) });
    let receipts = node.rpc.call("zkthread_getInnerReceipts", params).await?;
    let receipts: Vec<Value> = receipts.as_array().context("no receipts")?.clone();
    let parsed: Vec<Receipt> = receipts.iter().cloned().map(Receipt::parse).collect::<Result<_>>()?;
    assert_eq!(parsed.len(), 3);
    parsed[..2].iter().for_each(Receipt::succeeded);
    assert!(parsed[2].reverted().contains("insufficient balance"), "{}", parsed[2].reverted());
    assert_eq!(receipts[2]["events"], json!([]));
    assert!(parsed.iter().all(|inner| inner.block == receipt.block));

    let sender = node.account(3).address;
    assert_eq!(node.rpc.nonce(sender).await?, 1, "consumed all the same");
    assert_eq!(balance(&node.rpc, ETH, sender).await?, INITIAL_BALANCE);
    Ok(())
}
