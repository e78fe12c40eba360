//! What the included transactions add up to: the OS's input and the statement.

use std::collections::BTreeMap;

use blockifier::execution::call_info::CallInfo;
use blockifier::state::state_api::StateReader;
use starknet_api::StarknetApiError;
use starknet_api::contract_class::compiled_class_hash::{HashVersion, HashableCompiledClass};
use starknet_api::core::{ContractAddress, Nonce};
use starknet_api::transaction::TransactionHash;
use starknet_types_core::felt::Felt;
use zkthreads_program::input::{ContractState, ExecutableClass, OsInput, RecordedTransaction};
use zkthreads_protocol::commitments::events_commitment;
use zkthreads_protocol::limits::MAX_STATEMENT_FELTS;
use zkthreads_protocol::{
    ContractAccess, ExecutedClass, InnerEvent, InnerMessage, InnerOutcome, InnerTransaction, Statement,
    StorageAccess,
};

use super::account::Execution;
use super::record::recorded_call;
use super::touched::Touched;
use super::{ClassSource, ExecutedSubBlock, LeftOut, SubBlockContext, SubBlockError};
use crate::class::is_gas_metered;

/// The included transactions' effects.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    transactions: Vec<RecordedTransaction>,
    hashes: Vec<TransactionHash>,
    /// First nonce consumed, by sender.
    first_nonces: BTreeMap<ContractAddress, Nonce>,
    touched: Touched,
    events: Vec<InnerEvent>,
    messages: Vec<InnerMessage>,
}

impl Outcome {
    /// Adds a transaction that is part of the sub-block.
    pub(super) fn include(
        &mut self,
        transaction: InnerTransaction,
        hash: TransactionHash,
        execution: Execution,
    ) {
        // At most MAX_INNER_TRANSACTIONS.
        let transaction_index = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX);
        let Execution { validate, execute, revert_reason, touched } = execution;
        self.touched.extend(touched);
        let effective = revert_reason.is_none().then_some(&execute);
        for phase in [&validate].into_iter().chain(effective) {
            self.events.extend(events(phase, transaction_index));
            self.messages.extend(messages(phase, transaction_index));
        }
        let invoke = transaction.as_invoke();
        self.first_nonces.entry(invoke.sender_address).or_insert(invoke.nonce);
        self.hashes.push(hash);
        self.transactions.push(RecordedTransaction {
            transaction,
            validate: recorded_call(&validate),
            execute: recorded_call(&execute),
            revert_reason,
        });
    }

    /// Reads what the sub-block touched before (in `below`) and after (in `state`), and makes the result.
    pub(super) fn finish<S: StateReader + ClassSource>(
        self,
        below: &S,
        state: &impl StateReader,
        context: &SubBlockContext,
        left_out: Vec<LeftOut>,
    ) -> Result<ExecutedSubBlock, SubBlockError> {
        if self.transactions.is_empty() {
            return Err(SubBlockError::Empty { left_out });
        }
        let chain_id = Felt::try_from(&context.chain_id)?;
        let mut executed_classes = Vec::new();
        let mut casms = BTreeMap::new();
        for class_hash in &self.touched.classes {
            let casm = below.casm(*class_hash)?;
            let gas_metered = is_gas_metered(&below.get_compiled_class(*class_hash)?);
            executed_classes.push(ExecutedClass {
                class_hash: *class_hash,
                compiled_class_hash: casm.hash(&HashVersion::V2),
                gas_metered,
            });
            casms.insert(*class_hash, ExecutableClass { casm, gas_metered });
        }
        let mut accesses = Vec::new();
        let mut contracts = BTreeMap::new();
        for (address, keys) in &self.touched.contracts {
            let mut storage = Vec::new();
            for key in keys {
                let before = below.get_storage_at(*address, *key)?;
                let after = state.get_storage_at(*address, *key)?;
                storage.push(StorageAccess { key: *key, before, after });
            }
            let (nonce_before, nonce_after) = match self.first_nonces.get(address) {
                Some(first) => (*first, state.get_nonce_at(*address)?),
                None => (Nonce::default(), Nonce::default()),
            };
            let class_hash_before = below.get_class_hash_at(*address)?;
            contracts.insert(
                *address,
                ContractState {
                    class_hash: class_hash_before,
                    nonce: nonce_before,
                    storage: storage.iter().map(|cell| (cell.key, cell.before)).collect(),
                },
            );
            accesses.push(ContractAccess {
                address: *address,
                class_hash_before,
                class_hash_after: state.get_class_hash_at(*address)?,
                nonce_before,
                nonce_after,
                storage,
            });
        }
        let statement = Statement {
            chain_id,
            submitter: context.submitter,
            base_block: context.base_block,
            events_commitment: events_commitment(&self.events, &self.hashes).ok_or_else(|| {
                StarknetApiError::OutOfRange { string: "an event's transaction index".to_owned() }
            })?,
            event_count: u64::try_from(self.events.len()).unwrap_or(u64::MAX),
            inner_transactions: self
                .hashes
                .into_iter()
                .zip(&self.transactions)
                .map(|(hash, recorded)| InnerOutcome { hash, reverted: recorded.is_reverted() })
                .collect(),
            classes: executed_classes,
            contracts: accesses,
            messages: self.messages,
        };
        let felts = statement.encode().len();
        if felts > MAX_STATEMENT_FELTS {
            return Err(SubBlockError::TooLarge { felts });
        }
        let input = OsInput {
            chain_id,
            submitter: context.submitter,
            base_block: context.base_block,
            transactions: self.transactions,
            classes: casms,
            contracts,
        };
        Ok(ExecutedSubBlock { input, statement, events: self.events, left_out })
    }
}

/// The events of a call tree in the order they were emitted.
fn events(tree: &CallInfo, transaction_index: u32) -> Vec<InnerEvent> {
    let mut ordered = Vec::new();
    for call in tree.iter() {
        for event in &call.execution.events {
            let from_address = call.call.storage_address;
            let content = event.event.clone();
            ordered.push((event.order, InnerEvent { transaction_index, from_address, content }));
        }
    }
    in_order(ordered)
}

/// The messages of a call tree in the order they were sent.
fn messages(tree: &CallInfo, transaction_index: u32) -> Vec<InnerMessage> {
    let mut ordered = Vec::new();
    for call in tree.iter() {
        for sent in &call.execution.l2_to_l1_messages {
            let message = InnerMessage {
                transaction_index,
                from_address: call.call.storage_address,
                to_address: sent.message.to_address,
                payload: sent.message.payload.0.clone(),
            };
            ordered.push((sent.order, message));
        }
    }
    in_order(ordered)
}

fn in_order<T>(mut ordered: Vec<(usize, T)>) -> Vec<T> {
    ordered.sort_by_key(|(order, _)| *order);
    ordered.into_iter().map(|(_, item)| item).collect()
}
