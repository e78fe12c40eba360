//! Every method of the specification, by position, by name and in one batch.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_types_core::felt::Felt;
use zkthreads_execution::class::compile;
use zkthreads_protocol::L1TransactionHash;

use crate::chain::{ALICE, BALANCE, BOB, BRIDGE, Chain, STRK, flattened};
use crate::code::{Declare, DeployAccount};
use crate::messages::deposit;
use crate::spec::{API, EXECUTABLES, SPEC, TRACE, WRITE};
use crate::transactions::{invoke, to_json, transfer};

#[tokio::test(flavor = "multi_thread")]
async fn every_method_answers_as_specified() {
    let chain = Chain::start().await;
    let l1_transaction = L1TransactionHash([0xee; 32]);
    let hash = chain.send(0).await;
    chain.pool.deliver(deposit(5, 0));
    let next = to_json(&invoke(ALICE, 1, transfer(BOB, 5)));
    let message = json!({
        "from_address": format!("0x{:040x}", 0xe1), "to_address": BRIDGE,
        "entry_point_selector": selector_from_name("deposit"), "payload": ["0x5", "0x7"],
    });
    let call = json!({
        "contract_address": STRK, "entry_point_selector": selector_from_name("balance_of"), "calldata": [BOB],
    });
    let l1_hash = format!("0x{}", l1_transaction.0.map(|byte| format!("{byte:02x}")).concat());
    let keys = json!([{ "contract_address": STRK, "storage_keys": ["0x1"] }]);
    let reads: BTreeMap<&str, Vec<Value>> = [
        ("specVersion", vec![]),
        ("blockNumber", vec![]),
        ("blockHashAndNumber", vec![]),
        ("chainId", vec![]),
        ("syncing", vec![]),
        ("getBlockWithTxHashes", vec![json!({ "block_number": 1 })]),
        ("getBlockWithTxs", vec![json!({ "block_number": 1 }), json!(["INCLUDE_PROOF_FACTS"])]),
        ("getBlockWithReceipts", vec![json!({ "block_number": 1 }), json!(["INCLUDE_PROOF_FACTS"])]),
        ("getBlockTransactionCount", vec![json!("latest")]),
        ("getStateUpdate", vec![json!({ "block_number": 1 }), json!([STRK])]),
        (
            "getStorageAt",
            vec![json!(STRK), json!("0x1"), json!("latest"), json!(["INCLUDE_LAST_UPDATE_BLOCK"])],
        ),
        ("getTransactionStatus", vec![hash.clone()]),
        ("getMessagesStatus", vec![json!(l1_hash)]),
        ("getTransactionByHash", vec![hash.clone(), json!(["INCLUDE_PROOF_FACTS"])]),
        (
            "getTransactionByBlockIdAndIndex",
            vec![json!({ "block_number": 1 }), json!(0), json!(["INCLUDE_PROOF_FACTS"])],
        ),
        ("getTransactionReceipt", vec![hash.clone()]),
        ("getClass", vec![json!("latest"), json!(chain.account_class)]),
        ("getClassHashAt", vec![json!("latest"), json!(ALICE)]),
        ("getClassAt", vec![json!("latest"), json!(ALICE)]),
        ("call", vec![call, json!("latest")]),
        ("estimateFee", vec![json!([next]), json!(["SKIP_VALIDATE"]), json!("latest")]),
        ("estimateMessageFee", vec![message, json!("latest")]),
        (
            "getEvents",
            vec![json!({ "from_block": { "block_number": 0 }, "to_block": "latest", "chunk_size": 1 })],
        ),
        ("getNonce", vec![json!("latest"), json!(ALICE)]),
        ("getStorageProof", vec![json!("latest"), json!([chain.account_class]), json!([STRK]), keys]),
        ("traceTransaction", vec![hash]),
        ("traceBlockTransactions", vec![json!({ "block_number": 1 }), json!(["RETURN_INITIAL_READS"])]),
        (
            "simulateTransactions",
            vec![
                json!("latest"),
                json!([next]),
                json!(["SKIP_VALIDATE", "SKIP_FEE_CHARGE", "RETURN_INITIAL_READS"]),
            ],
        ),
        ("getCompiledCasm", vec![json!(chain.account_class)]),
    ]
    .into();
    let mut known: Vec<String> = Vec::new();
    let mut batch = Vec::new();
    let mut answers = Vec::new();
    for (name, params) in &reads {
        let method = format!("starknet_{name}");
        let names = SPEC.param_names(&method);
        assert_eq!(names.len(), params.len(), "{method} takes {names:?}");
        let named: Vec<_> = names.into_iter().zip(params.iter().cloned()).collect();
        answers.push(chain.both(&method, &named).await);
        batch.push(json!({ "jsonrpc": "2.0", "id": batch.len(), "method": method, "params": params }));
        known.push(method);
    }
    let (_, together) = chain.post("/", json!(batch).to_string()).await;
    let together: Vec<Value> = serde_json::from_str(&together).unwrap();
    assert_eq!(together.len(), answers.len());
    for answer in together {
        let index = answer["id"].as_u64().unwrap() as usize;
        assert_eq!(answer["result"], answers[index], "{}", batch[index]["method"]);
    }

    known.extend(writes(&chain, next).await);
    let mut specified: Vec<_> =
        [API, WRITE, TRACE, EXECUTABLES].into_iter().flat_map(|it| SPEC.methods(it)).collect();
    specified.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, specified);
    chain.server.stop().await;
}

