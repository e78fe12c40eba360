//! The thread side through the crate's public interface, with real chains, databases and provers.

mod follow;
mod fork;
mod os_proof;
mod thread;
mod wire;
mod worker;
mod worker_process;

#[path = "../../../os/program/tests/sub_block_support/mod.rs"]
mod sub_block_support;
#[path = "../../../os/execution/tests/support/mod.rs"]
mod support;
mod worker_support;
