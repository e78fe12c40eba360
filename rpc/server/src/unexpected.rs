//! What error 63 stands for.

use std::fmt;

/// Why a transaction is not taken, where the specification has no code. Its name begins the error's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unexpected {
    /// Its fields contradict one another, or no version of the chain takes them.
    Malformed,
    /// A constructor failed, or whatever else may not be reverted.
    ExecutionFailed,
    /// One that cannot be replaced any more has its nonce.
    NotReplaceable,
    /// The mempool holds as much as it may.
    PoolFull,
    /// The node takes no transactions now.
    NodeStopping,
    /// Inner transactions have no such fields.
    NotInner,
    /// It writes to a contract that is not the thread's.
    OutsideThread,
    /// It does what no thread can prove.
    NotProvable,
    /// It makes more fresh cells than an account may in a sub-block.
    FreshCells,
    /// The node below the thread does not answer.
    StateUnavailable,
    /// The thread's disk does not take it.
    NotRecorded,
    /// The thread takes no transactions now.
    ThreadStopping,
}

impl Unexpected {
    /// What its sender can do.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Malformed | Self::ExecutionFailed | Self::NotInner => "send another transaction",
            Self::NotReplaceable => "wait for the other one's block",
            Self::OutsideThread | Self::NotProvable | Self::FreshCells => "send it to the chain",
            Self::StateUnavailable => "send it again, here",
            Self::PoolFull | Self::NodeStopping | Self::NotRecorded => "send it again later, here",
            Self::ThreadStopping => "send it again later, here, or to the chain",
        }
    }
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "MALFORMED",
            Self::ExecutionFailed => "EXECUTION_FAILED",
            Self::NotReplaceable => "NOT_REPLACEABLE",
            Self::PoolFull => "POOL_FULL",
            Self::NodeStopping => "NODE_STOPPING",
            Self::NotInner => "NOT_INNER",
            Self::OutsideThread => "OUTSIDE_THREAD",
            Self::NotProvable => "NOT_PROVABLE",
            Self::FreshCells => "FRESH_CELLS",
            Self::StateUnavailable => "STATE_UNAVAILABLE",
            Self::NotRecorded => "NOT_RECORDED",
            Self::ThreadStopping => "THREAD_STOPPING",
        })
    }
}
