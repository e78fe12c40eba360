//! Runs the thread OS on cairo-vm: supplies its hints, and gives the run in the shape that the prover wants.
//!
//! Nothing in Rust here is trusted by a verifier: what counts is the program alone.

#[cfg(test)]
extern crate self as zkthreads_runner;

mod error;
#[cfg(test)]
#[path = "../tests/fault_injector/mod.rs"]
mod fault_injector;
mod faults;
#[cfg(test)]
mod function_tests;
mod hints;
mod runner;
pub mod syscall_costs;

pub use error::OsError;
pub use faults::{Faults, NoFaults};
pub use runner::{OsRun, run, run_with_faults};
