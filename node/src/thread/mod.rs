//! `zkthreads thread`: a batcher that keeps a thread alive beside a node.

mod config;
mod key;

pub use config::{ProverOptions, ThreadDaemonConfig};
pub use key::{KeyFileError, read_key};
