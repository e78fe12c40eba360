//! What the server counts.

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use crate::chain::Chain;

#[tokio::test(flavor = "multi_thread")]
async fn calls_connections_and_subscriptions() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    let chain = Chain::start().await;
    chain.ok("starknet_blockNumber", json!([])).await;
    chain.ok("starknet_blockNumber", json!([])).await;
    chain.error("starknet_getNonce", json!(["latest", "0x1"])).await;
    let unknown = r#"{"jsonrpc":"2.0","id":1,"method":"anything_at_all"}"#;
    chain.post("/", unknown.to_owned()).await;
    let mut socket = chain.socket().await;
    let id = socket.subscribe("NewHeads", json!([])).await;
    socket.subscribe("Events", json!([])).await;
    // The subscriptions have begun once they tell something.
    chain.make_blocks(1);
    socket.notification("NewHeads", &id).await;
    let has = |line: &str| {
        let text = shown.render();
        assert!(text.lines().any(|shown| shown == line), "no `{line}` in\n{text}");
    };
    has(r#"zkthreads_rpc_requests_total{method="starknet_blockNumber",outcome="ok"} 2"#);
    has(r#"zkthreads_rpc_requests_total{method="starknet_getNonce",outcome="error"} 1"#);
    has(r#"zkthreads_rpc_requests_total{method="unknown",outcome="error"} 1"#);
    has(r#"zkthreads_rpc_requests_total{method="starknet_subscribeNewHeads",outcome="ok"} 1"#);
    has(r#"zkthreads_rpc_duration_seconds_count{method="starknet_blockNumber"} 2"#);
    has("zkthreads_ws_connections 1");
    has(r#"zkthreads_ws_subscriptions{kind="new_heads"} 1"#);
    has(r#"zkthreads_ws_subscriptions{kind="events"} 1"#);
    let stopping = tokio::spawn(chain.server.stop());
    assert_eq!(socket.closed().await.unwrap().0, 1001);
    stopping.await.unwrap();
    has(r#"zkthreads_ws_dropped_total{reason="stopping"} 1"#);
    has("zkthreads_ws_connections 0");
    has(r#"zkthreads_ws_subscriptions{kind="new_heads"} 0"#);
}
