//! What a JSON-RPC server is fed with: the traits that a node or a thread implements, and the values that pass between them.
//!
//! A server reads storage and execution by itself. It writes to a [`TransactionSink`] and hears of what happens from a
//! [`ChainFeed`]. What only a devnet can do is a [`DevnetControl`](devnet::DevnetControl), a thread is a [`ThreadControl`], and what
//! is not here is asked of an [`Origin`].

pub mod devnet;
mod feed;
mod limits;
pub mod number;
mod origin;
mod outcome;
mod sink;
pub mod thread;

pub use feed::{ChainEvent, ChainFeed, MAX_LAG};
pub use limits::{MAX_RESPONSE_BYTES, REQUEST_TIMEOUT};
pub use origin::{Origin, OriginError};
pub use outcome::{LostError, OutcomeFollower, Outcomes, Until};
pub use sink::{PoolStatus, SubmitError, TransactionSink};
pub use thread::{InnerRefusal, ThreadControl, ThreadLimit, ThreadStatus};
