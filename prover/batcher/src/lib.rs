//! The thread side: builds, proves and submits sub-blocks. It knows a node only by its JSON-RPC.
//!
//! ```text
//! InnerTransaction.. -> SubBlockBuilder::execute -> ExecutedSubBlock   (fork at the latest block, blockifier)
//!                    -> SubBlockBuilder::prove   -> ProvedSubBlock     (thread OS, comparison, proof, package)
//!                    -> Submitter::settle        -> Settlement         (envelope, node, receipt)
//! ```
//!
//! [`Account`] signs: users their inner transactions, the submitter its envelopes.

pub mod account;
pub mod builder;
pub mod follow;
pub mod fork;
mod http;
pub mod node;
pub mod progress;
pub mod settle;
pub mod submitter;
pub mod thread;
mod wire;
pub mod worker;

pub use account::{Account, Call, SignError};
pub use builder::{BuildError, ProvedSubBlock, SubBlockBuilder};
pub use fork::{ClassCache, ForkClient, RemoteClass, RemoteClassError, RemoteState};
pub use http::http_client;
pub use node::{FailedCheck, FailedPrecondition, NodeClient, NodeError, SegmentCheck, ThreadCheck};
pub use progress::{Listener, Progress};
pub use settle::{FeePolicy, TooExpensive};
pub use submitter::{Envelope, Route, Settlement, SubmitError, Submitter};
