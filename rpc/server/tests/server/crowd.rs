//! Crowds: idle connections, and more requests at once than are answered at once.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zkthreads_rpc::{LaneLimits, LanesLimits, ServerLimits};

use crate::chain::Chain;

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
    content-length: 56\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"starknet_blockNumber\"}";

/// Asks over a bare connection; `None` if the server has closed it.
async fn ask(stream: &mut TcpStream) -> Option<String> {
    stream.write_all(REQUEST).await.ok()?;
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).await.ok().filter(|count| *count > 0)?;
    Some(String::from_utf8(answer[..count].to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_idle_connections() {
    let limits = ServerLimits { header_timeout: Duration::from_secs(600), ..ServerLimits::default() };
    let chain = Chain::start_with(limits).await;
    // Both ends of each are this process's, which the server has allowed as many as the system lets it.
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let many = (descriptors.saturating_sub(1024) / 3).min(2000);
    let mut idle = Vec::new();
    for count in 0..many {
        let mut stream = chain.connect().await;
        match count % 4 {
            // Nothing; a part of a request; a whole one.
            0 => stream.write_all(&REQUEST[..40]).await.unwrap(),
            1 => assert!(ask(&mut stream).await.unwrap().starts_with("HTTP/1.1 200")),
            _ => {}
        }
        idle.push(stream);
        if count % 200 == 0 {
            assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 0);
        }
    }
    let mut socket = chain.socket().await;
    let heads = socket.subscribe("NewHeads", json!([])).await;
    chain.make_blocks(1);
    socket.notification("NewHeads", &heads).await;
    assert_eq!(chain.ok("starknet_blockNumber", json!([])).await, 1);
    // They were not forgotten, either.
    for stream in idle.iter_mut().skip(1).step_by(4) {
        assert!(ask(stream).await.unwrap().ends_with(r#""result":1}"#));
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_limit_the_longest_idle_goes() {
    let limits = ServerLimits { connections_per_ip: 50, ..ServerLimits::default() };
    let chain = Chain::start_with(limits).await;
    let mut socket = chain.socket().await;
    let heads = socket.subscribe("NewHeads", json!([])).await;
    // Far more than the limit, and each of them is answered: no WebSocket goes, and no newcomer stays outside.
    let mut open = Vec::new();
    for _ in 0..500 {
        let mut stream = chain.connect().await;
        assert!(ask(&mut stream).await.unwrap().starts_with("HTTP/1.1 200"));
        open.push(stream);
    }
    assert!(ask(&mut open[0]).await.is_none(), "the first one is gone");
    assert!(ask(&mut open[499]).await.is_some());
    chain.make_blocks(1);
    socket.notification("NewHeads", &heads).await;
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_limit_of_busy_ones_newcomers_are_refused() {
    let chain = Chain::start_with(ServerLimits { connections_per_ip: 3, ..ServerLimits::default() }).await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(chain.socket().await);
    }
    let answer = ask(&mut chain.connect().await).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    assert!(answer.contains(r#""code":-32000"#), "{answer}");
    drop(sockets.pop());
    // The server notices in its own time.
    while !ask(&mut chain.connect().await).await.is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
        tokio::task::yield_now().await;
    }
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_waits_its_turn() {
    let reading = LaneLimits { running: 2, waiting: 500 };
    let lanes = LanesLimits { reading, ..LanesLimits::default() };
    let limits = ServerLimits { lanes, ..ServerLimits::default() };
    let chain = Arc::new(Chain::start_with(limits).await);
    let asking: Vec<_> = (0..500)
        .map(|_| {
            let chain = Arc::clone(&chain);
            tokio::spawn(async move { chain.ok("starknet_blockNumber", json!([])).await })
        })
        .collect();
    for answer in asking {
        assert_eq!(answer.await.unwrap(), 0);
    }
}
