//! Between the wire's shapes and the node's types.

pub(crate) mod class;
pub(crate) mod error;
pub(crate) mod fee;
pub(crate) mod initial_reads;
pub(crate) mod proof;
mod settlement;
pub(crate) mod state_diff;
pub(crate) mod submission;
pub(crate) mod trace;
