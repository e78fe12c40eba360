//! The `zkthreads` binary.

fn main() {}
