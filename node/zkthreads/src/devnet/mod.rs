//! The devnet: what its genesis holds, what it tells its user, and how it is controlled.

pub mod account_class;
pub mod accounts;
pub mod balance;
pub mod banner;
pub mod classes;
pub mod constants;
pub mod control;
mod delivery;
mod dump;
pub mod dumping;
pub mod genesis;
mod mailbox;
pub mod manifest;
mod mint;
pub mod options;
mod postman;
pub mod running;
pub mod set_up;
mod snapshots;
pub mod tokens;

use starknet_api::StarknetApiError;
use starknet_api::core::ChainId;
use zkthreads_execution::config::DEFAULT_MAX_THREAD_AGE;
use zkthreads_execution::{ChainConfig, RuleLines, ThreadRules};

use crate::genesis::Rules;

/// The rules of a devnet's chain, with the usual ones for its threads.
///
/// # Errors
/// Never: its constants are in range.
pub fn chain_config(chain_id: ChainId) -> Result<ChainConfig, StarknetApiError> {
    Rules::devnet()?.of(chain_id, thread_rules(constants::DEFAULT_THREAD_LAG))
}

/// What threads on a devnet must keep to, if their time may be so many seconds behind its own.
#[must_use]
pub fn thread_rules(max_lag: u64) -> RuleLines {
    RuleLines::always(ThreadRules::new(DEFAULT_MAX_THREAD_AGE, max_lag))
}
