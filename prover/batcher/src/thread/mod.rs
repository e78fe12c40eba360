//! A thread kept alive: users' transactions are executed on arrival on top of the node's chain, gathered in sub-blocks,
//! and these proven and settled in the background. ADR 34 has the reasons.
//!
//! ```text
//! users -> submit --+                     +--> take_job ..... proved        provers
//!                   v                     |
//!              the sequencer: open sub-block -> closed -> proven -> submitted -> settled
//!                   ^        (journal)    |
//! node -> follow ---+                     +--> take_bundle .. submitting    settler
//! ```
//!
//! The **sequencer** is one thread of execution and owns all of it: the followed database, the journal, the sub-blocks.
//! Everyone else has a [`ThreadHandle`] and sends it commands. It never waits for a proof, a node or a client.
//!
//! * [`Thread::start`] reads the journal and goes on from there; what it acknowledged is never lost.
//! * The pre-confirmed block that [`ChainFeed`](zkthreads_rpc_api::ChainFeed) shows is the newest block of the node, with all
//!   that is not settled on top.

mod bundling;
mod cells;
mod config;
mod error;
mod figures;
mod following;
mod forwards;
mod handle;
mod heat;
mod intake;
mod job;
mod landed;
mod lease;
mod ledger;
mod message;
mod met;
mod model;
mod outage;
mod plan;
mod proving;
mod replay;
mod report;
mod restore;
mod room;
mod rules;
mod sequencer;
mod settling;
mod shared;
mod start;
mod sub_block_id;
mod sub_block_report;
mod taint;
mod waiting;
mod wall_clock;
mod work;
mod writes;

pub use config::{
    DEFAULT_MAX_FRESH_CELLS, DEFAULT_MAX_FRESH_CELLS_PER_ACCOUNT, DEFAULT_MAX_UNSETTLED,
    DEFAULT_MAX_UNSETTLED_BYTES, DEFAULT_MAX_UNSETTLED_CELLS, HotPolicy, Provers, ThreadConfig, ThreadParts,
};
pub use error::{FollowError, Stopped, ThreadError};
pub use handle::ThreadHandle;
pub use job::{Bundle, BundleFailure, Forward, ForwardRefused, InFlight, Job, NodeHealth};
pub use start::Thread;
pub use sub_block_id::SubBlockId;
