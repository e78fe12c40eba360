//! The thread side through the crate's public interface, with real chains, databases and provers.

mod follow;
mod thread;

#[path = "../../../os/execution/tests/support/mod.rs"]
mod support;
