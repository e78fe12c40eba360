//! Provers as processes of their own: a proof takes gigabytes and every core for a while, and may fail in ways that end
//! a process.
//!
//! ```text
//! ProverPool::prove -> queue -> supervisor (one for each worker, all on one thread)
//!                                 | stdin: Terms, Order..   stdout: Ready, Begun.., Done..   stderr: the log
//!                               main() in a process -> work::prove -> thread OS, comparison, prover
//! ```
//!
//! A worker proves one sub-block at a time and stays, since every proof needs the same tables. It has a bound of memory
//! and a deadline, and the lowest priority; when it dies another one takes its place, and whoever waited for its proof
//! learns why. ADR 36 has the reasons.

mod bounds;
pub mod budget;
mod child;
mod config;
mod error;
mod frame;
mod message;
mod pool;
mod process;
mod proven;
mod stage;
mod supervisor;
mod work;

pub use child::{ChildError, main};
pub use config::ProverPoolConfig;
pub use error::WorkerError;
pub use pool::{ProverFigures, ProverPool};
pub use proven::Proven;
pub use stage::Stage;
pub use work::{WorkError, prove};

/// The only argument of a worker's program.
pub const SUBCOMMAND: &str = "prove-worker";
