//! The node's parts through the crate's public interface.

mod launch;
mod mempool;
mod producer;
mod references;
mod thread;
