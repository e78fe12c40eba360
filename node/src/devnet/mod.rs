//! The devnet's chain: what its genesis holds, and what it tells its user.

pub mod accounts;
pub mod banner;
pub mod classes;
pub mod constants;
pub mod genesis;
pub mod manifest;
pub mod tokens;

use starknet_api::StarknetApiError;
use starknet_api::block::{BlockNumber, GasPrice, GasPriceVector, GasPrices, NonzeroGasPrice};
use starknet_api::core::ChainId;
use zkthreads_execution::config::DEFAULT_MAX_THREAD_AGE;
use zkthreads_execution::{ChainConfig, OsVersion};
use zkthreads_program::os_program;

use constants::{ETH_ADDRESS, GAS_PRICE, SEQUENCER_ADDRESS, STRK_ADDRESS};

/// The rules of a devnet's chain.
///
/// # Errors
/// Never: its constants are in range.
pub fn chain_config(chain_id: ChainId) -> Result<ChainConfig, StarknetApiError> {
    let price = NonzeroGasPrice::new(GasPrice(GAS_PRICE))?;
    let prices = GasPriceVector { l1_gas_price: price, l1_data_gas_price: price, l2_gas_price: price };
    Ok(ChainConfig {
        chain_id,
        sequencer_address: SEQUENCER_ADDRESS.try_into()?,
        strk_address: STRK_ADDRESS.try_into()?,
        eth_address: ETH_ADDRESS.try_into()?,
        gas_prices: GasPrices { eth_gas_prices: prices.clone(), strk_gas_prices: prices },
        max_thread_age: DEFAULT_MAX_THREAD_AGE,
        os_versions: vec![OsVersion { program: os_program().clone(), active_from: BlockNumber(0) }],
    })
}
