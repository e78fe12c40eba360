//! The server: HTTP and WebSockets on one port.
//!
//! Each connection is one task. It has a [`ConnectionSlot`] among the connections, and gives it back when
//! it ends; a WebSocket takes its place along. Whatever a client does or leaves undone (headers, bodies, responses
//! that it does not read), a time-out or a limit of [`ServerLimits`] ends it.

mod body;
mod connections;
mod descriptors;
mod failure;
mod health;
mod http;
mod page;
mod served;
mod stream;
mod websocket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::server::RegisterMethodError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::context::RpcContext;
use crate::dispatch::Dispatcher;
use crate::jobs::Jobs;
pub(crate) use crate::limits::MAX_RESPONSE_BYTES;
use crate::limits::{MAX_HEADERS_BYTES, ServerLimits};
use crate::memory::Budget;
use crate::method;
use crate::subscription::Blocks;
use connections::{ConnectionSlot, Connections, Full};
use served::Server;
use stream::ClientStream;

/// Most of a body that is read at once, bytes.
const READ_BUFFER: usize = 64 * 1024;

/// How long the requests under way may take when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long accepting waits when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many refused clients are told why at once; further ones are only disconnected.
const MAX_REFUSALS: usize = 64;

/// How long telling one may take.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// A running server. Dropping it stops it.
pub struct RpcServer {
    address: SocketAddr,
    /// Dropping it stops the server.
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
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
    /// A method that is to be forbidden does not exist.
    #[error("there is no method {0:?} to forbid")]
    NoSuchMethod(String),
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

    /// Stops listening, closes the WebSockets and waits for the requests under way.
    pub async fn stop(self) {
        drop(self.stop);
        // A failed join means that the server has ended already.
        let _ = self.task.await;
    }
}

/// Listens on `address` (port 0: a free one) with the default [`ServerLimits`] until [`RpcServer::stop`].
///
/// # Errors
/// If the address cannot be listened on.
pub async fn serve(address: SocketAddr, context: RpcContext) -> Result<RpcServer, ServeError> {
    serve_with(address, context, ServerLimits::default()).await
}

/// Like [`serve`], with limits of one's own.
///
/// # Errors
/// If the address cannot be listened on.
pub async fn serve_with(
    address: SocketAddr,
    context: RpcContext,
    limits: ServerLimits,
) -> Result<RpcServer, ServeError> {
    let response_memory = Budget::new(limits.response_memory);
    // A fork's work waits for its origin most of the time.
    let lanes =
        if context.origin.is_some() { limits.lanes.waiting_for_others() } else { limits.lanes.clone() };
    let methods = method::all(context.clone(), Jobs::new(&lanes, limits.execution_time))?;
    if let Some(unknown) =
        limits.forbidden_methods.iter().find(|name| methods.method_with_name(name).is_none())
    {
        return Err(ServeError::NoSuchMethod(unknown.clone()));
    }
    let bind = |source| ServeError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let (stop, stopping) = watch::channel(());
    let connections = Connections::new(limits.clone(), descriptors::for_connections());
    let server = Server {
        context: context.clone(),
        dispatcher: Dispatcher::new(methods, &limits, response_memory.clone()),
        request_memory: Budget::new(limits.request_memory),
        response_memory,
        blocks: Blocks::new(context),
        limits: Arc::new(limits),
        stopping,
    };
    let task = tokio::spawn(listen(listener, connections, server));
    Ok(RpcServer { address, stop, task })
}

async fn listen(listener: TcpListener, connections: Arc<Connections>, server: Server) {
    let router = http::router(server.clone());
    let mut stopping = server.stopping.clone();
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let (alive, mut all_gone) = mpsc::channel(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.changed() => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Either the client is gone again, or descriptors are short: others will be closed meanwhile.
                tracing::debug!(%error, "a connection was not accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match connections.enter(address.ip(), alive.clone()) {
            Ok(place) => {
                tokio::spawn(converse(stream, place, router.clone(), server.clone()));
            }
            Err(full) => {
                if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
                    tokio::spawn(async move {
                        // Whether the client got to know is its own affair.
                        let _ = timeout(REFUSAL_TIMEOUT, refuse(stream, full)).await;
                        drop(permit);
                    });
                }
            }
        }
    }
    drop((listener, alive));
    let _ = timeout(STOP_TIMEOUT, all_gone.recv()).await;
}

/// Serves one connection.
async fn converse(stream: TcpStream, place: Arc<ConnectionSlot>, router: Router, server: Server) {
    // Answers are sent at once. If the socket cannot do that, they are merely later.
    let _ = stream.set_nodelay(true);
    let stream = ClientStream::new(stream, Arc::clone(&place), server.limits.send_timeout);
    let of_request = Arc::clone(&place);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let (busy, router) = (of_request.busy(), router.clone());
        request.extensions_mut().insert(Arc::clone(&of_request));
        async move {
            let Some(_busy) = busy else {
                let (status, reason) = http::refusal(Full::Server);
                return Ok(failure::failure(status, reason));
            };
            router.oneshot(request.map(Body::new)).await
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(server.limits.header_timeout)
        .max_buf_size(READ_BUFFER)
        .max_header_size(MAX_HEADERS_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let mut stopping = server.stopping.clone();
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = place.evicted() => return,
        _ = stopping.changed() => {
            if place.is_idle() {
                return;
            }
            connection.as_mut().graceful_shutdown();
            timeout(STOP_TIMEOUT, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Tells a client that there is no place for it.
async fn refuse(mut stream: TcpStream, full: Full) -> std::io::Result<()> {
    let (status, reason) = http::refusal(full);
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": null, "error": { "code": crate::error::SERVER_ERROR, "message": reason },
    })
    .to_string();
    let name = status.canonical_reason().unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} {name}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        status.as_u16(),
        body.len(),
    );
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await?;
    // What the client sent must be read, or the system takes the answer back.
    let mut sink = [0; 4096];
    while stream.read(&mut sink).await? > 0 {}
    Ok(())
}
