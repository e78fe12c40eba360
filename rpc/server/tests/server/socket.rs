//! A WebSocket client that holds every notification to the specification.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::chain::Chain;
use crate::spec::SPEC;

/// How long a test that hangs is let go on.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Notifications that came while an answer was waited for.
    early: Vec<Value>,
}

impl Chain {
    /// A WebSocket at `/ws`.
    pub(crate) async fn socket(&self) -> Socket {
        self.socket_at("/ws").await.unwrap()
    }

    /// A WebSocket elsewhere.
    pub(crate) async fn socket_at(&self, path: &str) -> Result<Socket, Error> {
        let (stream, _) = connect_async(format!("ws://{}{path}", self.server.address())).await?;
        Ok(Socket { stream, early: Vec::new() })
    }
}

impl Socket {
    /// Sends a text as it is.
    pub(crate) async fn send(&mut self, text: String) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// The next message of the server as JSON; pings are passed over.
    pub(crate) async fn receive(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await.expect("a message in time");
            match message.expect("an open connection").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The whole answer to a call.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.send(json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string()).await;
        loop {
            let message = self.receive().await;
            if message.get("id").is_none() {
                self.early.push(message);
                continue;
            }
            assert_eq!(message["id"], 7, "{message}");
            if let Some(error) = message.get("error") {
                let (code, text) = (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap());
                SPEC.check_error(method, code, text, &error["data"]).unwrap();
            } else {
                SPEC.check_result(method, &message["result"]).unwrap();
            }
            return message;
        }
    }

    /// The result of a call.
    pub(crate) async fn ok(&mut self, method: &str, params: Value) -> Value {
        let answer = self.call(method, params).await;
        answer.get("result").unwrap_or_else(|| panic!("{method}: {answer}")).clone()
    }

    /// The code of the error of a call.
    pub(crate) async fn error(&mut self, method: &str, params: Value) -> i64 {
        let answer = self.call(method, params).await;
        answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method}: {answer}"))
    }

    /// Subscribes; answers the id.
    pub(crate) async fn subscribe(&mut self, method: &str, params: Value) -> String {
        let id = self.ok(&format!("starknet_subscribe{method}"), params).await;
        id.as_str().unwrap().to_owned()
    }

    /// The next notification: its method (after `starknet_subscription`), subscription and result, as specified.
    pub(crate) async fn any_notification(&mut self) -> (String, String, Value) {
        let message = if self.early.is_empty() { self.receive().await } else { self.early.remove(0) };
        assert_eq!(message.as_object().unwrap().len(), 3, "{message}");
        assert_eq!(message["jsonrpc"], "2.0");
        let method = message["method"].as_str().unwrap_or_else(|| panic!("{message}"));
        let params = message["params"].as_object().unwrap();
        assert_eq!(params.keys().collect::<Vec<_>>(), ["result", "subscription_id"]);
        SPEC.check_param(method, "result", &params["result"]).unwrap();
        let id = params["subscription_id"].as_str().unwrap().to_owned();
        (method.strip_prefix("starknet_subscription").unwrap().to_owned(), id, params["result"].clone())
    }

    /// The result of the next notification, which has to be this one.
    pub(crate) async fn notification(&mut self, method: &str, id: &str) -> Value {
        let (found, subscription, result) = self.any_notification().await;
        assert_eq!((found.as_str(), subscription.as_str()), (method, id), "{result}");
        result
    }

    /// Reads on until the server closes the connection; answers code and reason, if the server gave any.
    pub(crate) async fn closed(&mut self) -> Option<(u16, String)> {
        let closing = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Close(frame))) => return frame,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        let frame: Option<CloseFrame> = timeout(PATIENCE, closing).await.expect("an end in time");
        frame.map(|frame| (frame.code.into(), frame.reason.to_string()))
    }
}
