//! A prover that wants to prove what is not so.
#![allow(unreachable_pub)]

pub mod honest;
pub mod programs;
pub mod sub_blocks;

mod calls;
mod classes;
mod context;
mod contracts;
mod effects;
mod hints;
mod outcomes;
mod transactions;
