//! Sub-blocks through the crate's public interface, over blocks of a chain and over a state in memory.

mod as_on_chain;
mod open_sub_block;
mod sub_block;

mod chain;
#[path = "../../runner/tests/sub_block_support/mod.rs"]
mod sub_block_support;
#[path = "../../execution/tests/support/mod.rs"]
mod support;
