//! What the sequencer is sent.

use super::intake::Arrival;

/// Something for a sequencer `S` to see to.
pub(super) enum Message<S> {
    /// A user's transaction.
    Submit(Box<Arrival>),
    /// Something to do between two transactions.
    Command(Box<dyn FnOnce(&mut S) + Send>),
    /// The end.
    Stop,
}
