//! `zkthreads thread`: a batcher that keeps a thread alive beside a node.
//!
//! ```text
//!             RPC server --submit--> sequencer --> journal/, chain/      (ThreadHandle: everybody's way to it)
//!  node --blocks--> ChainFollower -----------^  ^  ^
//!                   provers: job -> process -> proof
//!                   Settler: bundle -> check, sign, send --> node        Forwarder: hot transactions --> node
//! ```
//!
//! [`ThreadDaemon`] wires these for one run of the thread after the other: a run ends when the node's chain does not
//! contain the block any more that it began after. Everything that must survive is in the data directory: `thread.toml`
//! and `journal/`; `chain/` and `fork-cache/` can be had from the node again.

mod chain;
mod config;
mod connect;
mod daemon;
mod error;
mod key;
mod manifest;
mod provers;
mod run;
mod setup;

pub use config::{ProverOptions, ThreadDaemonConfig, ThreadLimits};
pub use daemon::ThreadDaemon;
pub use error::ThreadDaemonError;
pub use key::{KeyFileError, read_key};
pub use manifest::{ThreadManifest, ThreadManifestError};
