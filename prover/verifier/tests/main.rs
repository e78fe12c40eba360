//! Honest proofs are accepted, everything else is refused. `memory.rs` is apart: it has an allocator of its own.

mod common;

mod accepts;
mod bytes;
mod claims;
mod forgeries;
mod mutations;
mod shapes;
mod sizes;
mod statements;
