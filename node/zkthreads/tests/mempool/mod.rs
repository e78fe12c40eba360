//! The mempool over a real chain: its journal, its clock, its events, and floods of bad proofs.

mod chain;
mod flood;
mod restart;
mod time;

use chain::{Chain, User};
