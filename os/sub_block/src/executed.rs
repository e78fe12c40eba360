//! What comes of a sub-block.

use zkthreads_program::input::OsInput;
use zkthreads_protocol::{InnerEvent, Statement};

use crate::left_out::LeftOut;

/// A sub-block as blockifier executed it.
#[derive(Debug, Clone)]
pub struct ExecutedSubBlock {
    /// What the thread OS is run on.
    pub input: OsInput,
    /// What the OS must state.
    pub statement: Statement,
    /// The events the statement commits to, in its order.
    pub events: Vec<InnerEvent>,
    /// About how many steps the OS will take: seldom fewer than it does, at most a third more.
    pub steps: u64,
    /// About how large the proof will be: those steps, and what takes as much of a prover's memory as so many steps.
    pub proof_steps: u64,
    /// How many cells its transactions read and write: each counts for every transaction that does.
    pub accesses: usize,
    /// Transactions that are not in the sub-block, in the order they came.
    pub left_out: Vec<LeftOut>,
}
