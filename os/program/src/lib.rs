//! The thread OS: the compiled program, and what it is run on.
//!
//! The program (`cairo/`) runs a sub-block of inner transactions and outputs the [`Statement`] about it; `docs/os.md`
//! explains how. `zkthreads-runner` runs it. A verifier trusts the program alone.
//!
//! [`Statement`]: zkthreads_protocol::Statement

pub mod input;
mod program;

pub use program::{DamagedProgram, cairo_program, os_program, rehearsal_program};
