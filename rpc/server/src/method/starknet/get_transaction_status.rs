//! `starknet_getTransactionStatus`.

use starknet_api::transaction::TransactionHash;
use starknet_rust_core::types::{ExecutionResult, TransactionStatus};
use zkthreads_rpc_api::PoolStatus;

use super::{TransactionParams, execution_result};
use crate::context::RpcContext;
use crate::error::RpcError;
use crate::lookup::Found;
use crate::wire::place::Finality;

/// How far a transaction has come. One that was rejected is not found; the error's data says why.
pub(super) fn answer(context: &RpcContext, params: TransactionParams) -> Result<TransactionStatus, RpcError> {
    let hash = TransactionHash(params.transaction_hash.0);
    status(context, hash)?.ok_or_else(|| context.not_found(hash))
}

/// How far a transaction has come; `None` if it is not known, or was rejected.
pub(crate) fn status(
    context: &RpcContext,
    hash: TransactionHash,
) -> Result<Option<TransactionStatus>, RpcError> {
    if let Some(status) = in_blocks(context, hash)? {
        return Ok(Some(status));
    }
    match context.sink.status(hash) {
        Some(PoolStatus::Received) => Ok(Some(TransactionStatus::Received)),
        Some(PoolStatus::Candidate) => Ok(Some(TransactionStatus::Candidate)),
        // The pool forgets a transaction when a block takes it: look there once more.
        None | Some(PoolStatus::Rejected { .. }) => in_blocks(context, hash),
    }
}

fn in_blocks(context: &RpcContext, hash: TransactionHash) -> Result<Option<TransactionStatus>, RpcError> {
    let (place, result) = match context.find_in_blocks(hash)? {
        Some(Found::InBlock(found)) => (found.place, execution_result(&found.transaction.receipt.status)),
        Some(Found::Inner(inner)) => {
            let reason = inner.included()?.revert_reason.clone();
            (
                inner.place,
                reason.map_or(ExecutionResult::Succeeded, |reason| ExecutionResult::Reverted { reason }),
            )
        }
        Some(Found::Pending(_)) | None => return Ok(None),
    };
    Ok(Some(match place.finality {
        Finality::PreConfirmed => TransactionStatus::PreConfirmed(result),
        Finality::AcceptedOnL2 => TransactionStatus::AcceptedOnL2(result),
        Finality::AcceptedOnL1 => TransactionStatus::AcceptedOnL1(result),
    }))
}
