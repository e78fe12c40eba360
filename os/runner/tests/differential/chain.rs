//! What the chain does: a transaction on blockifier's own account flow, the fee left aside.

use std::collections::BTreeSet;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::BouncerConfig;
use blockifier::context::{BlockContext, ChainInfo};
use blockifier::state::cached_state::{CachedState, StateMaps};
use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::objects::TransactionExecutionInfo;
use blockifier::transaction::transactions::ExecutableTransaction;
use starknet_api::block::{BlockInfo, StarknetVersion};
use starknet_api::core::ContractAddress;
use starknet_api::executable_transaction::{AccountTransaction as Executable, InvokeTransaction};
use starknet_api::state::StorageKey;
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use zkthreads_protocol::InnerTransaction;
use zkthreads_sub_block::SubBlockContext;

use crate::sub_block_support::MemoryState;

pub struct Outcome {
    pub info: TransactionExecutionInfo,
    pub diff: StateMaps,
    /// Every cell that was read or written.
    pub cells: BTreeSet<(ContractAddress, StorageKey)>,
}

impl Outcome {
    /// The state after the transaction.
    pub fn after(&self, before: &MemoryState) -> MemoryState {
        let mut state = before.clone();
        state.nonces.extend(self.diff.nonces.clone());
        state.storage.extend(self.diff.storage.clone());
        state.class_hashes.extend(self.diff.class_hashes.clone());
        state
    }
}

/// Executes one transaction. An error, told as blockifier tells it, means that no block takes it.
pub fn execute(
    state: &MemoryState,
    context: &SubBlockContext,
    transaction: &InnerTransaction,
) -> Result<Outcome, String> {
    let chain_id = context.chain_id.clone();
    let block_info = BlockInfo {
        block_number: context.base_block.number,
        block_timestamp: context.base_block.timestamp,
        starknet_version: StarknetVersion::LATEST,
        sequencer_address: context.base_block.sequencer,
        gas_prices: Default::default(),
        use_kzg_da: true,
    };
    let chain_info = ChainInfo { chain_id: chain_id.clone(), ..Default::default() };
    let constants = VersionedConstants::latest_constants().clone();
    let block_context = BlockContext::new(block_info, chain_info, constants, BouncerConfig::max());

    let mut state = CachedState::new(state.clone());
    let invoke = InvokeTransaction::create(transaction.as_invoke().clone().into(), &chain_id)
        .map_err(|error| error.to_string())?;
    let execution_flags = ExecutionFlags { charge_fee: false, ..Default::default() };
    let info = AccountTransaction { tx: Executable::Invoke(invoke), execution_flags }
        .execute(&mut state, &block_context)
        .map_err(|error| error.to_string())?;
    let diff = state.to_state_diff().map_err(|error| error.to_string())?.state_maps;
    let reads = state.get_initial_reads().map_err(|error| error.to_string())?;
    let cells = reads.storage.keys().chain(diff.storage.keys()).copied().collect();
    Ok(Outcome { info, diff, cells })
}
