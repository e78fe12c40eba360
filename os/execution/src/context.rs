//! The context that transactions of one block see.

use std::num::NonZeroU64;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::{BouncerConfig, BouncerWeights, BuiltinInstanceLimits};
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

/// Largest state diff of a block, felts. Starknet allows 4,000. A storage entry takes two felts and five steps or more, to put
/// the syscall's arguments where it reads them: ten million steps write two million entries at most.
const MAX_STATE_DIFF_FELTS: usize = 5_000_000;

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
    /// Whether that may be before its parent. It is on a devnet only, whose user puts the clock back; elsewhere the parent's
    /// timestamp takes the place of an earlier one.
    pub may_be_older: bool,
    /// What gas costs in it.
    pub gas_prices: GasPrices,
}

impl From<&BlockInfo> for BlockEnv {
    fn from(info: &BlockInfo) -> Self {
        Self { timestamp: info.block_timestamp, may_be_older: false, gas_prices: info.gas_prices.clone() }
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
            may_be_older: false,
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
        BlockEnv { timestamp, may_be_older: false, gas_prices: self.gas_prices.clone() }
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
        let constants = versioned_constants()?;
        let bouncer = match capacity {
            Capacity::Block => block_capacity(self.block_factor),
            Capacity::Unlimited => no_limit(),
        };
        Ok(BlockContext::new(info, chain, constants.clone(), bouncer))
    }
}

/// The constants of every block of this chain, and of every sub-block over one.
pub fn versioned_constants() -> Result<&'static VersionedConstants, ExecutionError> {
    VersionedConstants::get(&STARKNET_VERSION).map_err(|_| ExecutionError::Constants(STARKNET_VERSION))
}

fn block_capacity(factor: NonZeroU64) -> BouncerConfig {
    let starknets = BouncerWeights::default();
    let gas = |amount: GasAmount| GasAmount(amount.0.saturating_mul(factor.get()));
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
        builtin_instance_limits: instances(factor),
    }
}

fn no_limit() -> BouncerConfig {
    let starknets = BouncerWeights::default().proving_gas.0;
    let factor = NonZeroU64::new(u64::MAX.checked_div(starknets).unwrap_or(1)).unwrap_or(NonZeroU64::MIN);
    BouncerConfig { block_max_capacity: BouncerWeights::max(), builtin_instance_limits: instances(factor) }
}

