//! The RPC server over HTTP, in front of a real chain in a temporary directory.

mod bad_input;
mod blocks;
mod chain;
mod client;
mod execution;
mod package;
mod pool;
mod sink;
mod spec;
mod state;
mod threads;
mod transactions;
