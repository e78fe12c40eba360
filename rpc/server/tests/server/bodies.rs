//! Bodies that are too large, too deep, too many, or no JSON-RPC at all.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zkthreads_rpc::ServerLimits;

use crate::chain::{ALICE, BOB, Chain};
use crate::transactions::{invoke, to_json, transfer};

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"starknet_blockNumber"}"#;

/// The process's resident memory, bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn code(answer: &str) -> i64 {
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes() {
    const LENGTH: usize = 100 * 1024 * 1024;
    let chain = Chain::start().await;
    let before = resident();
    let mut most = 0;
    for head in [format!("content-length: {LENGTH}\r\n\r\n"), "transfer-encoding: chunked\r\n\r\n".to_owned()]
    {
        let is_chunked = head.starts_with("transfer");
        let mut stream = chain.connect().await;
        let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{head}");
        stream.write_all(head.as_bytes()).await.unwrap();
        let piece = vec![b' '; 64 * 1024];
        for _ in 0..LENGTH / piece.len() {
            if is_chunked {
                stream.write_all(b"10000\r\n").await.unwrap();
            }
            stream.write_all(&piece).await.unwrap();
            if is_chunked {
                stream.write_all(b"\r\n").await.unwrap();
            }
            most = most.max(resident());
        }
        if is_chunked {
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        }
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 413");
    }
    assert!(most < before + 40 * 1024 * 1024, "{before} bytes before, {most} during");
    // Whoever asks first is refused at once.
    let mut polite = chain.connect().await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n";
    polite.write_all(format!("{head}content-length: {LENGTH}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    polite.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_all_requests_may_hold() {
    let chain =
        Chain::start_with(ServerLimits { request_memory: 2 * 1024 * 1024, ..ServerLimits::default() }).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let length = 2 * 1024 * 1024;
    let large = format!("{}{CALL}", " ".repeat(length / 2));
    // Whichever the server reads first keeps the other out: until it is this one, try again.
    let holding = 'holding: loop {
        let mut holding = chain.connect().await;
        holding.write_all(format!("{head}content-length: {length}\r\n\r\n").as_bytes()).await.unwrap();
        holding.write_all(&vec![b' '; length - 1024]).await.unwrap();
        for _ in 0..100 {
            if chain.post("/", large.clone()).await.0 == 503 {
                break 'holding holding;
            }
        }
    };
    // Small ones find room.
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    drop(holding);
    while chain.post("/", large.clone()).await.0 != 200 {
        tokio::task::yield_now().await;
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense() {
    let chain = Chain::start().await;
    let deep = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
    let in_params = |params: String| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"starknet_getNonce","params":{params}}}"#)
    };
    for path in ["/", "/rpc", "/rpc/v0_10"] {
        for (body, expected) in [
            (String::new(), -32700),
            ("{".into(), -32700),
            ("\u{0}".into(), -32700),
            ("null".into(), -32600),
            ("{}".into(), -32600),
            ("[]".into(), -32600),
            ("[".repeat(1_000_000), -32700),
            (r#"{"a":"#.repeat(1_000_000), -32700),
            (in_params(deep(100_000)), -32602),
            (in_params(format!("[{}]", deep(100_000))), -32602),
            (in_params(r#""text""#.into()), -32602),
            (in_params("7".into()), -32602),
            (in_params("[1e999]".into()), -32602),
            (r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#.into(), -32601),
            (format!("[{}]", vec![CALL; 101].join(",")), -32010),
        ] {
            let (status, answer) = chain.post(path, body.clone()).await;
            assert_eq!((status, code(&answer)), (200, expected), "{}: {answer}", &body[..body.len().min(80)]);
        }
        let mixed = format!(r#"[{CALL}, 7, {{"jsonrpc":"2.0","method":"starknet_blockNumber"}}, {CALL}]"#);
        let (_, answer) = chain.post(path, mixed).await;
        let answers: Vec<Value> = serde_json::from_str(&answer).unwrap();
        assert_eq!(answers.len(), 3);
        assert_eq!((&answers[0]["result"], &answers[1]["error"]["code"]), (&json!(0), &json!(-32600)));
    }
    let (_, answer) = chain.post("/", deep(100_000)).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&answer).unwrap()[0]["error"]["code"], -32600);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_and_types() {
    let chain = Chain::start().await;
    let url = |path: &str| format!("http://{}{path}", chain.server.address());
    for (request, status) in [
        (chain.http.post(url("/")).body(CALL), 415),
        (chain.http.post(url("/")).header("content-type", "text/plain").body(CALL), 415),
        (chain.http.post(url("/")).header("content-type", "application/json; charset=utf-8").body(CALL), 200),
        (chain.http.get(url("/rpc")), 405),
        (chain.http.get(url("/ws")), 405),
        (chain.http.put(url("/rpc")).body(CALL), 405),
        (chain.http.get(url("/elsewhere")), 404),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{}", response.url());
    }
    let long = chain.http.get(url("/is_alive")).header("x-long", "a".repeat(100_000));
    assert_eq!(long.send().await.unwrap().status().as_u16(), 431);
    let preflight = chain.http.request(reqwest::Method::OPTIONS, url("/"));
    let preflight = preflight.header("origin", "http://dapp").header("access-control-request-method", "POST");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_carried_out_and_not_answered() {
    let chain = Chain::start().await;
    for (nonce, batch) in [(0, false), (1, true)] {
        let payment = to_json(&invoke(ALICE, nonce, transfer(BOB, 1)));
        let call =
            json!({ "jsonrpc": "2.0", "method": "starknet_addInvokeTransaction", "params": [payment] });
        let body = if batch { json!([call, call]) } else { call };
        assert_eq!(chain.post("/", body.to_string()).await, (204, String::new()));
        let next = format!("{:#x}", nonce + 1);
        assert_eq!(chain.ok("starknet_getNonce", json!(["latest", ALICE])).await, next);
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_the_ids_of_their_calls() {
    let chain = Chain::start().await;
    let call = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"starknet_blockNumber"}}"#);
    let answer = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":0}}"#);
    let ids = ["null", "-1", "1.5", "18446744073709551616", r#""a""#, "7"];
    for id in ids {
        assert_eq!(chain.post("/", call(id)).await, (200, answer(id)));
    }
    let (all, answers) = (ids.map(call).join(","), ids.map(answer).join(","));
    assert_eq!(chain.post("/", format!("[{all}]")).await, (200, format!("[{answers}]")));
    let unasked = r#"{"jsonrpc":"2.0","method":"starknet_blockNumber"}"#;
    let mixed = format!("[{unasked},{},{unasked}]", call("7"));
    assert_eq!(chain.post("/", mixed).await, (200, format!("[{}]", answer("7"))));
    for id in ["true", "[1]", "{}", r#"1,"id":2"#] {
        let (status, answer) = chain.post("/", call(id)).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &answer["id"], &answer["error"]["code"]), (200, &Value::Null, &json!(-32600)));
    }
    let mut socket = chain.socket_at("/ws").await.unwrap();
    socket.send(call("-1")).await;
    assert_eq!(socket.receive().await, json!({ "jsonrpc": "2.0", "id": -1, "result": 0 }));
    chain.server.stop().await;
}
