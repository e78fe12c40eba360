//! What block production tells logs and metrics.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use starknet_api::block::BlockHeader;
use zkthreads_execution::{ExecutedInBlock, PendingBody, PendingTransaction};
use zkthreads_protocol::SettleError;
use zkthreads_storage::{ExecutionStatus, ThreadOutcome};

/// The transaction's kind, as metrics name it.
pub(crate) fn kind(transaction: &PendingTransaction) -> &'static str {
    match transaction.body {
        PendingBody::Invoke(_) => "invoke",
        PendingBody::Declare { .. } => "declare",
        PendingBody::DeployAccount { .. } => "deploy_account",
        PendingBody::L1Handler(_) => "l1_handler",
        PendingBody::Thread(_) => "thread",
    }
}

pub(crate) fn rejected(kind: &'static str) {
    counter!("zkthreads_transactions_total", "kind" => kind, "outcome" => "rejected").increment(1);
}

pub(crate) fn executed(kind: &'static str, executed: &ExecutedInBlock) {
    let transaction = &executed.transaction;
    let outcome = match &transaction.receipt.status {
        ExecutionStatus::Succeeded => "succeeded",
        ExecutionStatus::Reverted { reason } => {
            tracing::info!(hash = format_args!("{:#x}", transaction.hash.0), %reason, "transaction reverted");
            "reverted"
        }
    };
    counter!("zkthreads_transactions_total", "kind" => kind, "outcome" => outcome).increment(1);
    if let Some(ThreadOutcome { error: Some(SettleError::Conflicts(_)), .. }) = transaction.receipt.thread {
        counter!("zkthreads_conflicts_total").increment(1);
    }
    if let Some(ThreadOutcome { error: Some(error), segments, settled_segments: settled @ 1.., .. }) =
        &transaction.receipt.thread
    {
        let hash = format_args!("{:#x}", transaction.hash.0);
        tracing::info!(hash, settled, segments, reason = %error, "thread settled in part");
    }
    if !executed.settled.is_empty() {
        counter!("zkthreads_inner_transactions_total").increment(executed.settled.len() as u64);
    }
}

pub(crate) fn block(header: &BlockHeader, transactions: usize, elapsed: Duration) {
    let number = header.block_header_without_hash.block_number;
    counter!("zkthreads_blocks_total").increment(1);
    gauge!("zkthreads_block_height").set(number.0 as f64);
    histogram!("zkthreads_block_seconds").record(elapsed.as_secs_f64());
    histogram!("zkthreads_block_transactions").record(transactions as f64);
    tracing::info!(
        number = number.0,
        hash = format_args!("{:#x}", header.block_hash.0),
        root = format_args!("{:#x}", header.block_header_without_hash.state_root.0),
        transactions,
        milliseconds = elapsed.as_millis(),
        "block"
    );
}
