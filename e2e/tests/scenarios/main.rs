//! Scenarios against the real binary, each on nodes of its own.

mod support;

mod bad_input;
mod blocks;
mod clients;
mod corpus;
mod crash;
mod demo;
mod deploys;
mod devnet;
mod fork;
mod page;
mod page_of_classes;
mod pool;
mod proven_threads;
mod race;
mod refusals;
mod running;
mod rust_client;
mod starknet_rust_client;
mod starknet_rust_flows;
mod tampering;
mod twins;
