//! A JSON-RPC client that shows everything: bodies are sent as they are, answers come back as JSON.

use serde_json::{Value, json};

use crate::chain::Chain;
use crate::spec::SPEC;

/// An error's code, message and data.
#[derive(Debug)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Value,
}

impl Chain {
    /// Calls a method; panics unless it answers with a result.
    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        self.request(method, params).await.unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// Calls a method; panics unless it answers with an error.
    pub(crate) async fn error(&self, method: &str, params: Value) -> RpcError {
        let result = self.request(method, params).await;
        result.err().unwrap_or_else(|| panic!("{method} should fail"))
    }

    /// Calls a method with parameters by name and again by position: both must answer the same.
    pub(crate) async fn both(&self, method: &str, params: &[(&str, Value)]) -> Value {
        let named: serde_json::Map<_, _> =
            params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let positional: Vec<_> = params.iter().map(|(_, value)| value.clone()).collect();
        let by_name = self.ok(method, Value::Object(named)).await;
        let by_position = self.ok(method, Value::Array(positional)).await;
        assert_eq!(by_name, by_position, "{method}");
        by_name
    }

    async fn request(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (_, answer) = self.post("/", body.to_string()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        assert_eq!(answer["id"], 1, "{answer}");
        let result = match answer.get("error") {
            None => Ok(answer["result"].clone()),
            Some(error) => Err(RpcError {
                code: error["code"].as_i64().unwrap(),
                message: error["message"].as_str().unwrap().to_owned(),
                data: error["data"].clone(),
            }),
        };
        if method.starts_with("starknet_") {
            let checked = match &result {
                Ok(result) => SPEC.check_result(method, result),
                Err(error) => SPEC.check_error(method, error.code, &error.message, &error.data),
            };
            checked.unwrap_or_else(|reason| panic!("not as specified: {reason}"));
        }
        result
    }

    /// Sends a body as it is; answers the HTTP status and the body that came back.
    pub(crate) async fn post(&self, path: &str, body: String) -> (u16, String) {
        let request = self.http.post(format!("http://{}{path}", self.server.address()));
        let response = request.header("content-type", "application/json").body(body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}
