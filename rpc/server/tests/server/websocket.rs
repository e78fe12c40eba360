//! WebSockets as such: where they are, what they carry, what ends them.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};
use zkthreads_rpc::{ServerLimits, WebSocketLimits};

use crate::chain::Chain;

fn limits(websocket: WebSocketLimits) -> ServerLimits {
    ServerLimits { websocket, ..ServerLimits::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_calls_at_every_path() {
    let chain = Chain::start().await;
    for path in ["/ws", "/", "/rpc", "/rpc/v0_10"] {
        let mut socket = chain.socket_at(path).await.unwrap();
        assert_eq!(socket.ok("starknet_blockNumber", json!([])).await, 0);
        assert_eq!(socket.error("starknet_getNonce", json!(["latest", "0x1"])).await, 20);
        assert_eq!(socket.error("starknet_getNonce", json!(["latest"])).await, -32602);
        socket.send(r#"{"jsonrpc": "2.0", "id": "a", "method": "starknet_nothing"}"#.to_owned()).await;
        assert_eq!(socket.receive().await["error"]["code"], -32601);
        for (text, code) in [
            ("{", -32700),
            ("", -32700),
            ("7", -32600),
            ("[]", -32600),
            (r#"{"id": 1, "method": 5}"#, -32600),
            (&"[".repeat(100_000), -32700),
            (&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), -32600),
        ] {
            socket.send(text.to_owned()).await;
            let answer = socket.receive().await;
            let answer = if answer.is_array() { &answer[0] } else { &answer };
            assert_eq!(answer["error"]["code"], code, "{}", &text[..text.len().min(80)]);
        }
        // Without an id nothing is answered; what comes next is.
        socket.send(r#"{"jsonrpc": "2.0", "method": "starknet_blockNumber"}"#.to_owned()).await;
        let call = r#"{"jsonrpc": "2.0", "id": 5, "method": "starknet_blockNumber"}"#;
        socket.stream.send(Message::binary(call)).await.unwrap();
        assert_eq!(socket.receive().await, json!({ "jsonrpc": "2.0", "id": 5, "result": 0 }));
    }
    assert!(matches!(chain.socket_at("/elsewhere").await, Err(Error::Http(_))));
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_subscribe_too() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    let call = |id: u64, method: &str| json!({ "jsonrpc": "2.0", "id": id, "method": method });
    let batch = [call(1, "starknet_subscribeNewHeads"), call(2, "starknet_blockNumber")];
    socket.send(json!(batch).to_string()).await;
    let answer = socket.receive().await;
    assert_eq!(answer[1], json!({ "jsonrpc": "2.0", "id": 2, "result": 0 }));
    let id = answer[0]["result"].as_str().unwrap().to_owned();
    chain.make_blocks(1);
    assert_eq!(socket.notification("NewHeads", &id).await["block_number"], 1);
    socket.send(json!(vec![call(1, "starknet_blockNumber"); 101]).to_string()).await;
    assert_eq!(socket.receive().await["error"]["code"], -32010);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_belong_to_their_connection() {
    let chain = Chain::start_with(limits(WebSocketLimits { subscriptions: 2, ..Default::default() })).await;
    let (mut one, mut other) = (chain.socket().await, chain.socket().await);
    let first = one.subscribe("NewHeads", json!([])).await;
    let second = other.subscribe("NewHeads", json!([])).await;
    assert_ne!(first, second);
    let unsubscribe = "starknet_unsubscribe";
    assert_eq!(one.error(unsubscribe, json!([second])).await, 66);
    assert_eq!(one.error(unsubscribe, json!(["nonsense"])).await, 66);
    assert_eq!(one.error(unsubscribe, json!([5])).await, -32602);
    assert_eq!(one.ok(unsubscribe, json!({ "subscription_id": first })).await, true);
    assert_eq!(one.error(unsubscribe, json!([first])).await, 66);
    // It hears no more: what comes first is another subscription's.
    let third = one.subscribe("NewHeads", json!([])).await;
    chain.make_blocks(1);
    one.notification("NewHeads", &third).await;
    other.notification("NewHeads", &second).await;
    // A wrong one takes no room; beyond the limit there is none.
    one.error("starknet_subscribeNewHeads", json!(["newest"])).await;
    one.subscribe("Events", json!([])).await;
    assert_eq!(one.error("starknet_subscribeNewTransactions", json!([])).await, -32006);
    one.ok(unsubscribe, json!([third])).await;
    one.subscribe("NewTransactions", json!([])).await;
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_by_http() {
    let chain = Chain::start().await;
    let kinds = ["NewHeads", "Events", "TransactionStatus", "NewTransactions", "NewTransactionReceipts"];
    let methods = kinds.map(|kind| format!("starknet_subscribe{kind}"));
    for method in methods.iter().map(String::as_str).chain(["starknet_unsubscribe"]) {
        let params = if method.ends_with('s') { json!(["0x1"]) } else { json!([]) };
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (_, answer) = chain.post("/rpc", body.to_string()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!([-32601, -32602].contains(&answer["error"]["code"].as_i64().unwrap()), "{answer}");
    }
    let error = chain.error("starknet_subscribeNewHeads", json!([])).await;
    assert_eq!(error.code, -32601);
    assert!(error.data.as_str().unwrap().contains("WebSocket"), "{error:?}");
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_once_are_all_answered() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    for id in 0..500 {
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "starknet_blockNumber" });
        socket.stream.feed(Message::text(call.to_string())).await.unwrap();
    }
    socket.stream.flush().await.unwrap();
    let mut answered = vec![false; 500];
    for _ in 0..500 {
        let answer = socket.receive().await;
        assert_eq!(answer["result"], 0);
        answered[answer["id"].as_u64().unwrap() as usize] = true;
    }
    assert!(answered.into_iter().all(|answered| answered));
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_too_large() {
    let chain = Chain::start().await;
    let most = WebSocketLimits::default().message_bytes;
    let mut socket = chain.socket().await;
    socket.send(" ".repeat(most)).await;
    assert_eq!(socket.receive().await["error"]["code"], -32700);
    // The server may close before all of it is sent.
    let _ = socket.stream.send(Message::text(" ".repeat(most + 1))).await;
    let (code, reason) = socket.closed().await.unwrap();
    assert_eq!(code, 1009, "{reason}");
    assert_eq!(chain.socket().await.ok("starknet_blockNumber", json!([])).await, 0);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_its_own() {
    let chain =
        Chain::start_with(limits(WebSocketLimits { connections_per_ip: 3, ..Default::default() })).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(chain.socket().await);
    }
    match chain.socket_at("/ws").await.err().unwrap() {
        Error::Http(response) => assert_eq!(response.status(), 429),
        other => panic!("{other}"),
    }
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
    let mut closing = open.pop().unwrap();
    closing.stream.close(None).await.unwrap();
    assert!(closing.closed().await.is_none_or(|(code, _)| code == 1005 || code == 1000));
    // The server notices in its own time.
    while chain.socket_at("/ws").await.is_err() {
        tokio::task::yield_now().await;
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_says_so() {
    let chain = Chain::start().await;
    let mut socket = chain.socket().await;
    socket.subscribe("NewHeads", json!([])).await;
    let stopping = tokio::spawn(chain.server.stop());
    let (code, reason) = socket.closed().await.unwrap();
    assert_eq!((code, reason.as_str()), (1001, "the node is stopping"));
    stopping.await.unwrap();
    assert!(socket.stream.next().await.is_none_or(|end| end.is_err()));
}
