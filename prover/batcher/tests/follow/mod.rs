//! A thread that follows a node: the node's chain and its RPC server are real, and so are the thread and its database.
#![allow(clippy::unwrap_used, reason = "tests")]

mod beginning;
mod following;
mod gate;
mod harness;
mod node;
