//! JSON-RPC: one file per method, one registration table per namespace, typed errors.
//!
//! [`serve`] answers the `starknet` namespace of RPC 0.10.3 and the `zkthread` namespace over HTTP, out of a
//! [`RpcContext`]: storage and execution to read from, a [`TransactionSink`] to write to.

mod context;
mod server;
mod sink;

pub use context::RpcContext;
pub use server::{RpcServer, ServeError, serve};
pub use sink::{PoolStatus, SubmitError, TransactionSink};
