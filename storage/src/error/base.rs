//! Why the state that was forked could not be read.

/// Why the state that was forked could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseStateError {
    /// Nobody answered in time, or asked us to come back later.
    #[error("the forked network does not answer: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// This node has no time for it now.
    #[error("the forked network's classes: {reason}")]
    Busy {
        /// What it is busy with.
        reason: String,
    },
    /// The answer makes no sense.
    #[error("the forked network answers nonsense: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// What it answered earlier cannot be read from disk, or what it answers now not be written.
    #[error("what is kept of the forked network: {reason}")]
    Cache {
        /// What is wrong.
        reason: String,
    },
}
