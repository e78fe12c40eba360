//! `starknet_getTransactionStatus`.

use starknet_api::transaction::TransactionHash;
use starknet_rust_core::types::{ExecutionResult, TransactionStatus};
use zkthreads_storage::ExecutionStatus;

use super::TransactionParams;
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::sink::PoolStatus;

/// How far a transaction has come. One that the pool rejected is not found; the error's data says why.
pub(super) fn answer(context: &RpcContext, params: TransactionParams) -> Result<TransactionStatus, RpcError> {
    let hash = TransactionHash(params.transaction_hash.0);
    if let Some(status) = stored(context, hash)? {
        return Ok(status);
    }
    match context.sink.status(hash) {
        Some(PoolStatus::Received) => Ok(TransactionStatus::Received),
        Some(PoolStatus::Candidate) => Ok(TransactionStatus::Candidate),
        // The pool forgets a transaction when a block takes it: look there once more.
        None | Some(PoolStatus::Rejected { .. }) => {
            stored(context, hash)?.ok_or_else(|| context.not_found(hash))
        }
    }
}

fn stored(context: &RpcContext, hash: TransactionHash) -> Result<Option<TransactionStatus>, RpcError> {
    Ok(context.storage.transaction(hash)?.map(|(_, _, transaction)| {
        TransactionStatus::AcceptedOnL2(match transaction.receipt.status {
            ExecutionStatus::Succeeded => ExecutionResult::Succeeded,
            ExecutionStatus::Reverted { reason } => ExecutionResult::Reverted { reason },
        })
    }))
}
