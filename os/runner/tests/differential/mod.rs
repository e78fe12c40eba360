//! Random sub-blocks, executed by blockifier as the chain would, by the sub-block builder, and by the thread OS.
//!
//! A seed stands for a sub-block. It begins in [`scene`], which has accounts of several kinds and a contract of every
//! class in the [`corpus`].
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs)]

pub mod abi;
pub mod actions;
pub mod chain;
pub mod check;
pub mod corpus;
pub mod difference;
pub mod habits;
pub mod random;
pub mod report;
pub mod scene;
pub mod transaction;

pub use check::{check, check_builder, check_program};
pub use report::Report;
