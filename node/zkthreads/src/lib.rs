//! The node: everything below it wired into the `zkthreads` binary.
//!
//! [`process`] begins, [`config`] is the command line, [`launch`] the wiring. A transaction's way: RPC admits it (execution's business)
//! and puts it into the [mempool](zkthreads_mempool); the [producer](zkthreads_producer) takes it out, executes it, and commits the
//! block to storage,
//! from where RPC serves it. [`chain`] opens a chain or begins one, as a [devnet](zkthreads_devnet) or a
//! [genesis](zkthreads_genesis) file says, or on top of [another network](zkthreads_fork); [`metrics`] and [`log`] tell what goes on. The commands that stand on the thread's side
//! ([`commands::prove`], [`demo`]) know the node by its RPC only, through the batcher library.

pub mod chain;
pub mod commands;
pub mod config;
pub mod demo;
mod hardening;
pub mod launch;
pub mod log;
pub mod metrics;
pub mod process;
pub mod signals;
pub mod signed_transactions;
pub mod terminal;
pub mod thread;
pub mod thread_progress;
