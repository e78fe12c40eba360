//! The thread OS: Cairo program, hints and runner.
//!
//! The program (`cairo/`) runs a sub-block of inner transactions and outputs the [`Statement`] about it; `docs/os.md`
//! explains how. This crate carries the compiled program, supplies its hints and runs it on cairo-vm. Nothing in Rust
//! here is trusted by a verifier: what counts is the program alone.
//!
//! [`Statement`]: zkthreads_protocol::Statement

mod error;
#[cfg(test)]
mod function_tests;
mod hints;
pub mod input;
pub mod lies;
mod program;
mod runner;
pub mod syscall_costs;

pub use error::OsError;
pub use program::os_program;
pub use runner::{OsRun, run};
