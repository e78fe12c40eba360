//! How a devnet says it is set up.

use anyhow::{Context, Result, bail};
use serde_json::json;
use starknet_rust::accounts::{Account, ExecutionEncoding};
use starknet_types_core::felt::Felt;
use zkthreads_e2e::token::{INITIAL_BALANCE, STRK, balance};
use zkthreads_e2e::{TestNode, felt, hex};
use zkthreads_genesis::constants::{
    ACCOUNT_CLASS_HASH, ARGENT_CLASS_HASH, ARGENT_MULTISIG_CLASS_HASH, LEGACY_ACCOUNT_CLASS_HASH,
};

use super::{block, transact};
use crate::rust_client::{client, owner_of, succeeded, transfer};

#[tokio::test(flavor = "multi_thread")]
async fn devnet_accounts_are_those_printed() -> Result<()> {
    let node = TestNode::start()?;
    let accounts = node.rpc.call("devnet_getPredeployedAccounts", json!([])).await?;
    let accounts = accounts.as_array().unwrap();
    assert_eq!(accounts.len(), node.accounts.len());
    for (shown, printed) in accounts.iter().zip(&node.accounts) {
        assert_eq!(felt(&shown["address"])?, printed.address);
        assert_eq!(felt(&shown["private_key"])?, printed.private_key);
        assert_ne!(felt(&shown["public_key"])?, Felt::ZERO);
        assert_eq!(shown["initial_balance"], INITIAL_BALANCE.to_string());
        assert_eq!(shown["balance"], json!(null));
    }
    transact(&node).await?;
    let params = json!({ "with_balance": true });
    let accounts = node.rpc.call("devnet_getPredeployedAccounts", params).await?;
    let balance = &accounts[1]["balance"];
    assert_eq!(balance["eth"], json!({ "amount": (INITIAL_BALANCE + 1).to_string(), "unit": "WEI" }));
    assert_eq!(balance["strk"], json!({ "amount": INITIAL_BALANCE.to_string(), "unit": "FRI" }));

    let balance_of =
        |unit, block| json!({ "address": hex(node.account(1).address), "unit": unit, "block_id": block });
    let old = balance_of("WEI", json!({ "block_number": 0 }));
    let amount = node.rpc.call("devnet_getAccountBalance", old).await?;
    assert_eq!(amount, json!({ "amount": INITIAL_BALANCE.to_string(), "unit": "WEI" }));
    let default = json!({ "address": hex(node.account(1).address) });
    assert_eq!(node.rpc.call("devnet_getAccountBalance", default).await?["unit"], "FRI");
    let unknown =
        node.rpc.refusal("devnet_getAccountBalance", balance_of("WEI", json!({ "block_number": 9 }))).await?;
    assert_eq!((unknown.code, unknown.message.as_str()), (24, "Block not found"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn devnet_configuration_has_starknet_devnets_names() -> Result<()> {
    let node = TestNode::options()
        .with(&["--block-generation-on", "demand", "--gas-price", "7", "--l2-gas-price-fri", "9"])
        .start()?;
    let config = node.rpc.call("devnet_getConfig", json!([])).await?;
    assert_eq!(config["seed"], 0);
    assert_eq!(config["total_accounts"], 10);
    assert_eq!(felt(&config["account_contract_class_hash"])?, ACCOUNT_CLASS_HASH);
    assert_eq!(config["predeployed_accounts_initial_balance"], INITIAL_BALANCE.to_string());
    assert_eq!(config["chain_id"], "SN_SEPOLIA");
    assert_eq!(config["block_generation_on"], "demand");
    assert_eq!(config["state_archive"], "full");
    assert_eq!(config["dump_on"], json!(null));
    assert_eq!(config["gas_price_wei"], 7);
    assert_eq!(config["gas_price_fri"], 1_000_000_000);
    assert_eq!(config["l2_gas_price_fri"], 9);
    assert_eq!(config["fork_config"]["url"], json!(null));
    assert_eq!(config["server_config"]["host"], "127.0.0.1");
    assert!(node.rpc.url().contains(&config["server_config"]["port"].to_string()));

    let created = node.rpc.call("devnet_createBlock", json!([])).await?;
    assert_eq!(block(&node.rpc, "latest").await?["block_hash"], created["block_hash"]);
    let status = node.rpc.call("devnet_getStatus", json!([])).await?;
    assert_eq!(status["block_count"], 2);
    assert_eq!(status["is_forked"], false);
    assert_eq!(status["auto_impersonate"], false);
    Ok(())
}

async fn class_at(node: &TestNode, address: Felt) -> Result<Felt> {
    let at = json!({ "block_id": "latest", "contract_address": hex(address) });
    felt(&node.rpc.call("starknet_getClassHashAt", at).await?)
}

/// Whether a class is declared.
async fn is_declared(node: &TestNode, class: Felt) -> Result<bool> {
    let params = json!({ "block_id": "latest", "class_hash": hex(class) });
    match node.rpc.try_call("starknet_getClass", params).await? {
        Ok(_) => Ok(true),
        Err(failure) if failure.code == 28 => Ok(false),
        Err(failure) => bail!("{failure:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn predeployed_accounts_have_the_class_that_was_chosen() -> Result<()> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/third-party/contracts/cairo_account.sierra");
    let default = TestNode::start()?;
    assert_eq!(class_at(&default, default.account(0).address).await?, ACCOUNT_CLASS_HASH);
    // It can be deployed, whatever is predeployed.
    assert!(is_declared(&default, LEGACY_ACCOUNT_CLASS_HASH).await?);
    assert!(!is_declared(&default, ARGENT_CLASS_HASH).await?);

    let custom = TestNode::options().with(&["--account-class-custom", own, "--predeclare-argent"]).start()?;
    let class = class_at(&custom, custom.account(0).address).await?;
    assert!(class != ACCOUNT_CLASS_HASH && is_declared(&custom, class).await?);
    let config = custom.rpc.call("devnet_getConfig", json!([])).await?;
    assert_eq!(felt(&config["account_contract_class_hash"])?, class);
    for class in [ARGENT_CLASS_HASH, ARGENT_MULTISIG_CLASS_HASH, ACCOUNT_CLASS_HASH] {
        assert!(is_declared(&custom, class).await?, "{class:#x}");
    }

    let legacy = TestNode::options().with(&["--account-class", "cairo0"]).start()?;
    assert_eq!(class_at(&legacy, legacy.account(0).address).await?, LEGACY_ACCOUNT_CLASS_HASH);
    let client = client(&legacy)?;
    let owner = owner_of(&client, legacy.account(0), ExecutionEncoding::Legacy).await?;
    let sent = owner.execute_v3(vec![transfer(STRK, 5_u8.into(), 3)?]).send().await?.transaction_hash;
    succeeded(&legacy, &client, sent).await?;
    assert_eq!(balance(&legacy.rpc, STRK, 5_u8.into()).await?, 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_can_be_forbidden() -> Result<()> {
    let mint = json!({ "address": "0x1", "amount": 1 });
    for (options, restart) in [
        (&["--restrictive-mode"][..], -32604),
        (&["--restrictive-mode", "devnet_mint", "starknet_call"][..], 0),
    ] {
        let node = TestNode::options().with(options).start()?;
        let forbidden = node.rpc.refusal("devnet_mint", mint.clone()).await?;
        assert_eq!((forbidden.code, forbidden.message.as_str()), (-32604, "Method forbidden"));
        let restarted = node.rpc.try_call("devnet_restart", json!({})).await?;
        assert_eq!(restarted.map_or_else(|failure| failure.code, |_| 0), restart);
        let config = node.rpc.call("devnet_getConfig", json!([])).await?;
        let shown = config["server_config"]["restricted_methods"].as_array().context("no list")?;
        assert!(shown.contains(&json!("devnet_mint")));
    }
    assert!(TestNode::options().with(&["--restrictive-mode", "devnet_mind"]).start().is_err());
    Ok(())
}
