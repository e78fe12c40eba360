//! What those see who watch over the node.

use serde_json::{Value, json};

use crate::chain::Chain;

impl Chain {
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let response = self.http.get(format!("http://{}{path}", self.server.address())).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn ready(&self) -> (u16, Value) {
        let (status, text) = self.get("/ready").await;
        (status, serde_json::from_str(&text).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alive_healthy_ready() {
    let chain = Chain::start().await;
    assert_eq!(chain.get("/is_alive").await, (200, "Alive!!!".to_owned()));
    assert_eq!(chain.get("/health").await, (200, r#"{"status":"ok"}"#.to_owned()));
    assert_eq!(chain.ready().await, (200, json!({ "ready": true, "block_number": 0 })));
    chain.make_blocks(1);
    assert_eq!(chain.ready().await, (200, json!({ "ready": true, "block_number": 1 })));
    chain.pool.close("the node is stopping");
    let expected = json!({ "ready": false, "reason": "the node is stopping" });
    assert_eq!(chain.ready().await, (503, expected));
    assert_eq!(chain.get("/health").await.0, 200);
    chain.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_ready_without_blocks() {
    let chain = Chain::start_empty().await;
    let (status, answer) = chain.ready().await;
    assert_eq!((status, &answer["ready"]), (503, &json!(false)));
    assert_eq!(chain.get("/is_alive").await.0, 200);
    chain.server.stop().await;
}
