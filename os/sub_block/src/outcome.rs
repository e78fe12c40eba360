//! What the transactions of a sub-block add up to: the OS's input and the statement.

use std::collections::BTreeMap;
use std::sync::Arc;

use blockifier::state::state_api::StateReader;
use starknet_api::StarknetApiError;
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::state::StorageKey;
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_execution::class::is_gas_metered;
use zkthreads_program::input::{ContractState, ExecutableClass, OsInput};
use zkthreads_protocol::commitments::events_commitment;
use zkthreads_protocol::{
    ContractAccess, ExecutedClass, InnerEvent, InnerMessage, InnerOutcome, StateCell, Statement,
    StorageAccess,
};

use crate::accesses::Cell;
use crate::below::SubBlockState;
use crate::inner::ExecutedInner;
use crate::size::Size;
use crate::{ExecutedSubBlock, SubBlockContext, SubBlockError};

/// Reads what the transactions touched before (in `below`) and after (in `state`), and makes the result.
pub(crate) fn close<S: SubBlockState>(
    below: &S,
    state: &S,
    context: &SubBlockContext,
    executed: &[Arc<ExecutedInner>],
    size: &Size,
) -> Result<ExecutedSubBlock, SubBlockError> {
    if executed.is_empty() {
        return Err(SubBlockError::Empty { left_out: Vec::new() });
    }
    let chain_id = Felt::try_from(&context.chain_id)?;
    let (mut classes, mut casms) = (Vec::new(), BTreeMap::new());
    for (class_hash, used) in size.classes() {
        let gas_metered = is_gas_metered(&below.get_compiled_class(*class_hash)?);
        classes.push(ExecutedClass {
            class_hash: *class_hash,
            compiled_class_hash: below.compiled_class_hash(*class_hash)?,
            gas_metered,
        });
        let (casm, ran) = (below.casm(*class_hash)?, Some(used.starts()));
        casms.insert(*class_hash, ExecutableClass { casm, gas_metered, ran });
    }
    let mut first_nonces = BTreeMap::new();
    for inner in executed {
        let invoke = inner.transaction.as_invoke();
        first_nonces.entry(invoke.sender_address).or_insert(invoke.nonce);
    }
    let mut touched: BTreeMap<ContractAddress, Vec<StorageKey>> = BTreeMap::new();
    for Cell { contract, cell } in size.cells() {
        let keys = touched.entry(*contract).or_default();
        if let StateCell::Storage(key) = cell {
            keys.push(*key);
        }
    }
    let contracts = touched.into_iter().map(|(address, keys)| {
        contract_access(below, state, address, keys, first_nonces.get(&address).copied())
    });
    let contracts: Vec<ContractAccess> = contracts.collect::<Result<_, _>>()?;
    let hashes: Vec<TransactionHash> = executed.iter().map(|inner| inner.hash).collect();
    let (events, messages) = (events(executed), messages(executed));
    let statement = Statement {
        chain_id,
        submitter: context.submitter,
        base_block: context.base_block,
        events_commitment: events_commitment(&events, &hashes).ok_or_else(|| {
            StarknetApiError::OutOfRange { string: "an event's transaction index".to_owned() }
        })?,
        event_count: u64::try_from(events.len()).unwrap_or(u64::MAX),
        inner_transactions: executed
            .iter()
            .map(|inner| InnerOutcome { hash: inner.hash, reverted: inner.is_reverted() })
            .collect(),
        classes,
        contracts,
        messages,
    };
    let input = OsInput {
        chain_id,
        submitter: context.submitter,
        base_block: context.base_block,
        transactions: executed.iter().map(|inner| inner.recorded()).collect(),
        classes: casms,
        contracts: statement.contracts.iter().map(|access| (access.address, before(access))).collect(),
    };
    let (steps, proof_steps) = (size.counts().steps(), size.counts().proof_steps());
    let accesses = size.counts().accesses();
    Ok(ExecutedSubBlock { input, statement, events, steps, proof_steps, accesses, left_out: Vec::new() })
}

/// What was read and written of one contract, which had `first_nonce` if nonces of it are consumed.
fn contract_access(
    below: &impl StateReader,
    state: &impl StateReader,
    address: ContractAddress,
    keys: Vec<StorageKey>,
    first_nonce: Option<Nonce>,
) -> Result<ContractAccess, SubBlockError> {
    let mut storage = Vec::with_capacity(keys.len());
    for key in keys {
        let before = below.get_storage_at(address, key)?;
        let after = state.get_storage_at(address, key)?;
        storage.push(StorageAccess { key, before, after });
    }
    let (nonce_before, nonce_after) = match first_nonce {
        Some(first) => (first, state.get_nonce_at(address)?),
        None => (Nonce::default(), Nonce::default()),
    };
    Ok(ContractAccess {
        address,
        class_hash_before: below.get_class_hash_at(address)?,
        class_hash_after: state.get_class_hash_at(address)?,
        nonce_before,
        nonce_after,
        storage,
    })
}

/// What the OS is told of a contract.
fn before(access: &ContractAccess) -> ContractState {
    ContractState {
        class_hash: access.class_hash_before,
        nonce: access.nonce_before,
        storage: access.storage.iter().map(|cell| (cell.key, cell.before)).collect(),
    }
}

/// The transactions with their indices: there are at most `MAX_INNER_TRANSACTIONS`.
fn indexed(executed: &[Arc<ExecutedInner>]) -> impl Iterator<Item = (u32, &ExecutedInner)> {
    (0_u32..).zip(executed.iter().map(Arc::as_ref))
}

fn events(executed: &[Arc<ExecutedInner>]) -> Vec<InnerEvent> {
    let of_one = |(transaction_index, inner): (u32, &'_ ExecutedInner)| {
        let events = inner.in_block.transaction.receipt.events.clone();
        events.into_iter().map(move |event| InnerEvent {
            transaction_index,
            from_address: event.from_address,
            content: event.content,
        })
    };
    indexed(executed).flat_map(of_one).collect()
}

fn messages(executed: &[Arc<ExecutedInner>]) -> Vec<InnerMessage> {
    let of_one = |(transaction_index, inner): (u32, &'_ ExecutedInner)| {
        let messages = inner.in_block.transaction.receipt.messages.clone();
        messages.into_iter().map(move |message| InnerMessage {
            transaction_index,
            from_address: message.from_address,
            to_address: message.to_address.into(),
            payload: message.payload.0,
        })
    };
    indexed(executed).flat_map(of_one).collect()
}
