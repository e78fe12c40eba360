//! Storage, nonces, classes and proofs.

use serde_json::{Value, json};
use starknet_api::abi::abi_utils::get_storage_var_address;

use crate::chain::{ALICE, BALANCE, BOB, Chain, LEGACY_DEPLOYER, STRK};
use crate::transactions::{invoke, to_json, transfer};

#[tokio::test(flavor = "multi_thread")]
async fn cells_nonces_and_classes() {
    let chain = Chain::start().await;
    let latest = ("block_id", json!("latest"));
    let balance = get_storage_var_address("ERC20_balances", &[BOB]);
    let cell = [("contract_address", json!(STRK)), ("key", json!(balance)), latest.clone()];
    assert_eq!(chain.both("starknet_getStorageAt", &cell).await, format!("{BALANCE:#x}"));
    let send = invoke(ALICE, 0, transfer(BOB, 5));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&send)])).await;
    assert_eq!(chain.both("starknet_getStorageAt", &cell).await, format!("{:#x}", BALANCE + 5));
    let before = json!([STRK, balance, { "block_number": 0 }]);
    assert_eq!(chain.ok("starknet_getStorageAt", before).await, format!("{BALANCE:#x}"));
    let flagged = json!([STRK, balance, "latest", ["INCLUDE_LAST_UPDATE_BLOCK"]]);
    let expected = json!({ "value": format!("{:#x}", BALANCE + 5), "last_update_block": 1 });
    assert_eq!(chain.ok("starknet_getStorageAt", flagged).await, expected);
    let send = invoke(BOB, 0, transfer(ALICE, 5));
    chain.ok("starknet_addInvokeTransaction", json!([to_json(&send)])).await;
    for block in [0, 1, 2] {
        let past = json!([STRK, balance, { "block_number": block }, ["INCLUDE_LAST_UPDATE_BLOCK"]]);
        assert_eq!(chain.ok("starknet_getStorageAt", past).await["last_update_block"], block);
    }
    let untouched = json!([STRK, "0x77", "latest", ["INCLUDE_LAST_UPDATE_BLOCK"]]);
    let expected = json!({ "value": "0x0", "last_update_block": 0 });
    assert_eq!(chain.ok("starknet_getStorageAt", untouched).await, expected);
    assert_eq!(chain.ok("starknet_getStorageAt", json!(["0x1", "0x0", "latest"])).await, "0x0");

    let alice = [latest.clone(), ("contract_address", json!(ALICE))];
    assert_eq!(chain.both("starknet_getNonce", &alice).await, "0x1");
    assert_eq!(chain.ok("starknet_getNonce", json!([{ "block_number": 0 }, ALICE])).await, "0x0");
    let class_hash = chain.both("starknet_getClassHashAt", &alice).await;
    assert_eq!(class_hash, json!(chain.account_class));

    let class = chain.both("starknet_getClassAt", &alice).await;
    assert_eq!(class["contract_class_version"], "0.1.0");
    assert!(
        class["abi"].is_string() && class["entry_points_by_type"]["EXTERNAL"][0]["function_idx"].is_u64()
    );
    let by_hash = [latest.clone(), ("class_hash", class_hash)];
    assert_eq!(chain.both("starknet_getClass", &by_hash).await, class);
    let legacy = chain.ok("starknet_getClassAt", json!(["latest", LEGACY_DEPLOYER])).await;
    assert_eq!(legacy, chain.ok("starknet_getClass", json!(["latest", chain.legacy_class])).await);
    assert!(legacy["program"].as_str().unwrap().starts_with("H4sI"), "gzip in base64");
    assert!(legacy["entry_points_by_type"]["EXTERNAL"][0]["offset"].as_str().unwrap().starts_with("0x"));
    assert!(legacy["abi"].is_array());

    let code = |method: &'static str, params: Value| {
        let chain = &chain;
        async move { chain.error(method, params).await.code }
    };
    assert_eq!(code("starknet_getStorageAt", json!(["0x99", "0x0", "latest"])).await, 20);
    assert_eq!(code("starknet_getNonce", json!(["latest", "0x99"])).await, 20);
    assert_eq!(code("starknet_getClassHashAt", json!(["latest", "0x99"])).await, 20);
    assert_eq!(code("starknet_getClassAt", json!(["latest", "0x99"])).await, 20);
    assert_eq!(code("starknet_getClass", json!(["latest", "0x99"])).await, 28);
    assert_eq!(code("starknet_getNonce", json!([{ "block_number": 9 }, ALICE])).await, 24);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_at_every_block() {
    let chain = Chain::start().await;
    let balance = get_storage_var_address("ERC20_balances", &[BOB]);
    let params = [
        ("block_id", json!("latest")),
        ("class_hashes", json!([chain.account_class])),
        ("contract_addresses", json!([STRK, "0x99"])),
        ("contracts_storage_keys", json!([{ "contract_address": STRK, "storage_keys": [balance, "0x77"] }])),
    ];
    let proof = chain.both("starknet_getStorageProof", &params).await;
    let root = |nodes: &Value| nodes[0]["node_hash"].clone();
    let roots = &proof["global_roots"];
    let holds =
        |nodes: &Value, hash: &Value| nodes.as_array().unwrap().iter().any(|node| node["node_hash"] == *hash);
    assert!(holds(&proof["classes_proof"], &roots["classes_tree_root"]), "{}", root(&proof["classes_proof"]));
    assert!(holds(&proof["contracts_proof"]["nodes"], &roots["contracts_tree_root"]));
    let leaves = proof["contracts_proof"]["contract_leaves_data"].as_array().unwrap();
    assert_eq!(leaves.len(), 2);
    assert!(holds(&proof["contracts_storage_proofs"][0], &leaves[0]["storage_root"]));
    assert_eq!(leaves[1], json!({ "nonce": "0x0", "class_hash": "0x0", "storage_root": "0x0" }));
    let tip = chain.ok("starknet_blockHashAndNumber", json!([])).await;
    assert_eq!(roots["block_hash"], tip["block_hash"]);

    for nonce in 0..3 {
        chain.send(nonce).await;
    }
    let mut then = params.clone();
    then[0].1 = json!({ "block_number": 0 });
    assert_eq!(chain.both("starknet_getStorageProof", &then).await, proof);
    let by_hash = json!([{ "block_hash": tip["block_hash"] }]);
    let roots_then = chain.ok("starknet_getStorageProof", by_hash.clone()).await["global_roots"].clone();
    assert_eq!(roots_then, *roots);
    let now = chain.ok("starknet_getStorageProof", json!(["latest"])).await;
    assert_ne!(now["global_roots"]["contracts_tree_root"], roots["contracts_tree_root"]);

    assert_eq!(chain.error("starknet_getStorageProof", json!([{ "block_number": 9 }])).await.code, 24);
    assert_eq!(chain.error("starknet_getStorageProof", json!(["pre_confirmed"])).await.code, -32602);
    let many = json!(["latest", null, vec![STRK; 1025]]);
    assert_eq!(chain.error("starknet_getStorageProof", many).await.code, -32602);

    chain.executor.storage().prune(1).unwrap();
    let pruned = chain.error("starknet_getStorageProof", by_hash).await;
    assert_eq!(pruned.code, 42);
    assert!(pruned.data.as_str().unwrap().contains("from block"), "{pruned:?}");
    let pruned = chain.error("starknet_getStorageAt", json!([STRK, balance, { "block_number": 0 }])).await;
    assert_eq!(pruned.code, 24);
    assert!(pruned.data.as_str().unwrap().contains("from block"), "{pruned:?}");
    chain.ok("starknet_getBlockWithReceipts", json!([{ "block_number": 0 }])).await;
    chain.ok("starknet_getStorageProof", json!(["latest"])).await;
    chain.server.stop().await;
}
