//! Work for clients: a lane that is full, a client that leaves, a request that asks for too much.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::core::ClassHash;
use starknet_types_core::felt::Felt;
use tokio::io::AsyncWriteExt;
use zkthreads_execution::Executor;
use zkthreads_rpc::{LaneLimits, LanesLimits, ServerLimits};

use crate::chain::{ALICE, Chain, STRK, commit_genesis, commit_genesis_with, sierra};
use crate::package::{envelope, package, to_request};
use crate::slow::head;

/// Our `contracts/greedy.cairo`.
const GREEDY: Felt = Felt::from_hex_unchecked("0x9eed");

const ONE_AT_A_TIME: LaneLimits = LaneLimits { running: 1, waiting: 0 };

fn with_greedy(executor: &Executor) -> (ClassHash, ClassHash) {
    commit_genesis_with(executor, |genesis| {
        let (hash, class) = sierra("contracts/greedy.sierra.json");
        genesis.classes.push((hash, class));
        genesis.contracts.insert(GREEDY.try_into().unwrap(), hash);
    })
}

fn call(to: Felt, function: &str, calldata: &[Felt]) -> Value {
    let selector = selector_from_name(function).0;
    let request = json!({ "contract_address": to, "entry_point_selector": selector, "calldata": calldata });
    let params = json!({ "request": request, "block_id": "latest" });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "starknet_call", "params": params })
}

fn short_call() -> Value {
    call(STRK, "total_supply", &[])
}

/// Executes for more than a minute: some hundred thousand multiplications on the curve.
fn long_call() -> Value {
    let multiply = selector_from_name("multiply_point").0;
    call(GREEDY, "call_itself", &[10.into(), multiply, Felt::ONE, Felt::from(100_000)])
}

/// How long this process has had processors.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_lane_says_so_at_once_and_a_client_that_leaves_makes_room() {
    let lanes = LanesLimits { execution: ONE_AT_A_TIME, ..LanesLimits::default() };
    let chain = Chain::serve(with_greedy, ServerLimits { lanes, ..ServerLimits::default() }).await;
    let url = format!("http://{}/", chain.server.address());
    let long = long_call().to_string();
    // Until the long one runs: it may come while a short one does, and be refused.
    let mut leaving = chain.connect().await;
    let refused = loop {
        leaving.write_all((head(long.len()) + &long).as_bytes()).await.unwrap();
        let told = chain.http.post(&url).json(&short_call()).send().await.unwrap();
        if told.headers().contains_key("retry-after") {
            break told;
        }
        leaving = chain.connect().await;
    };
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (200, &"1".parse().unwrap()));
    let refused: Value = refused.json().await.unwrap();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(1), &json!(-32005)));
    assert_eq!(refused["error"]["data"], json!({ "work": "execution", "retry_after_seconds": 1 }));
    // In a batch it is told, too; and what is no execution goes on.
    let (status, batch) = chain.post("/", json!([short_call(), short_call()]).to_string()).await;
    assert_eq!((status, batch.matches("-32005").count()), (200, 2));
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);

    let before = processor_time();
    drop(leaving);
    while chain.post("/", short_call().to_string()).await.1.contains("-32005") {}
    assert!(processor_time() - before < Duration::from_secs(10), "it was executed for nobody");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_executes_for_too_long_is_ended_and_says_nothing_of_the_contract() {
    let limits = ServerLimits { execution_time: Duration::ZERO, ..ServerLimits::default() };
    let chain = Chain::serve(with_greedy, limits).await;
    let (status, answer) = chain.post("/", short_call().to_string()).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, &answer["error"]["code"]), (200, &json!(10022)));
    assert_eq!(answer["error"]["data"], "it took more than 0ns of a processor's time");
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_ask_about_proofs_delay_no_submitter_until_it_asks_about_a_bad_one() {
    const NONE: LaneLimits = LaneLimits { running: 0, waiting: 0 };
    let lanes = LanesLimits { proofs: NONE, ..LanesLimits::default() };
    let chain = Chain::serve(commit_genesis, ServerLimits { lanes, ..ServerLimits::default() }).await;
    let bytes = package(&chain, Felt::ZERO).encode();
    let signed = to_request(&envelope(ALICE, 0, &bytes), &bytes);
    let mut unsigned = signed.clone();
    unsigned["signature"] = json!([]);
    let mut forged = signed.clone();
    forged["tip"] = json!("0x7");
    let busy = json!({ "work": "proofs", "retry_after_seconds": 1 });
    let estimate = |request: &Value| json!([[request], ["SKIP_VALIDATE"], "latest"]);
    for stranger in [&unsigned, &forged] {
        let refused = chain.error("zkthread_checkThread", json!([stranger])).await;
        assert_eq!((refused.code, &refused.data), (-32005, &busy));
        let refused = chain.error("starknet_estimateFee", estimate(stranger)).await;
        assert_eq!((refused.code, &refused.data), (-32005, &busy));
    }
    assert_eq!(chain.ok("zkthread_checkThread", json!([signed])).await["would_settle"], false);
    // The proof was bad.
    let refused = chain.error("zkthread_checkThread", json!([signed])).await;
    assert_eq!((refused.code, &refused.data), (-32005, &busy));
    chain.server.stop().await;
}
