//! Blocks, threads and sub-blocks through the crate's public interface.

mod call_stacks;
mod every_kind;
mod forked;
mod legacy;
mod messages;
mod open_block;
mod open_sub_block;
mod ordinary;
mod prove_and_settle;
mod prove_and_settle_classes;
mod queries;
mod segments;
mod sub_block;
mod sub_block_as_on_chain;
mod sub_block_prices;
mod thread;
mod time;
mod unfit;
mod unhardened;
mod verification;

mod sub_block_chain;
#[path = "../../program/tests/sub_block_support/mod.rs"]
mod sub_block_support;
mod support;
