//! The thread OS against blockifier, and against provers that lie.

mod budget;
mod fuzz;
mod hostile;
mod os_matches_blockifier;
mod prices;
mod step_estimate;

mod costs;
mod differential;
mod fault_injector;
mod sub_block_support;
