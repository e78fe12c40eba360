//! The chain beside a sub-block: blockifier's own account flow, without fees, one transaction after another.
#![allow(unreachable_pub, reason = "of a test binary")]

pub mod actor;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::bouncer::BouncerConfig;
use blockifier::context::{BlockContext, ChainInfo};
use blockifier::execution::call_info::CallInfo;
use blockifier::state::cached_state::CachedState;
use blockifier::transaction::account_transaction::{AccountTransaction, ExecutionFlags};
use blockifier::transaction::objects::TransactionExecutionInfo;
use blockifier::transaction::transactions::ExecutableTransaction;
use starknet_api::block::{BlockInfo, StarknetVersion};
use starknet_api::executable_transaction::{AccountTransaction as Executable, InvokeTransaction};
use starknet_api::versioned_constants_logic::VersionedConstantsTrait;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::RecordedCall;
use zkthreads_protocol::{InnerEvent, InnerTransaction};
use zkthreads_sub_block::{ExecutedSubBlock, SubBlockError};

use crate::sub_block_support::{MemoryState, TestState, chain_id};

/// Executes `transactions` as a sub-block, then those that are in it on the chain, and compares: status and reason,
/// calls, gas, events, state. Returns the sub-block, unless nothing is in it.
pub fn compare(
    world: &TestState,
    transactions: Vec<InnerTransaction>,
) -> Result<ExecutedSubBlock, SubBlockError> {
    let executed = zkthreads_sub_block::execute(world.state.clone(), &world.context, transactions)?;
    let mut chain = Chain::new(world);
    let mut chain_events = Vec::new();
    let recorded = executed.input.transactions.iter().zip(&executed.statement.inner_transactions);
    for (index, (recorded, outcome)) in (0..).zip(recorded) {
        let info = chain.send(&recorded.transaction).expect("the chain includes it too");
        let reason = info.revert_error.as_ref().map(ToString::to_string);
        assert_eq!(recorded.revert_reason, reason, "transaction {index}");
        assert_eq!(outcome.reverted, reason.is_some(), "transaction {index}");
        assert_same(&recorded.validate, info.validate_call_info.as_ref().expect("validated"));
        if let Some(call) = &info.execute_call_info {
            assert_same(&recorded.execute, call);
        }
        chain_events.extend(events(index, &info));
    }
    assert_eq!(executed.events, chain_events);
    let mut thread = world.state.clone();
    thread.apply(&executed.statement);
    thread.storage.retain(|_, value| *value != Felt::ZERO);
    let after = chain.into_state(world);
    assert_eq!(thread.nonces, after.nonces);
    assert_eq!(thread.storage, after.storage);
    assert_eq!(thread.class_hashes, after.class_hashes);
    Ok(executed)
}

pub struct Chain {
    state: CachedState<MemoryState>,
    context: BlockContext,
}

impl Chain {
    pub fn new(world: &TestState) -> Self {
        let base_block = world.context.base_block;
        let block_info = BlockInfo {
            block_number: base_block.number,
            block_timestamp: base_block.timestamp,
            starknet_version: StarknetVersion::LATEST,
            sequencer_address: base_block.sequencer,
            gas_prices: Default::default(),
            use_kzg_da: true,
        };
        let chain_info = ChainInfo { chain_id: chain_id(), ..Default::default() };
        let constants = VersionedConstants::latest_constants().clone();
        Self {
            state: CachedState::new(world.state.clone()),
            context: BlockContext::new(block_info, chain_info, constants, BouncerConfig::max()),
        }
    }

    /// Executes a transaction; an error if no block would include it.
    pub fn send(&mut self, transaction: &InnerTransaction) -> Result<TransactionExecutionInfo, String> {
        let invoke = InvokeTransaction::create(transaction.as_invoke().clone().into(), &chain_id())
            .expect("the hash can be computed");
        let execution_flags = ExecutionFlags { charge_fee: false, ..Default::default() };
        let transaction = AccountTransaction { tx: Executable::Invoke(invoke), execution_flags };
        transaction.execute(&mut self.state, &self.context).map_err(|error| error.to_string())
    }

    fn into_state(mut self, world: &TestState) -> MemoryState {
        let diff = self.state.to_state_diff().expect("a diff").state_maps;
        let mut after = world.state.clone();
        after.nonces.extend(diff.nonces);
        after.storage.extend(diff.storage);
        after.storage.retain(|_, value| *value != Felt::ZERO);
        after.class_hashes.extend(diff.class_hashes);
        after
    }
}

fn events(index: u32, info: &TransactionExecutionInfo) -> impl Iterator<Item = InnerEvent> {
    let phases = [&info.validate_call_info, &info.execute_call_info].into_iter().flatten();
    phases.flat_map(CallInfo::get_sorted_events).map(move |event| InnerEvent {
        transaction_index: index,
        from_address: event.from_address,
        content: event.content,
    })
}

/// Asserts that what is recorded is what the chain did.
fn assert_same(recorded: &RecordedCall, call: &CallInfo) {
    assert_eq!(recorded.address, call.call.storage_address);
    assert_eq!(Some(recorded.class_hash), call.call.class_hash);
    assert_eq!(recorded.retdata, call.execution.retdata.0);
    assert_eq!(recorded.failed, call.execution.failed);
    assert_eq!(recorded.gas_consumed, call.execution.gas_consumed);
    assert!(!recorded.aborted);
    assert_eq!(recorded.inner_calls.len(), call.inner_calls.len());
    for (recorded, call) in recorded.inner_calls.iter().zip(&call.inner_calls) {
        assert_same(recorded, call);
    }
}
