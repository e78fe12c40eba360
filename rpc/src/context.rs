//! What the methods answer from.

use std::sync::Arc;

use zkthreads_execution::Executor;
use zkthreads_storage::Storage;

use crate::sink::TransactionSink;

/// The node, as the RPC methods see it. Cheap to clone.
#[derive(Clone)]
pub struct RpcContext {
    /// Blocks, state and classes.
    pub storage: Storage,
    /// Calls, simulations and admission.
    pub executor: Executor,
    /// The mempool.
    pub sink: Arc<dyn TransactionSink>,
}
