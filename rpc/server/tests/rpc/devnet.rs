//! The `devnet` namespace where there is no devnet.

use serde_json::json;

use crate::chain::Chain;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_no_devnet_has_no_devnet_methods() {
    let chain = Chain::start().await;
    for method in ["devnet_getConfig", "devnet_mint", "devnet_restart"] {
        assert_eq!(chain.error(method, json!([])).await.code, -32601, "{method}");
    }
}
