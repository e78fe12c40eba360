//! A prover's process and nothing else, as the tests of the pool start it. `zkthreads prove-worker` is the shipped one.

use zkthreads_workers::ChildError;

fn main() -> Result<(), ChildError> {
    zkthreads_workers::main()
}
