//! `__execute__` of an inner transaction, with its effects or without.
//!
//! Blockifier keeps the calls of a failure that a caller can catch. Of others it drops them. For the one of those that
//! the thread OS proves, a call of an address where nothing is deployed, `__execute__` runs again with an empty
//! contract at that address, in that one call: it fails there all the same, but can be caught, and the calls are kept.
//! What happens after it counts for nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use blockifier::context::TransactionContext;
use blockifier::execution::call_info::CallInfo;
use blockifier::execution::common_hints::ExecutionMode;
use blockifier::execution::entry_point::EntryPointExecutionResult;
use blockifier::execution::errors::{AnnotatedEntryPointExecutionError, EntryPointExecutionError};
use blockifier::execution::stack_trace::{
    Cairo1RevertHeader, extract_trailing_cairo1_revert_trace, gen_tx_execution_error_trace,
};
use blockifier::state::cached_state::{CachedState, TransactionalState};
use blockifier::state::state_api::{State, StateReader};
use blockifier::transaction::errors::TransactionExecutionError;
use starknet_api::core::ClassHash;
use starknet_api::executable_transaction::TransactionType;
use starknet_api::execution_resources::GasAmount;
use zkthreads_execution::busy::within_steps;
use zkthreads_protocol::InnerTransaction;

use crate::abort::AbortCause;
use crate::account_call::{call_of_account, entry_point_context, state_error, too_many_steps};
use crate::left_out::LeftOutReason;
use crate::touched::Touched;
use crate::watched::{Accesses, Watched};

/// Calls of addresses where nothing is deployed, in one transaction: the first reverts it, its callers may go on to
/// make others.
const MAX_STAND_INS: usize = 8;

/// A phase of a transaction, to be run as often as need be.
struct Phase<'a> {
    context: &'a Arc<TransactionContext>,
    transaction: &'a InnerTransaction,
    /// The sender's class.
    class_hash: ClassHash,
    gas: GasAmount,
    /// Steps that are not `__execute__`'s.
    spent_steps: usize,
}

/// Runs `__execute__` with at most `gas` and `max_steps`; gives its call, why it failed if it did, and how many steps the VM took
/// for it. If it
/// fails, `state` is as it was.
pub(crate) fn run<S: StateReader>(
    state: &mut CachedState<S>,
    context: &Arc<TransactionContext>,
    transaction: &InnerTransaction,
    gas: GasAmount,
    max_steps: u64,
    validate: &CallInfo,
    touched: &mut Touched,
) -> Result<(CallInfo, Option<String>, u64), LeftOutReason> {
    let invoke = transaction.as_invoke();
    let constants = context.block_context.versioned_constants();
    let overhead =
        constants.os_resources_for_tx_type(&TransactionType::InvokeFunction, invoke.calldata.0.len());
    let phase = Phase {
        context,
        transaction,
        class_hash: state.get_class_hash_at(invoke.sender_address).map_err(state_error)?,
        gas: gas.min(context.sierra_gas_limit(&ExecutionMode::Execute)),
        spent_steps: validate.resources.vm_resources.n_steps.saturating_add(overhead.n_steps),
    };

    let mut stand_ins = BTreeSet::new();
    let mut first_abort: Option<(String, Accesses)> = None;
    loop {
        let mut attempt = TransactionalState::create_transactional(state);
        let run = || phase.attempt(&mut attempt, &stand_ins);
        let ((result, accesses), steps) = within_steps(max_steps, run).map_err(too_many_steps(max_steps))?;
        match (result, first_abort) {
            (Ok(call), None) => {
                touched.note_tree(&call, &accesses);
                let revert_reason = call.execution.failed.then(|| phase.panic(&call));
                match revert_reason {
                    None => attempt.commit(),
                    Some(_) => attempt.abort(),
                }
                return Ok((call, revert_reason, steps));
            }
            (Ok(call), Some((reason, accesses))) => {
                attempt.abort();
                touched.note_until_abort(&call, &accesses);
                return Ok((call, Some(reason), steps));
            }
            (Err(error), earlier) => {
                attempt.abort();
                let cause = AbortCause::of(&error);
                let read = accesses.class_reads.checked_sub(1);
                let (reason, accesses) = earlier.unwrap_or_else(|| (phase.reason(error), accesses));
                match (cause, read) {
                    // The last question for a contract's class was that call's.
                    (AbortCause::NotDeployed(_), Some(read)) if stand_ins.len() < MAX_STAND_INS => {
                        stand_ins.insert(read);
                    }
                    _ => return Err(LeftOutReason::Abort { cause, reason }),
                }
                first_abort = Some((reason, accesses));
            }
        }
    }
}

impl Phase<'_> {
    fn attempt(
        &self,
        state: &mut dyn State,
        stand_ins: &BTreeSet<usize>,
    ) -> (EntryPointExecutionResult<CallInfo>, Accesses) {
        let mut entry_point_context = entry_point_context(self.context, ExecutionMode::Execute, self.gas);
        entry_point_context.subtract_steps(self.spent_steps);
        let selector = entry_point_context.versioned_constants().os_constants.execute_entry_point_selector;
        let call = call_of_account(self.transaction, selector, self.gas);
        let mut gas = self.gas.0;
        let mut watched = Watched::new(state, stand_ins);
        let result = call.execute(&mut watched, &mut entry_point_context, &mut gas);
        (result, watched.into_accesses())
    }

    /// The reason of a failure that left its calls.
    fn panic(&self, call: &CallInfo) -> String {
        let error_trace = extract_trailing_cairo1_revert_trace(call, Cairo1RevertHeader::Execution);
        let constants = self.context.block_context.versioned_constants();
        let error = EntryPointExecutionError::ExecutionFailed { error_trace };
        self.reason(error.annotated(call.tracked_resource, constants.strip_vm_frames_in_sierra_gas))
    }

    /// The reason as a receipt of the chain gives it.
    fn reason(&self, error: AnnotatedEntryPointExecutionError) -> String {
        let constants = self.context.block_context.versioned_constants();
        gen_tx_execution_error_trace(&TransactionExecutionError::ExecutionError {
            error: Box::new(error),
            class_hash: self.class_hash,
            storage_address: self.transaction.as_invoke().sender_address,
            selector: constants.os_constants.execute_entry_point_selector,
        })
        .to_string()
    }
}
