//! The sequencer of a thread over a real database and a real executor. What a node and provers do is played: blocks
//! follow on each other as a node's would, and proofs are bytes, which the sequencer never looks into.
#![allow(clippy::unwrap_used, reason = "tests")]

mod conflicts;
mod durable;
mod harness;
mod hot;
mod intake;
mod life;
mod limits;
mod node;
mod provers;
mod reorg;
mod simulation;
mod time;
mod writers;
