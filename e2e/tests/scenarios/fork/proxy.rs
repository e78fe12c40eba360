//! A provider in front of a node, which turns every other request away.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use zkthreads_e2e::Rpc;

/// The provider. Ends with the test's runtime.
pub(super) struct Proxy {
    address: SocketAddr,
    provider: Arc<Provider>,
}

struct Provider {
    node: Rpc,
    requests: AtomicUsize,
}

impl Proxy {
    pub(super) async fn start(node: &str) -> Result<Self> {
        let provider = Arc::new(Provider { node: Rpc::new(node)?, requests: AtomicUsize::new(0) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/", post(every_other))
            .route("/rpc/v0_7", post(|| async { r#"{"jsonrpc":"2.0","id":1,"result":"0.7.1"}"# }))
            .with_state(Arc::clone(&provider));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, provider })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Where it says that it speaks an old version of the specification.
    pub(super) fn old_url(&self) -> String {
        format!("http://{}/rpc/v0_7", self.address)
    }

    /// How many requests were.
    pub(super) fn turned_away(&self) -> usize {
        self.provider.requests.load(Ordering::Relaxed) / 2
    }
}

async fn every_other(State(provider): State<Arc<Provider>>, body: String) -> Response {
    let number = provider.requests.fetch_add(1, Ordering::Relaxed);
    if number.is_multiple_of(2) {
        // In seconds: the first few wait, the rest comes back as soon as it likes.
        let seconds = if number < 4 { "1" } else { "0" };
        return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds)]).into_response();
    }
    match provider.node.post(body).await {
        Ok((status, answer)) => (StatusCode::from_u16(status).unwrap_or_default(), answer).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
