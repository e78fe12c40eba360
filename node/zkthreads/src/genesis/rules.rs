//! What new blocks say of their sequencer and of prices: decided anew at each start.

use starknet_api::StarknetApiError;
use starknet_api::block::{BlockNumber, GasPrice, GasPriceVector, GasPrices, NonzeroGasPrice};
use starknet_api::core::{ChainId, ContractAddress};
use zkthreads_execution::config::DEFAULT_BLOCK_FACTOR;
use zkthreads_execution::{ChainConfig, OsVersion, RuleLines};
use zkthreads_program::os_program;

use crate::devnet::constants::{ETH_ADDRESS, GAS_PRICE, SEQUENCER_ADDRESS, STRK_ADDRESS};

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
