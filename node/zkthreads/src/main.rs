//! The `zkthreads` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    zkthreads_node::process::main()
}