/// Instances of each builtin that a block of `factor` times Starknet's proving gas holds. Blockifier divides that gas by
/// them: they must grow with it, or each instance costs `factor` times what it costs on Starknet.
fn instances(factor: NonZeroU64) -> BuiltinInstanceLimits {
    let times = |limit: NonZeroU64| limit.saturating_mul(factor);
    // Each by its name, so that a builtin which is added to them does not stay behind.
    let BuiltinInstanceLimits {
        pedersen,
        range_check,
        range_check96,
        poseidon,
        ecdsa,
        ecop,
        bitwise,
        keccak,
        add_mod,
        mul_mod,
        blake,
    } = BuiltinInstanceLimits::default();
    BuiltinInstanceLimits {
        pedersen: times(pedersen),
        range_check: times(range_check),
        range_check96: times(range_check96),
        poseidon: times(poseidon),
        ecdsa: times(ecdsa),
        ecop: times(ecop),
        bitwise: times(bitwise),
        keccak: times(keccak),
        add_mod: times(add_mod),
        mul_mod: times(mul_mod),
        blake: times(blake),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use blockifier::bouncer::verify_tx_weights_within_max_capacity;
    use blockifier::execution::call_info::{CairoPrimitiveCounterMap, ExecutionSummary};
    use blockifier::execution::contract_class::RunnableCompiledClass;
    use blockifier::fee::resources::TransactionResources;
    use blockifier::state::cached_state::StateChangesKeys;
    use blockifier::state::errors::StateError;
    use blockifier::state::state_api::{StateReader, StateResult};
    use starknet_api::core::{ClassHash, CompiledClassHash, ContractAddress, Nonce};
    use starknet_api::state::StorageKey;
    use starknet_types_core::felt::Felt;
    use zkthreads_protocol::limits::{MAX_PACKAGE_BYTES, MAX_SEGMENTS, MAX_STATEMENT_FELTS};
    use zkthreads_verifier::params::MAX_DECODED_BYTES;

    use super::*;
    use crate::config::DEFAULT_BLOCK_FACTOR;
    use crate::thread::constants::{
        CLASS_L2_GAS, DIFF_ENTRY_L2_GAS, INNER_TRANSACTION_L2_GAS, PACKAGE_BYTE_L2_GAS, PRECONDITION_L2_GAS,
        PROOF_BYTE_L2_GAS, VERIFICATION_L2_GAS,
    };

    /// Each instance of a builtin takes a step at least.
    #[test]
    fn no_transaction_uses_a_builtin_more_often_than_a_block_allows() {
        let constants = VersionedConstants::get(&STARKNET_VERSION).unwrap();
        let steps = u64::from(constants.invoke_tx_max_n_steps);
        let limits =
            serde_json::to_value(block_capacity(DEFAULT_BLOCK_FACTOR).builtin_instance_limits).unwrap();
        for (builtin, limit) in limits.as_object().unwrap() {
            // Sierra has no instruction for ECDSA; a syscall's rounds of Keccak take no steps.
            assert!(
                ["ecdsa", "keccak"].contains(&builtin.as_str()) || limit.as_u64().unwrap() >= steps,
                "{builtin}: {limit}"
            );
        }
    }

    #[test]
    fn an_instance_costs_what_it_costs_on_starknet() {
        let starknets = BouncerConfig::default().builtin_gas_costs();
        assert_eq!(block_capacity(DEFAULT_BLOCK_FACTOR).builtin_gas_costs(), starknets);
        let unlimited = serde_json::to_value(no_limit().builtin_gas_costs()).unwrap();
        for (builtin, cost) in serde_json::to_value(starknets).unwrap().as_object().unwrap() {
            let (cost, found) = (cost.as_u64().unwrap(), unlimited[builtin].as_u64().unwrap());
            assert!(found.abs_diff(cost) <= 1, "{builtin}: {found} instead of {cost}");
        }
    }

    /// All storage entries that ten million steps can write.
    #[test]
    fn the_largest_diff_of_a_transaction_fits() {
        let constants = VersionedConstants::get(&STARKNET_VERSION).unwrap();
        let entries = usize::try_from(constants.invoke_tx_max_n_steps / 5).unwrap();
        assert!(2 * entries < MAX_STATE_DIFF_FELTS);
    }

    /// A state in which nothing was ever written.
    struct Nothing;

    impl StateReader for Nothing {
        fn get_storage_at(&self, _: ContractAddress, _: StorageKey) -> StateResult<Felt> {
            Ok(Felt::ZERO)
        }

        fn get_nonce_at(&self, _: ContractAddress) -> StateResult<Nonce> {
            Ok(Nonce::default())
        }

        fn get_class_hash_at(&self, _: ContractAddress) -> StateResult<ClassHash> {
            Ok(ClassHash::default())
        }

        fn get_compiled_class(&self, class_hash: ClassHash) -> StateResult<RunnableCompiledClass> {
            Err(StateError::UndeclaredClassHash(class_hash))
        }

        fn get_compiled_class_hash(&self, class_hash: ClassHash) -> StateResult<CompiledClassHash> {
            Err(StateError::UndeclaredClassHash(class_hash))
        }
    }

    /// A package that no block holds would revert for ever, and its daemon send it for ever. Felts of a statement and bytes of
    /// a package bound what it writes and tells: a cell takes three felts, a contract six, an event 44 bytes.
    #[test]
    fn the_largest_package_fits_a_block() {
        let felts = (MAX_SEGMENTS * MAX_STATEMENT_FELTS) as u64;
        let contract = |number: u64| ContractAddress::try_from(Felt::from(number)).unwrap();
        let cells: HashSet<_> = (0..felts / 3)
            .map(|number| (contract(1), StorageKey::try_from(Felt::from(number)).unwrap()))
            .collect();
        let contracts: HashSet<_> = (0..felts / 6).map(contract).collect();
        let keys = StateChangesKeys {
            nonce_keys: contracts.clone(),
            class_hash_keys: contracts.clone(),
            storage_keys: cells.clone(),
            compiled_class_hash_keys: HashSet::new(),
            modified_contracts: contracts,
        };
        let summary = ExecutionSummary { visited_storage_entries: cells, ..Default::default() };
        let constants = VersionedConstants::get(&STARKNET_VERSION).unwrap();
        let proof = VERIFICATION_L2_GAS + MAX_DECODED_BYTES as u64 * PROOF_BYTE_L2_GAS;
        let bytes = MAX_PACKAGE_BYTES as u64 * PACKAGE_BYTE_L2_GAS;
        let new_cell = constants.allocation_cost.blob_cost.l2_gas.0;
        let felt =
            DIFF_ENTRY_L2_GAS + PRECONDITION_L2_GAS + CLASS_L2_GAS + INNER_TRANSACTION_L2_GAS + new_cell;
        let gas = GasAmount(MAX_SEGMENTS as u64 * proof + bytes + felts * felt);
        let mut resources = TransactionResources::default();
        resources.starknet_resources.archival_data.event_summary.n_events = MAX_PACKAGE_BYTES / 44;
        verify_tx_weights_within_max_capacity(
            &Nothing,
            &summary,
            &CairoPrimitiveCounterMap::default(),
            &resources,
            &keys,
            &block_capacity(DEFAULT_BLOCK_FACTOR),
            constants,
            gas,
        )
        .expect("it fits");
    }
}
