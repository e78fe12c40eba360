//! A node by its JSON-RPC, which is all that whoever settles threads knows of it.
//!
//! [`NodeClient`] asks and sends. [`ForkClient`] is its state at one block, and executes what [`RemoteState`] reads.
//! [`Account`] signs: users their inner transactions, the submitter its envelopes, which [`Submitter`] sends.

mod account;
mod fee;
mod fork;
mod http;
mod node;
mod submitter;
mod wire;

pub use account::{Account, Call, SignError};
pub use fee::{FeePolicy, TooExpensive};
pub use fork::{ClassCache, ForkClient, RemoteClass, RemoteClassError, RemoteState};
pub use http::http_client;
pub use node::{
    Answer, FailedCheck, FailedPrecondition, NodeClient, NodeError, SegmentCheck, ThreadCheckAnswer,
};
pub use submitter::{Envelope, Route, Settlement, Submitter, SubmitterError};
