//! Every method of the specification with random parameters: those that fit its schemas, and those that something is wrong with.
//! Whatever comes, the answer fits the specification, and is the same by HTTP and WebSocket, by name, by position and in a batch.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::chain::{ALICE, BOB, Chain, STRK};
use crate::socket::Socket;
use crate::spec::generate::{Choices, damage};
use crate::spec::{API, EXECUTABLES, SPEC, TRACE, WRITE};

/// Sets of parameters for each method.
const CASES: u32 = 100;

const INVALID_PARAMS: i64 = -32602;

/// The first of our own error codes.
const OWN_CODES: i64 = 10_000;

/// Texts that lead somewhere on `chain`, and others.
async fn words(chain: &Chain) -> Vec<String> {
    let block = chain.ok("starknet_getBlockWithTxHashes", json!([{ "block_number": 1 }])).await;
    let mut words: Vec<String> = [ALICE, BOB, STRK].map(|felt| format!("{felt:#x}")).into();
    let named = [&block["block_hash"], &block["transactions"][0]];
    words.extend(named.map(|word| word.as_str().unwrap().to_owned()));
    words.push(format!("{:#x}", chain.account_class.0));
    let others =
        ["0x0", "0x1", "0x3", "0x5", "0x7b", "0x100000000000000000000000000000003", "0xffffffffffffffff"];
    words.extend(others.map(str::to_owned));
    words.push(format!("0x{}", "e1".repeat(20)));
    words.push(format!("0x{}", "5".repeat(64)));
    words.extend(["latest", "SN_SEPOLIA", "", "AAAA", "1.0.0"].map(str::to_owned));
    words
}

/// The answer without what it is known by; panics unless it fits the specification.
fn checked(method: &str, mut answer: Value) -> Value {
    let fields = answer.as_object_mut().unwrap();
    fields.remove("id").expect("an id");
    let checked = match (fields.get("result"), fields.get("error")) {
        (Some(result), None) => SPEC.check_result(method, result),
        (None, Some(error)) => {
            let (code, message) = (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap());
            assert!(code != -32603, "{error}");
            match code >= OWN_CODES {
                true => Ok(()),
                false => SPEC.check_error(method, code, message, &error["data"]),
            }
        }
        _ => Err(format!("neither a result nor an error: {answer}")),
    };
    checked.unwrap_or_else(|reason| panic!("not as specified: {reason}"));
    // Which says where: at a position, or at a name.
    if answer["error"]["code"] == INVALID_PARAMS {
        return json!(INVALID_PARAMS);
    }
    answer
}

/// Asks in every way there is; the answer, which is always the same.
async fn ask(chain: &Chain, socket: &mut Socket, method: &str, params: &[(String, Value)]) -> Value {
    let by_name: Map<_, _> = params.iter().cloned().collect();
    let by_position: Vec<_> = params.iter().map(|(_, value)| value.clone()).collect();
    let call = |params: &Value| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let calls = [call(&Value::Object(by_name)), call(&Value::Array(by_position))];
    let (_, both) = chain.post("/", json!(calls).to_string()).await;
    let both: Vec<Value> = serde_json::from_str(&both).unwrap();
    let [named, positional]: [Value; 2] = both.try_into().unwrap();
    let answer = checked(method, named);
    assert_eq!(checked(method, positional), answer, "{method} by position");
    let (_, alone) = chain.post("/", calls[0].to_string()).await;
    assert_eq!(checked(method, serde_json::from_str(&alone).unwrap()), answer, "{method} by HTTP");
    socket.send(calls[0].to_string()).await;
    assert_eq!(checked(method, socket.receive().await), answer, "{method} by WebSocket");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_the_answer_is_as_specified() {
    let chain = Chain::start().await;
    chain.transfer(0).await;
    let words = words(&chain).await;
    let methods: Vec<_> =
        [API, WRITE, TRACE, EXECUTABLES].into_iter().flat_map(|it| SPEC.methods(it)).collect();
    let (results, errors) = (Cell::new(0), Cell::new(0));
    for method in methods {
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let run = || {
            TestRunner::new(config).run(&(vec(any::<u32>(), 0..200), any::<bool>()), |(choices, damaged)| {
                let mut choices = Choices::new(choices, &words);
                let mut params = SPEC.random_params(method, &mut choices);
                let last = params.last_mut().filter(|_| damaged);
                if let Some((_, value)) = last {
                    damage(value, &mut choices);
                }
                let answer = Handle::current().block_on(async {
                    let mut socket = chain.socket().await;
                    ask(&chain, &mut socket, method, &params).await
                });
                let counted = if answer.get("result").is_some() { &results } else { &errors };
                counted.set(counted.get() + 1);
                Ok(())
            })
        };
        block_in_place(run).unwrap_or_else(|error| panic!("{method}: {error}"));
    }
    // Both are tried.
    let (results, errors) = (results.get(), errors.get());
    assert!(results > 100 && errors > 100, "{results} results, {errors} errors");
    chain.server.stop().await;
}
