//! The RPC server over HTTP, in front of a real chain in a temporary directory.

mod bad_input;
mod blocks;
mod chain;
mod client;
mod code;
mod devnet;
mod errors;
mod execution;
mod export;
mod inner;
mod list;
mod messages;
mod methods;
mod open_sub_block;
mod package;
mod pool;
mod segments;
mod served_thread;
mod sink;
mod spec;
mod stages;
mod state;
mod threads;
mod transactions;
