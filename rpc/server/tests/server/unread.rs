//! Clients that do not read: they are disconnected, and nobody else notices.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::json;
use starknet_types_core::felt::Felt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use zkthreads_protocol::Transaction;
use zkthreads_rpc::{ServerLimits, WebSocketLimits};
use zkthreads_rpc_api::{ChainEvent, MAX_LAG};

use crate::chain::{ALICE, Chain};
use crate::transactions::{hash, invoke};

/// Makes a connection a WebSocket.
const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn of_answers_and_notifications() {
    let websocket = WebSocketLimits {
        connections_per_ip: 2,
        send_timeout: Duration::from_secs(1),
        queue_messages: 8,
        queue_bytes: 64 * 1024,
        ..WebSocketLimits::default()
    };
    let chain = Chain::start_with(ServerLimits { websocket, ..ServerLimits::default() }).await;
    let mut other = chain.socket().await;
    let heads = other.subscribe("NewHeads", json!([])).await;
    let mut deaf = chain.socket().await;
    deaf.subscribe("NewHeads", json!([])).await;
    // More than the system's buffers hold.
    let class = json!(["latest", chain.account_class]);
    let one = chain.ok("starknet_getClass", class.clone()).await.to_string().len();
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "starknet_getClass", "params": class });
    let calls = 48 * 1024 * 1024 / one;
    for _ in 0..calls {
        deaf.stream.feed(Message::text(call.to_string())).await.unwrap();
    }
    deaf.stream.flush().await.unwrap();
    chain.make_blocks(5);
    for number in 1..=5 {
        assert_eq!(other.notification("NewHeads", &heads).await["block_number"], number);
    }
    // There is room for another one as soon as this one is given up.
    while chain.socket_at("/ws").await.is_err() {
        tokio::task::yield_now().await;
    }
    let mut received = 0;
    while let Some(Ok(message)) = deaf.stream.next().await {
        received += message.len();
    }
    assert!(received < calls * one, "it was told everything: {received} bytes");
    assert_eq!(other.ok("starknet_blockNumber", json!([])).await, 5);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_events_than_are_kept() {
    let chain = Chain::start().await;
    let mut deaf = chain.socket().await;
    deaf.subscribe("NewTransactions", json!([["RECEIVED"]])).await;
    let mut calldata = vec![Felt::MAX; 1000];
    calldata[0] = Felt::ZERO;
    let sent = invoke(ALICE, 0, calldata);
    let event = ChainEvent::Received {
        hash: hash(&sent),
        sender: sent.sender_address,
        transaction: Arc::new(Transaction::Invoke(sent)),
    };
    // Far more than the feed keeps and the system's buffers hold.
    let many = 4 * MAX_LAG;
    (0..many).for_each(|_| chain.pool.feed.publish(event.clone()));
    let mut told = 0;
    let frame = loop {
        match deaf.stream.next().await.unwrap().unwrap() {
            Message::Text(_) => told += 1,
            Message::Close(frame) => break frame.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert!(told < many, "{told}");
    assert_eq!(u16::from(frame.code), 1008);
    assert!(frame.reason.contains("subscribe again"), "{frame:?}");
    // It may come back.
    let mut again = chain.socket().await;
    let id = again.subscribe("NewTransactions", json!([["RECEIVED"]])).await;
    chain.pool.feed.publish(event);
    again.notification("NewTransaction", &id).await;
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_pings() {
    // Long enough for whoever answers at once, on a machine that has other things to do.
    let websocket = WebSocketLimits {
        ping_interval: Duration::from_millis(100),
        idle_timeout: Duration::from_secs(5),
        ..WebSocketLimits::default()
    };
    let chain = Chain::start_with(ServerLimits { websocket, ..ServerLimits::default() }).await;
    // It reads what it gets, and answers nothing.
    let mut silent = chain.connect().await;
    silent.write_all(UPGRADE).await.unwrap();
    let mut awake = chain.socket().await;
    let heads = awake.subscribe("NewHeads", json!([])).await;
    // Reading is what answers pings. Until the one is given up, the other one must not be.
    let mut told = Vec::new();
    let is_given_up = silent.read_to_end(&mut told);
    let reading = async {
        loop {
            match awake.stream.next().await.unwrap().unwrap() {
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::select! {
        end = is_given_up => drop(end),
        never = reading => never,
    }
    // A close frame: its length, code 1008, and why.
    let reason = b"silent: pings are not answered";
    let farewell = [&[0x88, 2 + reason.len() as u8][..], &1008_u16.to_be_bytes(), reason].concat();
    assert!(told.ends_with(&farewell), "{}", String::from_utf8_lossy(&told));
    chain.make_blocks(1);
    awake.notification("NewHeads", &heads).await;
    chain.server.stop().await;
}
