//! Reading a node's state: against a JSON-RPC server of a few fixed answers.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use blockifier::execution::contract_class::RunnableCompiledClass;
use blockifier::state::errors::StateError;
use blockifier::state::state_api::StateReader;
use jsonrpsee::RpcModule;
use jsonrpsee::server::{Server, ServerHandle};
use jsonrpsee::types::ErrorObjectOwned;
use serde_json::{Value, json};
use starknet_api::core::{ClassHash, ContractAddress, Nonce};
use starknet_api::state::{SierraContractClass, StorageKey};
use starknet_types_core::felt::Felt;
use tokio::task::spawn_blocking;
use zkthreads_client::{ClassCache, ForkClient, NodeClient};
use zkthreads_execution::ClassSource;

/// A deployed contract; nothing is deployed elsewhere.
const CONTRACT: u64 = 0xc0;

struct Node {
    url: String,
    requests: Arc<AtomicUsize>,
    server: ServerHandle,
}

/// Answers for [`CONTRACT`]; gives `class` for any class hash.
async fn node(class: Value) -> Node {
    let requests = Arc::new(AtomicUsize::new(0));
    let mut module = RpcModule::new((Arc::clone(&requests), class));
    let not_found = || ErrorObjectOwned::owned(20, "Contract not found", None::<()>);
    module.register_method("starknet_chainId", |_, _, _| "0x534e5f5345504f4c4941").unwrap();
    module
        .register_method("starknet_getBlockWithTxHashes", |_, _, _| {
            let price = json!({ "price_in_fri": "0x1", "price_in_wei": "0x1" });
            json!({
                "status": "ACCEPTED_ON_L2", "block_hash": "0xb10c", "parent_hash": "0x0", "block_number": 7,
                "new_root": "0x0", "timestamp": 1234, "sequencer_address": "0x5e9", "l1_gas_price": price,
                "l2_gas_price": price, "l1_data_gas_price": price, "l1_da_mode": "BLOB",
                "starknet_version": "0.14.4", "event_commitment": "0x0", "transaction_commitment": "0x0",
                "receipt_commitment": "0x0", "state_diff_commitment": "0x0", "event_count": 0,
                "transaction_count": 0, "state_diff_length": 0, "transactions": [],
            })
        })
        .unwrap();
    for (method, answer) in [
        ("starknet_getStorageAt", "0x57"),
        ("starknet_getNonce", "0x4"),
        ("starknet_getClassHashAt", "0xc1a55"),
    ] {
        module
            .register_method(method, move |params, context, _| {
                context.0.fetch_add(1, Ordering::SeqCst);
                let params = params.as_str().unwrap_or_default().to_owned();
                assert!(params.contains("0xb10c"), "pinned at the block's hash: {params}");
                if params.contains("\"0xc0\"") { Ok(answer) } else { Err(not_found()) }
            })
            .unwrap();
    }
    module
        .register_method("starknet_getClass", |_, context, _| {
            context.0.fetch_add(1, Ordering::SeqCst);
            context.1.clone()
        })
        .unwrap();
    let server = Server::builder().build("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    Node { url, requests, server: server.start(module) }
}

async fn fork(node: &Node) -> ForkClient {
    ForkClient::latest(NodeClient::new(&node.url).unwrap(), ClassCache::default()).await.unwrap()
}

fn address(value: u64) -> ContractAddress {
    ContractAddress::try_from(Felt::from(value)).unwrap()
}

fn artifact(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn values_are_fetched_once_and_absent_ones_are_zero() {
    let node = node(Value::Null).await;
    let fork = fork(&node).await;
    assert_eq!(fork.base_block().number.0, 7);
    assert_eq!(fork.base_block().sequencer, address(0x5e9));
    assert_eq!(fork.chain_id().to_string(), "SN_SEPOLIA");
    let requests = Arc::clone(&node.requests);
    spawn_blocking(move || {
        let key = StorageKey::from(1_u128);
        for _ in 0..2 {
            assert_eq!(fork.get_storage_at(address(CONTRACT), key).unwrap(), Felt::from(0x57));
            assert_eq!(fork.get_nonce_at(address(CONTRACT)).unwrap(), Nonce(Felt::from(4)));
            assert_eq!(fork.get_class_hash_at(address(CONTRACT)).unwrap(), ClassHash(Felt::from(0xc1a55)));
            assert_eq!(fork.get_storage_at(address(0xdead), key).unwrap(), Felt::ZERO);
            assert_eq!(fork.get_class_hash_at(address(0xdead)).unwrap(), ClassHash::default());
        }
        assert_eq!(requests.load(Ordering::SeqCst), 5);
        assert_eq!(fork.failure(), None);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_node_that_goes_away_is_a_failure_that_stays() {
    let node = node(Value::Null).await;
    let fork = fork(&node).await;
    node.server.stop().unwrap();
    node.server.stopped().await;
    let reader = fork.clone();
    let read = spawn_blocking(move || reader.get_nonce_at(address(CONTRACT))).await.unwrap();
    assert!(matches!(read, Err(StateError::StateReadError(_))), "{read:?}");
    assert!(fork.failure().is_some());
}

#[tokio::test]
async fn a_sierra_class_is_compiled_once_and_only_under_its_own_hash() {
    let mut class = artifact("contracts/probe.sierra.json");
    class["abi"] = Value::String(class["abi"].to_string());
    let hash = serde_json::from_value::<SierraContractClass>(class.clone()).unwrap().calculate_class_hash();
    let node = node(class).await;
    let fork = fork(&node).await;
    let requests = Arc::clone(&node.requests);
    spawn_blocking(move || {
        let runnable = fork.get_compiled_class(hash).unwrap();
        assert!(matches!(runnable, RunnableCompiledClass::V1(_)));
        assert!(!fork.casm(hash).unwrap().bytecode.is_empty());
        assert_eq!(fork.unhardened(hash).unwrap(), None);
        assert_eq!(requests.load(Ordering::SeqCst), 1);
        let other = fork.get_compiled_class(ClassHash(hash.0 + Felt::ONE));
        assert!(matches!(other, Err(StateError::StateReadError(_))), "{other:?}");
        assert!(fork.failure().is_some_and(|reason| reason.contains("instead")));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_cairo_0_class_runs_but_has_no_casm() {
    let mut class = artifact("target/third-party/contracts/udc_legacy.json");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(class["program"].to_string().as_bytes()).unwrap();
    class["program"] = base64::engine::general_purpose::STANDARD.encode(gzip.finish().unwrap()).into();
    let node = node(class).await;
    let fork = fork(&node).await;
    spawn_blocking(move || {
        let hash = ClassHash(Felt::from(0x1e9));
        let runnable = fork.get_compiled_class(hash).unwrap();
        assert!(matches!(runnable, RunnableCompiledClass::V0(_)));
        assert!(matches!(fork.casm(hash), Err(StateError::UndeclaredClassHash(_))));
        assert!(matches!(fork.unhardened(hash), Err(StateError::UndeclaredClassHash(_))));
        assert_eq!(fork.failure(), None);
    })
    .await
    .unwrap();
}
