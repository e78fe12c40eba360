//! What requests are answered from.

use std::sync::Arc;

use crate::context::RpcContext;
use crate::dispatch::Dispatcher;
use crate::limits::ServerLimits;
use crate::memory::Budget;
use crate::subscription::Blocks;

/// Everything that requests are answered from. Cheap to clone.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) context: RpcContext,
    pub(super) dispatcher: Dispatcher,
    pub(super) limits: Arc<ServerLimits>,
    pub(super) request_memory: Budget,
    pub(super) response_memory: Budget,
    /// Blocks as subscriptions read them.
    pub(super) blocks: Blocks,
    /// Closed when the server stops.
    pub(super) stopping: tokio::sync::watch::Receiver<()>,
}
