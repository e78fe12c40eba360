//! Following a node's chain: its new blocks in, and out again those that it takes back.
//!
//! The thread's database begins a little below the node's newest block ([`fork_point`]), so that the small reorgs that
//! happen end above its beginning, and takes every later block as the node made it ([`ChainFollower`]).

mod ancestor;
mod begin;
mod follower;
mod health;

pub use begin::{BeginError, FORK_DEPTH, begin, fork_point};
pub use follower::{ChainFollower, Unfollowed};
