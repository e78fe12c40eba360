//! Blocks and threads through the crate's public interface.

mod call_stacks;
mod every_kind;
mod forked;
mod legacy;
mod messages;
mod open_block;
mod ordinary;
mod prove_and_settle;
mod prove_and_settle_classes;
mod queries;
mod segments;
mod thread;
mod time;
mod unfit;
mod unhardened;
mod verification;

mod support;
