//! Blocks handed out whole: who follows a node by them answers as the node does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use starknet_api::abi::abi_utils::get_storage_var_address;
use starknet_api::block::BlockNumber;
use starknet_types_core::felt::Felt;
use zkthreads_execution::class::compile;
use zkthreads_storage::FollowedBlock;

use crate::chain::{ALICE, BALANCE, BOB, Chain, LEGACY_DEPLOYER, STRK, flattened};
use crate::code::{Declare, DeployAccount};
use crate::messages::{L1_TRANSACTION, deposit};
use crate::package::{envelope, package};
use crate::transactions::{hash, invoke, to_json, transfer};

/// A chain with a block of every kind: a transfer, a reverted one, a class, an account, a message from L1, a thread. Gives
/// the hashes of all transactions, the inner ones too.
async fn busy_chain() -> (Chain, Vec<Value>) {
    let chain = Chain::start().await;
    let mut hashes = vec![chain.send(0).await];
    let added = |answer: Value| answer["transaction_hash"].clone();
    let too_much = to_json(&invoke(ALICE, 1, transfer(BOB, u64::MAX.into())));
    hashes.push(added(chain.ok("starknet_addInvokeTransaction", json!([too_much])).await));
    let class = flattened("contracts/probe.sierra.json");
    let compiled = compile(class.clone()).unwrap().compiled_class_hash;
    let declare = Declare::new(ALICE, 2, class, compiled).request();
    hashes.push(added(chain.ok("starknet_addDeclareTransaction", json!([declare])).await));
    let deploy = DeployAccount::new(chain.account_class, 7);
    let fund = to_json(&invoke(BOB, 0, transfer(*deploy.address().0.key(), BALANCE / 2)));
    hashes.push(added(chain.ok("starknet_addInvokeTransaction", json!([fund])).await));
    hashes.push(added(chain.ok("starknet_addDeployAccountTransaction", json!([deploy.request()])).await));
    hashes.push(json!(chain.pool.deliver(deposit(5, 0))));
    let package = package(&chain, Felt::ZERO);
    let bytes = package.encode();
    let thread = envelope(ALICE, 3, &bytes);
    let thread_hash = hash(&thread);
    chain.pool.settle(invoke(ALICE, 3, vec![Felt::ZERO]), thread, thread_hash, &bytes);
    hashes.push(json!(thread_hash));
    hashes.extend(package.transaction_hashes().map(|hash| json!(hash)));
    (chain, hashes)
}

/// A block as the RPC hands it out.
async fn exported(chain: &Chain, block_id: Value) -> FollowedBlock {
    let part =
        chain.both("zkthread_exportBlock", &[("block_id", block_id.clone()), ("part", json!(0))]).await;
    assert_eq!(chain.ok("zkthread_exportBlock", json!([block_id])).await, part, "the first one is meant");
    assert_eq!(part["parts"], 1);
    let block = FollowedBlock::decode(&STANDARD.decode(part["data"].as_str().unwrap()).unwrap()).unwrap();
    let header = &block.header.block_header_without_hash;
    assert_eq!(part["block_number"], header.block_number.0);
    assert_eq!(part["block_hash"], json!(block.header.block_hash));
    assert_eq!(part["parent_hash"], json!(header.parent_hash));
    block
}

/// A server over a database that has followed `node` up to its newest block.
async fn follower(node: &Chain) -> Chain {
    let latest = node.executor.storage().latest().unwrap().unwrap();
    Chain::following(async |storage| {
        for number in 0..=latest.0 {
            storage.follow(exported(node, json!({ "block_number": number })).await).unwrap();
        }
    })
    .await
}

