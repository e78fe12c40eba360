//! Whatever comes in, an error goes out and the node goes on.

use serde_json::{Value, json};

use crate::chain::{ALICE, BOB, Chain};
use crate::transactions::{invoke, to_json, transfer};

fn code(answer: &str) -> i64 {
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies() {
    let chain = Chain::start().await;
    for path in ["/", "/rpc"] {
        for (body, expected) in [
            (String::new(), -32700),
            ("{".into(), -32700),
            ("nonsense".into(), -32700),
            ("[".repeat(100_000), -32700),
            (r#"{"jsonrpc": "2.0", "id": 1, "method": 5}"#.into(), -32600),
            (r#"{"jsonrpc": "1.0", "id": 1, "method": "starknet_chainId"}"#.into(), -32600),
            (r#"{"jsonrpc": "2.0", "id": 1, "method": "starknet_nothing"}"#.into(), -32601),
            ("[]".into(), -32600),
        ] {
            let (_, answer) = chain.post(path, body.clone()).await;
            assert_eq!(code(&answer), expected, "{}: {answer}", &body[..body.len().min(80)]);
        }
    }
    let (status, answer) = chain.post("/", " ".repeat(20 * 1024 * 1024 + 1)).await;
    assert_eq!(status, 413);
    assert!(code(&answer) < 0 && answer.contains("too big"), "{answer}");
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"starknet_blockNumber"}"#;
    let (_, answer) = chain.post("/", format!("[{}]", vec![call; 100].join(","))).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&answer).unwrap().len(), 100);
    let (_, answer) = chain.post("/", format!("[{}]", vec![call; 101].join(","))).await;
    assert!(code(&answer) < 0, "{answer}");
    assert_eq!(chain.post("/elsewhere", call.into()).await.0, 404);

    let get = |path: &str| chain.http.get(format!("http://{}{path}", chain.server.address())).send();
    assert_eq!(get("/is_alive").await.unwrap().text().await.unwrap(), "Alive!!!");
    assert_eq!(get("/").await.unwrap().status().as_u16(), 405);
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters() {
    let chain = Chain::start().await;
    let prime = "0x800000000000011000000000000000000000000000000000000000000000001";
    let mut nested = json!("0x1");
    for _ in 0..100 {
        nested = json!([nested]);
    }
    for (method, params, named) in [
        ("starknet_getNonce", json!({ "block_id": "latest", "contract_adress": "0x1" }), "contract_adress"),
        ("starknet_getNonce", json!({ "block_id": "latest" }), "contract_address"),
        ("starknet_getNonce", json!({ "block_id": "newest", "contract_address": "0x1" }), "block_id"),
        ("starknet_getNonce", json!({ "block_id": "latest", "contract_address": 1 }), "contract_address"),
        ("starknet_getNonce", json!({ "block_id": "latest", "contract_address": prime }), "contract_address"),
        (
            "starknet_getNonce",
            json!({ "block_id": "latest", "contract_address": nested }),
            "contract_address",
        ),
        (
            "starknet_getNonce",
            json!({ "block_id": { "block_number": -1 }, "contract_address": "0x1" }),
            "block_id",
        ),
        ("starknet_getNonce", json!(["latest", "0x1", "0x2"]), ""),
        ("starknet_getNonce", json!([]), ""),
        ("starknet_chainId", json!([1]), ""),
        ("starknet_chainId", json!({ "verbose": true }), "verbose"),
        ("starknet_getBlockWithTxs", json!(["latest", ["INCLUDE_ALL"]]), "INCLUDE_ALL"),
        ("starknet_getEvents", json!({ "filter": { "chunk_size": "9" } }), "chunk_size"),
        ("starknet_getEvents", json!({ "filter": { "chunk_size": 9, "adress": "0x1" } }), "adress"),
    ] {
        let error = chain.error(method, params.clone()).await;
        assert_eq!(error.code, -32602, "{method} {params}: {error:?}");
        assert!(error.message.contains(named), "{method} {params}: {error:?}");
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions() {
    let chain = Chain::start().await;
    let good = to_json(&invoke(ALICE, 0, transfer(BOB, 5)));
    for (field, value) in [
        ("colour", json!("red")),
        ("type", json!("DECLARE")),
        ("nonce", json!(0)),
        ("tip", json!("0x10000000000000000")),
        ("calldata", json!("0x1")),
        ("calldata", json!([{ "a": 1 }])),
        ("signature", Value::Null),
        ("proof", json!(5)),
        ("proof_facts", json!(["0xzz"])),
        ("nonce_data_availability_mode", json!("L3")),
        ("resource_bounds", json!({ "l1_gas": {} })),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        for method in
            ["starknet_addInvokeTransaction", "zkthread_addThreadTransaction", "zkthread_checkThread"]
        {
            let error = chain.error(method, json!([bad])).await;
            assert_eq!(error.code, -32602, "{field}: {error:?}");
            assert!(error.message.contains(field), "{field}: {error:?}");
        }
        // Another type's fields are unknown ones there.
        let estimate = chain.error("starknet_estimateFee", json!([[bad], [], "latest"])).await;
        assert_eq!(estimate.code, -32602, "{field}: {estimate:?}");
    }
    let many = json!([vec![&good; 101], [], "latest"]);
    assert_eq!(chain.error("starknet_estimateFee", many).await.code, -32602);
    chain.ok("starknet_addInvokeTransaction", json!([good])).await;
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_requests_get_answers() {
    let chain = Chain::start().await;
    let transaction = to_json(&invoke(ALICE, 0, transfer(BOB, 5)));
    let filter = json!({ "from_block": { "block_number": 0 }, "address": ["0x1"], "keys": [["0x1"]], "chunk_size": 9 });
    let requests = [
        ("starknet_getEvents", json!([filter])),
        ("starknet_estimateFee", json!([[transaction], ["SKIP_VALIDATE"], { "block_number": 0 }])),
        ("zkthread_checkThread", json!([transaction])),
    ];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % bound as u64) as usize
    };
    for round in 0..600 {
        let (method, params) = &requests[round % requests.len()];
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let mut bytes = body.into_bytes();
        for _ in 0..=next(3) {
            let place = next(bytes.len());
            match next(3) {
                0 => bytes[place] = b"{}[]\",:0x-9aZ\\ "[next(15)],
                1 => drop(bytes.remove(place)),
                _ => bytes.truncate(place + 1),
            }
        }
        let body = String::from_utf8(bytes).unwrap();
        let (status, answer) = chain.post("/", body.clone()).await;
        // Without an id it is a notification.
        if status == 204 {
            assert_eq!(answer, "", "{body}");
            continue;
        }
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert!(answer.is_object(), "{body}: {answer}");
    }
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}
