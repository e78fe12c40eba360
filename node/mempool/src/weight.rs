//! How much memory a waiting transaction holds.

use std::mem::size_of;

use starknet_api::transaction::InvokeTransactionV3;
use zkthreads_execution::{PendingBody, PendingTransaction};
use zkthreads_protocol::{
    ContractAccess, ExecutedClass, IncludedTransaction, InnerEvent, InnerMessage, InnerOutcome, Segment,
    Statement, StorageAccess, ThreadTransaction,
};
use zkthreads_storage::{ClassDefinition, ClassRecord};

/// Map entries, reference counts and the fixed fields of a transaction, bytes; rounded up.
const FLAT: usize = 1_024;
const FELT: usize = 32;
/// Heap headers of an INVOKE's five lists, bytes.
const INVOKE_LISTS: usize = 5 * 48;
/// A compiled class takes about ten times its Sierra program, and its hardened code, which has more hints, somewhat more.
const CLASS_FACTOR: usize = 22;

/// About how much memory a transaction holds while it waits, bytes. For a thread that is the package
/// decoded, and what its verdict keeps (statement and events once more).
pub(crate) fn weight(transaction: &PendingTransaction) -> usize {
    let validated = transaction.validated.as_ref().map_or(0, |validated| validated.bytes());
    FLAT + validated
        + match &transaction.body {
            PendingBody::Invoke(tx) => invoke(tx),
            PendingBody::DeployAccount { tx, .. } => {
                FELT * (tx.constructor_calldata.0.len() + tx.signature.0.len())
            }
            PendingBody::Declare { tx, class } => FELT * tx.signature.0.len() + self::class(class),
            PendingBody::Thread(thread) => decoded(thread),
            PendingBody::L1Handler(message) => FELT * message.tx.calldata.0.len(),
        }
}

fn invoke(tx: &InvokeTransactionV3) -> usize {
    INVOKE_LISTS + FELT * (tx.calldata.0.len() + tx.signature.0.len())
}

fn class(class: &ClassRecord) -> usize {
    match &class.definition {
        ClassDefinition::Sierra { sierra, .. } => {
            CLASS_FACTOR * FELT * sierra.sierra_program.len() + sierra.abi.len()
        }
        ClassDefinition::Legacy { .. } => 0,
    }
}

fn decoded(thread: &ThreadTransaction) -> usize {
    invoke(thread.envelope()) + thread.package().segments.iter().map(segment).sum::<usize>()
}

fn segment(segment: &Segment) -> usize {
    let inner: usize = segment.inner_transactions.iter().map(included).sum();
    let twice = statement(&segment.statement) + events(&segment.events);
    size_of::<Segment>() + inner + segment.proof.len() + 2 * twice
}

fn included(included: &IncludedTransaction) -> usize {
    let reason = included.revert_reason.as_ref().map_or(0, String::len);
    size_of::<IncludedTransaction>() + invoke(included.transaction.as_invoke()) + reason
}

fn statement(statement: &Statement) -> usize {
    let cells: usize = statement.contracts.iter().map(|contract| contract.storage.len()).sum();
    let payloads: usize = statement.messages.iter().map(|message| message.payload.len()).sum();
    statement.inner_transactions.len() * size_of::<InnerOutcome>()
        + statement.classes.len() * size_of::<ExecutedClass>()
        + statement.contracts.len() * size_of::<ContractAccess>()
        + cells * size_of::<StorageAccess>()
        + statement.messages.len() * size_of::<InnerMessage>()
        + payloads * FELT
}

fn events(events: &[InnerEvent]) -> usize {
    let content = |event: &InnerEvent| {
        size_of::<InnerEvent>() + FELT * (event.content.keys.len() + event.content.data.0.len())
    };
    events.iter().map(content).sum()
}
