//! What new blocks say of their sequencer and of prices: decided anew at each start.

use starknet_api::StarknetApiError;
use starknet_api::block::{BlockNumber, GasPrice, GasPriceVector, GasPrices, NonzeroGasPrice};
use starknet_api::core::{ChainId, ContractAddress};
use zkthreads_execution::config::{DEFAULT_BLOCK_FACTOR, DEFAULT_MAX_THREAD_AGE};
use zkthreads_execution::{ChainConfig, OsVersion, RuleLines, ThreadRules};
use zkthreads_program::os_program;

use crate::constants::{DEFAULT_THREAD_LAG, ETH_ADDRESS, GAS_PRICE, SEQUENCER_ADDRESS, STRK_ADDRESS};

/// A sequencer's own choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Who receives the fees.
    pub sequencer_address: ContractAddress,
    /// What gas costs, in fri and in wei.
    pub gas_prices: GasPriceVector,
}

impl Rules {
    /// A devnet's.
    ///
    /// # Errors
    /// Never: its constants are in range.
    pub fn devnet() -> Result<Self, StarknetApiError> {
        let price = NonzeroGasPrice::new(GasPrice(GAS_PRICE))?;
        let gas_prices =
            GasPriceVector { l1_gas_price: price, l1_data_gas_price: price, l2_gas_price: price };
        Ok(Self { sequencer_address: SEQUENCER_ADDRESS.try_into()?, gas_prices })
    }

    /// The configuration of the chain `chain_id` under these rules, and those for its threads.
    ///
    /// # Errors
    /// Never: the tokens' addresses are in range.
    pub fn of(self, chain_id: ChainId, thread_rules: RuleLines) -> Result<ChainConfig, StarknetApiError> {
        let Self { sequencer_address, gas_prices } = self;
        Ok(ChainConfig {
            chain_id,
            sequencer_address,
            strk_address: STRK_ADDRESS.try_into()?,
            eth_address: ETH_ADDRESS.try_into()?,
            gas_prices: GasPrices { eth_gas_prices: gas_prices.clone(), strk_gas_prices: gas_prices },
            thread_rules,
            block_factor: DEFAULT_BLOCK_FACTOR,
            os_versions: vec![OsVersion {
                program: os_program().clone(),
                active_from: BlockNumber(0),
                retired_from: None,
            }],
        })
    }
}

/// The rules of a devnet's chain, with the usual ones for its threads.
///
/// # Errors
/// Never: its constants are in range.
pub fn chain_config(chain_id: ChainId) -> Result<ChainConfig, StarknetApiError> {
    Rules::devnet()?.of(chain_id, devnet_thread_rules(DEFAULT_THREAD_LAG))
}

/// What threads on a devnet must keep to, if their time may be so many seconds behind its own.
#[must_use]
pub fn devnet_thread_rules(max_lag: u64) -> RuleLines {
    RuleLines::always(ThreadRules::new(DEFAULT_MAX_THREAD_AGE, max_lag))
}
