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
use zkthreads_execution::ChainConfig;

use crate::genesis::Rules;

/// The rules of a devnet's chain.
///
/// # Errors
/// Never: its constants are in range.
pub fn chain_config(chain_id: ChainId) -> Result<ChainConfig, StarknetApiError> {
    Rules::devnet()?.of(chain_id)
}
