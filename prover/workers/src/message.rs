//! What a pool and its workers say to each other. A change of these types takes a new version of the frame.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use zkthreads_program::input::OsInput;
use zkthreads_protocol::Statement;

use crate::proven::Proven;
use crate::stage::Stage;

/// The first message to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// Most memory, bytes.
    pub(crate) memory_bytes: u64,
    /// Threads that prove.
    pub(crate) threads: usize,
}

/// Every other message to a worker.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order<'a> {
    /// What the thread OS is run on.
    pub(crate) input: Cow<'a, OsInput>,
    /// What it must state.
    pub(crate) statement: Cow<'a, Statement>,
}

/// A worker's messages: `Ready`, then for each order any number of `Begun` and one of the others.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// What every proof needs is computed.
    Ready,
    /// A stage begins.
    Begun(Stage),
    /// The proof.
    Done(Proven),
    /// The OS states something else.
    StatementMismatch,
    /// There is no proof, and will be none.
    Failed {
        /// What the thread OS or the prover says.
        reason: String,
    },
}
