//! Why an OS run fails.

use cairo_vm::vm::errors::cairo_run_errors::CairoRunError;
use zkthreads_program::DamagedProgram;
use zkthreads_protocol::StatementError;

/// Why the thread OS could not run an input.
#[derive(Debug, thiserror::Error)]
pub enum OsError {
    /// The compiled program in this binary cannot be loaded.
    #[error(transparent)]
    Program(#[from] DamagedProgram),
    /// The program stopped: an assertion failed, a hint could not answer, or a builtin refused its input.
    #[error("the sub-block cannot be proven: {0}")]
    Run(#[from] Box<CairoRunError>),
    /// The program's output cannot be read back as felts.
    #[error("the thread OS's output has a hole at felt {index}")]
    Output {
        /// The first felt that is missing or is not a number.
        index: usize,
    },
    /// The program's output is not a statement that a node accepts.
    #[error("the thread OS's output is not a statement: {0}")]
    Statement(#[from] StatementError),
}
