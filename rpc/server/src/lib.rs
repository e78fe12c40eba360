//! JSON-RPC: one file per method, one registration table per namespace, typed errors.
//!
//! [`serve`] answers the `starknet` namespace of RPC 0.10.3 and the `zkthread` namespace over HTTP and WebSockets, out
//! of a [`RpcContext`]: storage and execution to read from, a [`TransactionSink`] to write to, a [`ChainFeed`] to tell
//! subscriptions from. What clients may ask for at most is in [`ServerLimits`].
//!
//! The block tags mean: `latest` the newest stored block; `pre_confirmed` (and the older `pending`) the open one, as
//! [`ChainFeed`] shows it, where `starknet_getNonce` counts the pool's transactions too; `l1_accepted` the newest
//! block that storage was told is accepted on L1. Transactions are admitted on the state of the open block.
//!
//! The inner transactions of a settled thread are found, listed and told by their own hashes, as if the settling block
//! held them. With a [`ThreadControl`] the server is a thread's, not a node's: transactions are inner ones, and what a
//! thread cannot do is left to its node.
//!
//! [`ChainFeed`]: zkthreads_rpc_api::ChainFeed
//! [`ThreadControl`]: zkthreads_rpc_api::ThreadControl
//! [`TransactionSink`]: zkthreads_rpc_api::TransactionSink

mod context;
mod convert;
mod dispatch;
mod door;
mod error;
mod jobs;
mod limits;
mod lookup;
mod memory;
mod method;
mod metrics;
mod missing;
mod origin;
mod outbox;
mod params;
mod request;
mod server;
mod settled;
mod submitters;
mod subscription;
mod thread;
mod thread_error;
mod unexpected;
mod wire;

pub use context::RpcContext;
pub use limits::{
    LaneLimits, LanesLimits, MAX_BATCH, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, REQUEST_TIMEOUT, ServerLimits,
    WebSocketLimits,
};
pub use server::{RpcServer, ServeError, serve, serve_with};
pub use thread::ThreadSink;