/// Asks both the same; they answer alike.
async fn same(node: &Chain, follower: &Chain, method: &str, params: Value) -> Value {
    let answer = node.ok(method, params.clone()).await;
    assert_eq!(follower.ok(method, params.clone()).await, answer, "{method} {params}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_answers_as_the_node() {
    let (node, hashes) = busy_chain().await;
    let follower = follower(&node).await;
    let same = |method, params| same(&node, &follower, method, params);
    let latest = same("starknet_blockHashAndNumber", json!([])).await["block_number"].as_u64().unwrap();
    assert_eq!(latest, 7);
    let balance = |owner: Felt| get_storage_var_address("ERC20_balances", &[owner]);
    for number in 0..=latest {
        let block_id = json!({ "block_number": number });
        for method in [
            "starknet_getBlockWithTxHashes",
            "starknet_getBlockWithTxs",
            "starknet_getBlockWithReceipts",
            "starknet_getBlockTransactionCount",
            "starknet_getStateUpdate",
            "starknet_traceBlockTransactions",
        ] {
            same(method, json!([block_id])).await;
        }
        for account in [ALICE, BOB] {
            same("starknet_getNonce", json!([block_id, account])).await;
            let flags = json!([STRK, balance(account), block_id, ["INCLUDE_LAST_UPDATE_BLOCK"]]);
            same("starknet_getStorageAt", flags).await;
        }
        for contract in [ALICE, STRK, LEGACY_DEPLOYER] {
            same("starknet_getClassHashAt", json!([block_id, contract])).await;
            same("starknet_getClassAt", json!([block_id, contract])).await;
        }
        assert_eq!(exported(&follower, block_id.clone()).await, exported(&node, block_id).await);
    }
    // What a block read is found by executing it once more.
    same("starknet_traceBlockTransactions", json!([{ "block_number": 1 }, ["RETURN_INITIAL_READS"]])).await;
    for hash in &hashes {
        same("starknet_getTransactionByHash", json!([hash, ["INCLUDE_PROOF_FACTS"]])).await;
        same("starknet_getTransactionReceipt", json!([hash])).await;
        same("starknet_getTransactionStatus", json!([hash])).await;
    }
    let (thread, inner) = (&hashes[6], &hashes[7]);
    same("zkthread_getThread", json!([thread])).await;
    assert_eq!(same("zkthread_getInnerReceipts", json!([thread])).await.as_array().unwrap().len(), 2);
    assert_eq!(follower.error("starknet_traceTransaction", json!([inner])).await.code, 10);
    let filter = json!({ "from_block": { "block_number": 0 }, "to_block": "latest", "chunk_size": 100 });
    let events = same("starknet_getEvents", json!([filter])).await;
    assert!(events["events"].as_array().unwrap().len() > 8);
    let l1_transaction = format!("0x{}", L1_TRANSACTION.map(|byte| format!("{byte:02x}")).concat());
    let delivered = same("starknet_getMessagesStatus", json!([l1_transaction])).await;
    assert_eq!(delivered.as_array().unwrap().len(), 1);
    let declared = same("starknet_getTransactionByHash", json!([hashes[2]])).await["class_hash"].clone();
    same("starknet_getClass", json!(["latest", declared])).await;
    same("starknet_getCompiledCasm", json!([declared])).await;
    assert_eq!(follower.error("starknet_getClass", json!([{ "block_number": 2 }, declared])).await.code, 28);
    let next = to_json(&invoke(ALICE, 4, transfer(BOB, 5)));
    same("starknet_simulateTransactions", json!(["latest", [next], []])).await;
    // Without tries there are no proofs.
    let refused = follower.error("starknet_getStorageProof", json!(["latest", [], [STRK]])).await;
    assert_eq!(refused.code, 42);
    node.server.stop().await;
    follower.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_block_is_not_exported() {
    let chain = Chain::start().await;
    let hash = chain.ok("starknet_blockHashAndNumber", json!([])).await["block_hash"].clone();
    let by_hash = exported(&chain, json!({ "block_hash": hash })).await;
    assert_eq!(by_hash.header.block_header_without_hash.block_number, BlockNumber(0));
    assert_eq!(by_hash, exported(&chain, json!("latest")).await);
    for (params, code) in [
        (json!([{ "block_number": 1 }]), 24),
        (json!([{ "block_hash": "0x1" }, 0]), 24),
        (json!(["l1_accepted"]), 24),
        (json!(["pre_confirmed"]), -32602),
        (json!(["latest", 1]), -32602),
        (json!(["latest", -1]), -32602),
        (json!(["latest", "0x0"]), -32602),
        (json!(["latest", 0, 0]), -32602),
        (json!({ "block_id": "latest", "parts": 0 }), -32602),
        (json!([]), -32602),
    ] {
        assert_eq!(chain.error("zkthread_exportBlock", params.clone()).await.code, code, "{params}");
    }
    chain.server.stop().await;
}
