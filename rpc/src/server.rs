//! The HTTP server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jsonrpsee::server::{
    BatchRequestConfig, Methods, RegisterMethodError, ServerBuilder, ServerConfig, StopHandle, stop_channel,
};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tower::Service;
use tower_http::cors::CorsLayer;

use crate::body;
use crate::context::RpcContext;
use crate::method;

/// Largest request, bytes: a package of 4 MiB takes 5.6 MB of base64, the rest is for the envelope around it.
pub const MAX_REQUEST_BYTES: u32 = 8 * 1024 * 1024;

/// Largest response, bytes. A class or a block of thread transactions takes a few megabytes.
pub const MAX_RESPONSE_BYTES: u32 = 64 * 1024 * 1024;

/// Most calls in one batch.
pub const MAX_BATCH: u32 = 100;

/// Most requests under way at once; further ones are told to come back (429).
pub const MAX_CONCURRENT_REQUESTS: u32 = 128;

/// Longest that a request may take from its first byte to its answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// A running server. Dropping it stops it.
pub struct RpcServer {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Two methods have the same name.
    #[error(transparent)]
    Register(#[from] RegisterMethodError),
}

impl RpcServer {
    /// The address it listens on (with the port the system chose, if 0 was asked for).
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and waits for the requests under way.
    pub async fn stop(self) {
        // A failed send or join means that the server has ended already.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// Listens on `address` (port 0: a free one) and answers at `/` and `/rpc` until [`RpcServer::stop`].
///
/// # Errors
/// If the address cannot be listened on.
pub async fn serve(address: SocketAddr, context: RpcContext) -> Result<RpcServer, ServeError> {
    let methods = method::all(context)?;
    let bind = |source| ServeError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let (stop, stopped) = oneshot::channel();
    // jsonrpsee wants a stop handle for subscriptions, of which there are none; axum does the stopping.
    let (stop_handle, server_handle) = stop_channel();
    let router = router(methods, stop_handle);
    let task = tokio::spawn(async move {
        let result = axum::serve(listener, router)
            .with_graceful_shutdown(async {
                // An error means that the server was dropped, which stops it too.
                let _ = stopped.await;
            })
            .await;
        drop(server_handle);
        result
    });
    Ok(RpcServer { address, stop, task })
}

fn router(methods: impl Into<Methods>, stop_handle: StopHandle) -> Router {
    let config = ServerConfig::builder()
        .http_only()
        .max_request_body_size(MAX_REQUEST_BYTES)
        .max_response_body_size(MAX_RESPONSE_BYTES)
        .max_connections(MAX_CONCURRENT_REQUESTS)
        .set_batch_request_config(BatchRequestConfig::Limit(MAX_BATCH))
        .build();
    let service = ServerBuilder::new().set_config(config).to_service_builder().build(methods, stop_handle);
    let places = Arc::new(Semaphore::new(MAX_CONCURRENT_REQUESTS as usize));
    let rpc = post(move |request: Request| {
        let (mut service, places) = (service.clone(), Arc::clone(&places));
        async move {
            let Ok(_place) = places.try_acquire() else {
                return failure(StatusCode::TOO_MANY_REQUESTS, "too many requests at once");
            };
            let answer = async {
                match body::read(request).await {
                    Ok(request) => service.call(request).await.map(|response| response.map(Body::new)),
                    Err(refusal) => Ok(refusal.into_response()),
                }
            };
            match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
                Err(_) => failure(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
            }
        }
    });
    Router::new()
        .route("/", rpc.clone())
        .route("/rpc", rpc)
        .route("/is_alive", get(|| async { "Alive!!!" }))
        .layer(CorsLayer::permissive())
}

/// An answer outside any call: JSON-RPC's server error, with the HTTP status that fits.
pub(crate) fn failure(status: StatusCode, reason: &str) -> Response {
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": null, "error": { "code": -32000, "message": reason },
    });
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}
