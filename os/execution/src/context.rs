//! The context that transactions of one block see.

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::{BouncerConfig, BouncerWeights};
use blockifier::context::{BlockContext, ChainInfo, FeeTokenAddresses};
use starknet_api::block::{
    BlockHeader, BlockInfo, BlockNumber, BlockTimestamp, GasPriceVector, GasPrices, StarknetVersion,
};
use starknet_api::execution_resources::GasAmount;
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;

use crate::config::ChainConfig;
use crate::error::ExecutionError;

/// The protocol version whose rules every block of this chain follows.
pub const STARKNET_VERSION: StarknetVersion = StarknetVersion::V0_14_4;

/// Most transactions in a block.
const MAX_TRANSACTIONS: usize = 10_000;

/// Most events in a block. Starknet allows 5,000; a thread alone brings the events of many transactions: the largest
/// package holds 286,000 that say nothing.
const MAX_EVENTS: usize = 300_000;

/// Largest state diff of a block, felts (a storage entry takes two). Starknet allows 4,000; a thread's diff alone may
/// be larger.
const MAX_STATE_DIFF_FELTS: usize = 1_000_000;

/// How many times what Starknet allows a block in gas, and so in messages. One thread brings the work of thousands of
/// transactions: what its statement can hold must fit into a block, or it could never settle.
const GAS_FACTOR: u64 = 100;

/// What limits a context's blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// A block's limits.
    Block,
    /// None: simulations are no block.
    Unlimited,
}

/// What a block may choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockEnv {
    /// When it is made.
    pub timestamp: BlockTimestamp,
    /// What gas costs in it.
    pub gas_prices: GasPrices,
}

impl From<&BlockInfo> for BlockEnv {
    fn from(info: &BlockInfo) -> Self {
        Self { timestamp: info.block_timestamp, gas_prices: info.gas_prices.clone() }
    }
}

impl BlockEnv {
    /// What a stored block chose.
    ///
    /// # Errors
    /// If the header has a price of zero, which no block of this chain has.
    pub fn of(header: &BlockHeader) -> Result<Self, ExecutionError> {
        let header = &header.block_header_without_hash;
        let (l1, data, l2) = (header.l1_gas_price, header.l1_data_gas_price, header.l2_gas_price);
        Ok(Self {
            timestamp: header.timestamp,
            gas_prices: GasPrices {
                eth_gas_prices: GasPriceVector {
                    l1_gas_price: l1.price_in_wei.try_into()?,
                    l1_data_gas_price: data.price_in_wei.try_into()?,
                    l2_gas_price: l2.price_in_wei.try_into()?,
                },
                strk_gas_prices: GasPriceVector {
                    l1_gas_price: l1.price_in_fri.try_into()?,
                    l1_data_gas_price: data.price_in_fri.try_into()?,
                    l2_gas_price: l2.price_in_fri.try_into()?,
                },
            },
        })
    }
}

impl ChainConfig {
    /// A block at `timestamp` with the chain's initial prices.
    #[must_use]
    pub fn block_env(&self, timestamp: BlockTimestamp) -> BlockEnv {
        BlockEnv { timestamp, gas_prices: self.gas_prices.clone() }
    }

    pub(crate) fn block_context(
        &self,
        number: BlockNumber,
        env: &BlockEnv,
        capacity: Capacity,
    ) -> Result<BlockContext, ExecutionError> {
        let info = BlockInfo {
            block_number: number,
            block_timestamp: env.timestamp,
            starknet_version: STARKNET_VERSION,
            sequencer_address: self.sequencer_address,
            gas_prices: env.gas_prices.clone(),
            use_kzg_da: true,
        };
        let chain = ChainInfo {
            chain_id: self.chain_id.clone(),
            fee_token_addresses: FeeTokenAddresses {
                strk_fee_token_address: self.strk_address,
                eth_fee_token_address: self.eth_address,
            },
            is_l3: false,
        };
        let constants = VersionedConstants::get(&STARKNET_VERSION)
            .map_err(|_| ExecutionError::Constants(STARKNET_VERSION))?;
        let bouncer = match capacity {
            Capacity::Block => block_capacity(),
            Capacity::Unlimited => BouncerConfig::max(),
        };
        Ok(BlockContext::new(info, chain, constants.clone(), bouncer))
    }
}

fn block_capacity() -> BouncerConfig {
    let starknets = BouncerWeights::default();
    let gas = |amount: GasAmount| GasAmount(amount.0.saturating_mul(GAS_FACTOR));
    BouncerConfig {
        block_max_capacity: BouncerWeights {
            n_txs: MAX_TRANSACTIONS,
            n_events: MAX_EVENTS,
            state_diff_size: MAX_STATE_DIFF_FELTS,
            l1_gas: usize::MAX,
            message_segment_length: usize::MAX,
            sierra_gas: gas(starknets.sierra_gas),
            proving_gas: gas(starknets.proving_gas),
            receipt_l2_gas: gas(starknets.receipt_l2_gas),
        },
        ..BouncerConfig::default()
    }
}
