//! The context that transactions of one block see.

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::{BouncerConfig, BouncerWeights};
use blockifier::context::{BlockContext, ChainInfo, FeeTokenAddresses};
use starknet_api::block::{BlockInfo, BlockNumber, BlockTimestamp, StarknetVersion};
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;

use crate::config::ChainConfig;
use crate::error::ExecutionError;

/// The protocol version whose rules every block of this chain follows.
pub const STARKNET_VERSION: StarknetVersion = StarknetVersion::V0_14_4;

/// Most transactions in a block.
const MAX_TRANSACTIONS: usize = 10_000;

/// Most events in a block. Starknet allows 5,000; a thread alone brings the events of many transactions.
const MAX_EVENTS: usize = 100_000;

/// Largest state diff of a block, felts (a storage entry takes two). Starknet allows 4,000; a thread's diff alone may
/// be larger.
const MAX_STATE_DIFF_FELTS: usize = 1_000_000;

/// What limits a context's blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// A block's limits.
    Block,
    /// None: simulations are no block.
    Unlimited,
}

impl ChainConfig {
    pub(crate) fn block_context(
        &self,
        number: BlockNumber,
        timestamp: BlockTimestamp,
        capacity: Capacity,
    ) -> Result<BlockContext, ExecutionError> {
        let info = BlockInfo {
            block_number: number,
            block_timestamp: timestamp,
            starknet_version: STARKNET_VERSION,
            sequencer_address: self.sequencer_address,
            gas_prices: self.gas_prices.clone(),
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
    BouncerConfig {
        block_max_capacity: BouncerWeights {
            n_txs: MAX_TRANSACTIONS,
            n_events: MAX_EVENTS,
            state_diff_size: MAX_STATE_DIFF_FELTS,
            ..BouncerWeights::default()
        },
        ..BouncerConfig::default()
    }
}
