//! From stored traces to the spec's.

use std::collections::HashSet;

use starknet_api::abi::abi_utils::selector_from_name;
use starknet_api::contract_class::EntryPointType as ApiEntryPointType;
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::transaction::constants::EXECUTE_ENTRY_POINT_NAME;
use starknet_rust_core::types::{
    CallType, DeclareTransactionTrace, DeployAccountTransactionTrace, EntryPointType, ExecuteInvocation,
    ExecutionResources, FunctionInvocation, InnerCallExecutionResources, InvokeTransactionTrace,
    L1HandlerTransactionTrace, OrderedEvent, OrderedMessage, RevertedInvocation, TransactionTrace,
};
use zkthreads_execution::PendingBody;
use zkthreads_protocol::{PackageContents, Transaction};
use zkthreads_storage::{
    BlockTransaction, CallGas, CallTrace, CallType as StoredCallType, ExecutionStatus, Receipt, StorageError,
    TransactionTrace as StoredTrace,
};

use super::settlement;
use super::state_diff::state_diff;
use crate::error::RpcError;

/// The form that a transaction's trace has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TraceKind {
    /// A thread's is an invoke's too.
    Invoke,
    Declare,
    DeployAccount,
    L1Handler,
}

/// A transaction to show the trace of.
pub(crate) struct Traced<'a> {
    pub(crate) kind: TraceKind,
    pub(crate) trace: &'a StoredTrace,
    pub(crate) receipt: &'a Receipt,
    /// Of a thread that settled.
    pub(crate) settled: Option<&'a PackageContents>,
}

/// Converts the traces of transactions that followed each other.
pub(crate) struct Traces<C> {
    /// A contract's class before all of them.
    class_before: C,
    /// What they deployed so far.
    deployed: HashSet<ContractAddress>,
}

impl<C: Fn(ContractAddress) -> Result<ClassHash, StorageError>> Traces<C> {
    pub(crate) fn new(class_before: C) -> Self {
        Self { class_before, deployed: HashSet::new() }
    }

    /// Passes over a transaction.
    pub(crate) fn skip(&mut self, trace: &StoredTrace) {
        self.deployed.extend(trace.state_diff.deployed_contracts.keys());
    }

    /// The trace of the next transaction of a block; with the package, if it is a thread that settled.
    pub(crate) fn in_block(
        &mut self,
        transaction: &BlockTransaction,
        trace: &StoredTrace,
        settled: Option<&PackageContents>,
    ) -> Result<TransactionTrace, RpcError> {
        let kind = (&transaction.body).into();
        self.convert(&Traced { kind, trace, receipt: &transaction.receipt, settled })
    }

    /// The next transaction's trace.
    pub(crate) fn convert(&mut self, traced: &Traced<'_>) -> Result<TransactionTrace, RpcError> {
        let existed = |contract| {
            Ok(self.deployed.contains(&contract) || (self.class_before)(contract)? != ClassHash::default())
        };
        let Traced { kind, trace, receipt, settled } = *traced;
        let state_diff = Some(state_diff(&trace.state_diff, existed)?);
        self.skip(trace);
        let execution_resources = execution_resources(receipt);
        let validate_invocation = trace.validate.as_ref().map(invocation);
        let fee_transfer_invocation = trace.fee_transfer.as_ref().map(invocation);
        Ok(match kind {
            TraceKind::Invoke => {
                let mut execute_invocation = execute_invocation(trace, receipt)?;
                if let (Some(package), ExecuteInvocation::Success(envelope)) =
                    (settled, &mut execute_invocation)
                {
                    settlement::show(package, envelope);
                }
                TransactionTrace::Invoke(InvokeTransactionTrace {
                    validate_invocation,
                    execute_invocation,
                    fee_transfer_invocation,
                    state_diff,
                    execution_resources,
                })
            }
            TraceKind::Declare => TransactionTrace::Declare(DeclareTransactionTrace {
                validate_invocation,
                fee_transfer_invocation,
                state_diff,
                execution_resources,
            }),
            TraceKind::DeployAccount => TransactionTrace::DeployAccount(DeployAccountTransactionTrace {
                validate_invocation,
                constructor_invocation: invocation(trace.execute.as_ref().ok_or_else(missing_call)?),
                fee_transfer_invocation,
                state_diff,
                execution_resources,
            }),
            TraceKind::L1Handler => TransactionTrace::L1Handler(L1HandlerTransactionTrace {
                function_invocation: execute_invocation(trace, receipt)?,
                state_diff,
                execution_resources,
            }),
        })
    }
}

