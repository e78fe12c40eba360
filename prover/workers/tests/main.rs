//! Provers' processes, and the proofs that they make.

mod os_proof;
mod worker;
mod worker_process;

#[path = "../../../os/runner/tests/sub_block_support/mod.rs"]
mod sub_block_support;
mod worker_support;
