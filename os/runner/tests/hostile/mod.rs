//! A prover that wants to prove what is not so: the thread OS refuses lies of its hints and altered recordings.
//!
//! A lie may make the run fail, change nothing, or change what the statement claims. What it may not do is output a
//! statement whose preconditions hold and whose consequences are not those of the honest run.
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
