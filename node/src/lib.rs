//! The node: everything below it wired into the `zkthreads` binary.
//!
//! [`config`] is the command line, [`launch`] the wiring. A transaction's way: RPC admits it (execution's business)
//! and puts it into the [`mempool`]; the [`producer`] takes it out, executes it, and commits the block to storage,
//! from where RPC serves it. [`devnet`] makes the first block. The commands that stand on the thread's side
//! ([`commands::prove`], [`demo`]) know the node by its RPC only, through the batcher library.

pub mod commands;
pub mod config;
pub mod demo;
pub mod devnet;
pub mod launch;
pub mod mempool;
pub mod producer;
pub mod signed_transactions;
pub mod terminal;
pub mod thread_progress;
