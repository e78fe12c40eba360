//! The settler: takes proven sub-blocks from the thread and has the node settle them.

mod fee;

pub use fee::{FeePolicy, TooExpensive};
