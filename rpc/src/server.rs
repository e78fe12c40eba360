//! The HTTP server.

use std::net::SocketAddr;

use crate::context::RpcContext;

/// A running server. Dropping it leaves the server running; [`RpcServer::stop`] ends it.
pub struct RpcServer {
    address: SocketAddr,
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
}

impl RpcServer {
    /// The address it listens on (with the port the system chose, if 0 was asked for).
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and waits for the requests under way.
    pub async fn stop(self) {}
}

/// Listens on `address` and answers until [`RpcServer::stop`].
///
/// # Errors
/// If the address cannot be listened on.
pub async fn serve(address: SocketAddr, _context: RpcContext) -> Result<RpcServer, ServeError> {
    Ok(RpcServer { address })
}
