//! The settler: takes proven sub-blocks from the thread and has the node settle them.
//!
//! A bundle is checked, signed and sent in one go, never without the check. The next one is checked once the one before
//! is pre-confirmed, on the very state that it settles on, so several may land in one block, in order. What was sent is
//! watched until the thread has the block that has it; what nobody knows any more is offered by the thread again. A nonce
//! is used for two transactions only if one of them can land.

mod flight;
mod forward;
mod look;
mod pause;
mod settler;
mod verdict;

pub use forward::Forwarder;
pub use settler::Settler;
