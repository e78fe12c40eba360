//! What threads must keep to on a node's chain.

use jsonrpsee::core::ClientError;
use jsonrpsee::core::client::ClientT;
use jsonrpsee::core::params::ArrayParams;
use jsonrpsee::types::error::METHOD_NOT_FOUND_CODE;
use serde::Deserialize;
use starknet_api::block::BlockNumber;
use zkthreads_execution::{RuleLine, RuleLines, ThreadRules};

use super::{Answer, NodeClient, NodeError};

const METHOD: &str = "zkthread_getRules";

/// What `zkthread_getRules` answers.
#[derive(Deserialize)]
struct Served {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    from: u64,
    max_age: u64,
    max_lag: u64,
    hardening: u32,
}

impl NodeClient {
    /// What threads must keep to, by height.
    ///
    /// # Errors
    /// [`NodeError::Older`] if the node is from before there were such rules; if it does not answer, or with none.
    pub fn rules(&self) -> Answer<'_, RuleLines> {
        Box::pin(async move {
            let served: Served = match self.zkthread.request(METHOD, ArrayParams::new()).await {
                Ok(served) => served,
                Err(ClientError::Call(error)) if error.code() == METHOD_NOT_FOUND_CODE => {
                    return Err(NodeError::Older { method: METHOD });
                }
                Err(error) => return Err(error.into()),
            };
            let lines = served.lines.into_iter().map(|line| RuleLine {
                from: BlockNumber(line.from),
                rules: ThreadRules {
                    max_age: line.max_age,
                    max_lag: line.max_lag,
                    hardening: line.hardening,
                },
            });
            Ok(lines.collect::<Vec<_>>().try_into()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use jsonrpsee::RpcModule;
    use jsonrpsee::server::{Server, ServerHandle};
    use serde_json::{Value, json};

    use super::*;

    /// A server that answers with these lines, if there are any.
    async fn node(lines: Option<Value>) -> (NodeClient, ServerHandle) {
        let mut module = RpcModule::new(());
        if let Some(lines) = lines {
            let answer = json!({ "lines": lines, "max_forecast": 600 });
            module.register_method(METHOD, move |_, (), _| answer.clone()).unwrap();
        }
        let server = Server::builder().build("127.0.0.1:0").await.unwrap();
        let client = NodeClient::new(&format!("http://{}", server.local_addr().unwrap())).unwrap();
        (client, server.start(module))
    }

    #[tokio::test]
    async fn rules_are_the_nodes() {
        let lines = json!([
            { "from": 0, "max_age": 10_000, "max_lag": 60, "hardening": 1 },
            { "from": 7, "max_age": 100, "max_lag": 0, "hardening": 1 },
        ]);
        let (client, _server) = node(Some(lines)).await;
        let rules = client.rules().await.unwrap();
        assert_eq!(rules.at(BlockNumber(6)), ThreadRules::new(10_000, 60));
        assert_eq!(rules.at(BlockNumber(7)), ThreadRules::new(100, 0));
    }

    #[tokio::test]
    async fn a_node_without_rules_is_named_and_not_asked_again() {
        let (client, _server) = node(None).await;
        let error = client.rules().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the node is older than this program: it does not know zkthread_getRules"
        );
        assert!(!error.is_passing());
        let (client, _server) =
            node(Some(json!([{ "from": 1, "max_age": 1, "max_lag": 1, "hardening": 1 }]))).await;
        let error = client.rules().await.unwrap_err();
        assert!(matches!(error, NodeError::Rules(_)) && !error.is_passing(), "{error}");
        let (client, _server) =
            node(Some(json!([{ "from": 0, "max_age": 1, "max_lag": 1, "hardening": 2 }]))).await;
        let error = client.rules().await.unwrap_err();
        assert!(error.to_string().contains("hardening 2") && !error.is_passing(), "{error}");
    }
}