/// The methods that change something; each once, by the name that the specification gives its parameter.
async fn writes(chain: &Chain, invoke: Value) -> Vec<String> {
    let class = flattened("contracts/probe.sierra.json");
    let compiled = compile(class.clone()).unwrap().compiled_class_hash;
    let deploy = DeployAccount::new(chain.account_class, 7);
    let fund = transfer(*deploy.address().0.key(), BALANCE / 2);
    let fund = to_json(&crate::transactions::invoke(BOB, 0, fund));
    chain.ok("starknet_addInvokeTransaction", json!([fund])).await;
    let writes = [
        ("starknet_addInvokeTransaction", invoke),
        ("starknet_addDeclareTransaction", Declare::new(ALICE, 2, class, compiled).request()),
        ("starknet_addDeployAccountTransaction", deploy.request()),
    ];
    for (method, request) in &writes {
        let name = SPEC.param_names(method)[0];
        let added = chain.ok(method, json!({ name: request })).await;
        let receipt = chain.ok("starknet_getTransactionReceipt", json!([added["transaction_hash"]])).await;
        assert_eq!(receipt["execution_status"], "SUCCEEDED", "{receipt}");
    }
    assert_ne!(chain.ok("starknet_getNonce", json!(["latest", deploy.address()])).await, json!(Felt::ZERO));
    writes.map(|(method, _)| method.to_owned()).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_that_a_block_read() {
    let chain = Chain::start().await;
    chain.send(0).await;
    chain.pool.deliver(deposit(5, 0));
    let flags = json!(["RETURN_INITIAL_READS"]);
    let plain = chain.ok("starknet_traceBlockTransactions", json!([{ "block_number": 1 }])).await;
    let block = json!([{ "block_number": 1 }, flags]);
    let traced = chain.ok("starknet_traceBlockTransactions", block).await;
    assert_eq!(traced["traces"], plain);
    let reads = &traced["initial_reads"];
    let nonce = json!({ "contract_address": ALICE, "nonce": "0x0" });
    assert!(reads["nonces"].as_array().unwrap().contains(&nonce), "{reads}");
    // Simulated on the block before, the same transaction reads no more than the block did.
    let first = to_json(&invoke(ALICE, 0, transfer(BOB, 5)));
    let simulated =
        chain.ok("starknet_simulateTransactions", json!([{ "block_number": 0 }, [first], flags])).await;
    for cell in simulated["initial_reads"]["storage"].as_array().unwrap() {
        assert!(reads["storage"].as_array().unwrap().contains(cell), "{cell}");
    }
    let handled = json!([{ "block_number": 2 }, flags]);
    let handled = chain.ok("starknet_traceBlockTransactions", handled).await;
    let cells = handled["initial_reads"]["storage"].as_array().unwrap();
    assert!(cells.iter().any(|cell| cell["contract_address"] == json!(BRIDGE)), "{handled}");
    let genesis = chain.ok("starknet_traceBlockTransactions", json!([{ "block_number": 0 }, flags])).await;
    assert_eq!(genesis["traces"], json!([]));
    chain.server.stop().await;
}
