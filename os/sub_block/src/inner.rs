//! An inner transaction that is part of a sub-block.

use std::collections::BTreeMap;
use std::sync::Arc;

use blockifier::blockifier_versioned_constants::VersionedConstants;
use blockifier::state::cached_state::{CommitmentStateDiff, StateMaps};
use starknet_api::core::{ClassHash, ContractAddress};
use starknet_api::execution_resources::GasVector;
use starknet_api::state::ThinStateDiff;
use starknet_api::transaction::TransactionHash;
use starknet_api::transaction::fields::Fee;
use zkthreads_execution::ExecutedInBlock;
use zkthreads_execution::block::{receipt, sort, trace};
use zkthreads_program::input::{RecordedCall, RecordedTransaction};
use zkthreads_protocol::{IncludedTransaction, InnerTransaction, Transaction};
use zkthreads_storage::{BlockTransaction, ExecutionStatus, Receipt, SettledInner, TransactionTrace};

use crate::accesses::Accesses;
use crate::account::Execution;
use crate::code::ClassUse;
use crate::fresh::Filling;
use crate::left_out::LeftOutReason;
use crate::record::recorded_call;
use crate::steps::Work;

/// An inner transaction with what became of it.
#[derive(Debug)]
pub struct ExecutedInner {
    /// What the user signed.
    pub transaction: InnerTransaction,
    /// Its hash.
    pub hash: TransactionHash,
    /// As the block that the sub-block settles in will show it, and as an open block shows it until then: it costs its
    /// sender nothing.
    pub in_block: Arc<ExecutedInBlock>,
    /// What it reads and writes.
    pub accesses: Accesses,
    /// About how many steps the thread OS takes for it, besides hashing the classes that it runs.
    pub steps: u64,
    /// The classes that ran, and those that contracts were given.
    pub(crate) classes: BTreeMap<ClassHash, ClassUse>,
    /// What the thread OS does for it.
    pub(crate) work: Work,
    /// What it changed.
    pub(crate) changes: StateMaps,
    /// What of that was zero, or is now.
    pub(crate) filling: Filling,
    validate: RecordedCall,
    execute: RecordedCall,
    revert_reason: Option<String>,
}

impl ExecutedInner {
    /// From what blockifier did and changed.
    pub(crate) fn new(
        transaction: InnerTransaction,
        hash: TransactionHash,
        execution: Execution,
        (changes, filling): (StateMaps, Filling),
        classes: BTreeMap<ClassHash, ClassUse>,
        constants: &VersionedConstants,
    ) -> Result<Self, LeftOutReason> {
        let Execution { validate, execute, revert_reason, steps, touched } = execution;
        let accesses = Accesses::new(transaction.as_invoke().sender_address, &touched, &changes);
        let work = Work::of(&transaction, &validate, &execute, steps);
        let effective = revert_reason.is_none().then_some(&execute);
        let (mut events, mut messages) = (receipt::events(Some(&validate)), messages(Some(&validate))?);
        events.extend(receipt::events(effective));
        messages.extend(self::messages(effective)?);
        let (transaction, status) = match &revert_reason {
            None => (transaction, ExecutionStatus::Succeeded),
            Some(reason) => {
                // The package will shorten it; so it is told the same way from the beginning.
                let included = IncludedTransaction::reverted(transaction, reason);
                let reason = included.revert_reason.unwrap_or_default();
                (included.transaction, ExecutionStatus::Reverted { reason })
            }
        };
        let mut state_diff = ThinStateDiff::from(CommitmentStateDiff::from(changes.clone()));
        sort(&mut state_diff);
        let in_block = ExecutedInBlock {
            transaction: BlockTransaction {
                hash,
                body: Transaction::Invoke(transaction.as_invoke().clone()),
                receipt: Receipt {
                    actual_fee: Fee(0),
                    status,
                    events,
                    messages,
                    gas: GasVector::default(),
                    deployed: None,
                    thread: None,
                },
            },
            trace: TransactionTrace {
                validate: Some(trace::call_trace(&validate, constants)),
                execute: effective.map(|call| trace::call_trace(call, constants)),
                fee_transfer: None,
                state_diff,
            },
            settled: SettledInner::default(),
            thread: None,
        };
        Ok(Self {
            transaction,
            hash,
            in_block: Arc::new(in_block),
            accesses,
            steps: work.steps(),
            work,
            classes,
            changes,
            filling,
            validate: recorded_call(&validate),
            execute: recorded_call(&execute),
            revert_reason,
        })
    }

    /// The account that sent it.
    #[must_use]
    pub fn sender(&self) -> ContractAddress {
        self.transaction.as_invoke().sender_address
    }

    /// Whether `__execute__` failed and was undone.
    #[must_use]
    pub fn is_reverted(&self) -> bool {
        self.revert_reason.is_some()
    }

    /// What the thread OS is told of it.
    pub(crate) fn recorded(&self) -> RecordedTransaction {
        RecordedTransaction {
            transaction: self.transaction.clone(),
            validate: self.validate.clone(),
            execute: self.execute.clone(),
            revert_reason: self.revert_reason.clone(),
        }
    }
}

fn messages(
    call: Option<&blockifier::execution::call_info::CallInfo>,
) -> Result<Vec<starknet_api::transaction::MessageToL1>, LeftOutReason> {
    receipt::messages(call).map_err(|error| LeftOutReason::Message { reason: error.to_string() })
}
