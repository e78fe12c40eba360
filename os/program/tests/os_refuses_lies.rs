//! The thread OS refuses what is not true: lies of its hints and altered recordings.
//!
//! A lie may make the run fail, change nothing, or change what the statement claims. What it may not do is output a
//! statement whose preconditions hold and whose consequences are not those of the honest run.

mod hostile;
mod sub_block_support;