impl From<&Transaction> for TraceKind {
    fn from(transaction: &Transaction) -> Self {
        match transaction {
            Transaction::Invoke(_) | Transaction::Thread { .. } => Self::Invoke,
            Transaction::Declare(_) => Self::Declare,
            Transaction::DeployAccount(_) => Self::DeployAccount,
            Transaction::L1Handler(_) => Self::L1Handler,
        }
    }
}

impl From<&PendingBody> for TraceKind {
    fn from(body: &PendingBody) -> Self {
        match body {
            PendingBody::Invoke(_) | PendingBody::Thread(_) => Self::Invoke,
            PendingBody::Declare { .. } => Self::Declare,
            PendingBody::DeployAccount { .. } => Self::DeployAccount,
            PendingBody::L1Handler(_) => Self::L1Handler,
        }
    }
}

fn execute_invocation(trace: &StoredTrace, receipt: &Receipt) -> Result<ExecuteInvocation, RpcError> {
    match &receipt.status {
        ExecutionStatus::Reverted { reason } => {
            Ok(ExecuteInvocation::Reverted(RevertedInvocation { revert_reason: reason.clone() }))
        }
        ExecutionStatus::Succeeded => {
            let call = trace.execute.clone().or_else(|| no_calls(trace, receipt)).ok_or_else(missing_call)?;
            Ok(ExecuteInvocation::Success(invocation(&call)))
        }
    }
}

/// The envelope's `__execute__` of a thread of which only the first segments settled: its calls are not made.
fn no_calls(trace: &StoredTrace, receipt: &Receipt) -> Option<CallTrace> {
    let is_partial = receipt.thread.as_ref().is_some_and(|outcome| outcome.error.is_some());
    let validate = trace.validate.as_ref().filter(|_| is_partial)?;
    Some(CallTrace {
        selector: selector_from_name(EXECUTE_ENTRY_POINT_NAME),
        result: Vec::new(),
        calls: Vec::new(),
        events: Vec::new(),
        messages: Vec::new(),
        gas: CallGas::default(),
        ..validate.clone()
    })
}

fn missing_call() -> RpcError {
    RpcError::Internal { reason: "the trace of a successful transaction lacks its call".to_owned() }
}

fn execution_resources(receipt: &Receipt) -> ExecutionResources {
    ExecutionResources {
        l1_gas: receipt.gas.l1_gas.0,
        l1_data_gas: receipt.gas.l1_data_gas.0,
        l2_gas: receipt.gas.l2_gas.0,
    }
}

/// A call and the calls inside it.
fn invocation(call: &CallTrace) -> FunctionInvocation {
    let contract_address = *call.contract.0.key();
    let events = call.events.iter().map(|event| OrderedEvent {
        order: event.order,
        keys: event.content.keys.iter().map(|key| key.0).collect(),
        data: event.content.data.0.clone(),
    });
    let messages = call.messages.iter().map(|message| OrderedMessage {
        order: message.order,
        from_address: contract_address,
        to_address: message.to.0,
        payload: message.payload.clone(),
    });
    FunctionInvocation {
        contract_address,
        entry_point_selector: call.selector.0,
        calldata: call.calldata.clone(),
        caller_address: *call.caller.0.key(),
        class_hash: call.class_hash.0,
        entry_point_type: match call.entry_point_type {
            ApiEntryPointType::Constructor => EntryPointType::Constructor,
            ApiEntryPointType::External => EntryPointType::External,
            ApiEntryPointType::L1Handler => EntryPointType::L1Handler,
        },
        call_type: match call.call_type {
            StoredCallType::Call => CallType::Call,
            StoredCallType::LibraryCall => CallType::LibraryCall,
        },
        result: call.result.clone(),
        calls: call.calls.iter().map(invocation).collect(),
        events: events.collect(),
        messages: messages.collect(),
        execution_resources: InnerCallExecutionResources { l1_gas: call.gas.l1_gas, l2_gas: call.gas.l2_gas },
        is_reverted: call.failed,
    }
}
