//! The thread side: builds, proves and submits sub-blocks. It knows a node only by its JSON-RPC.
//!
//! ```text
//! InnerTransaction.. -> SubBlockBuilder::execute -> ExecutedSubBlock   (fork at the latest block, blockifier)
//!                    -> SubBlockBuilder::prove   -> ProvedSubBlock     (thread OS, comparison, proof, package)
//!                    -> Submitter::settle        -> Settlement         (envelope, node, receipt)
//! ```
//!
//! [`thread`] is a thread that is kept alive: `follow` brings it its node's blocks, provers prove its sub-blocks, `settle` sends them.

pub mod builder;
pub mod follow;
pub mod progress;
pub mod settle;
pub mod thread;

pub use builder::{BuildError, ProvedSubBlock, SubBlockBuilder};
pub use progress::{Listener, Progress};
