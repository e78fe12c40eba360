//! JSON-RPC: one file per method, one registration table per namespace, typed errors.
//!
//! [`serve`] answers the `starknet` namespace of RPC 0.10.3 and the `zkthread` namespace over HTTP, out of a
//! [`RpcContext`]: storage and execution to read from, a [`TransactionSink`] to write to.
//!
//! Blocks become visible whole, so the block tags mean: `latest` the newest block; `pre_confirmed` (and the older
//! `pending`) the one after it, which holds nothing yet, so that its state is the latest, except that
//! `starknet_getNonce` counts the pool's transactions; `l1_accepted` no block at all, since this node does not settle
//! on L1.

mod context;
mod convert;
pub mod devnet;
mod dispatch;
mod error;
mod feed;
mod limits;
mod lookup;
mod memory;
mod method;
mod metrics;
mod outbox;
mod params;
mod server;
mod sink;
mod subscription;
mod thread_error;
mod wire;

pub use context::RpcContext;
pub use feed::{ChainEvent, ChainFeed, MAX_LAG};
pub use limits::{
    Limits, MAX_BATCH, MAX_CONCURRENT_REQUESTS, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, REQUEST_TIMEOUT,
    WebSocketLimits,
};
pub use metrics::describe_metrics;
pub use server::{RpcServer, ServeError, serve, serve_with};
pub use sink::{PoolStatus, SubmitError, TransactionSink};
