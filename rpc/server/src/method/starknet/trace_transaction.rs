//! `starknet_traceTransaction`.

use starknet_api::transaction::TransactionHash;
use starknet_rust_core::types::TransactionTrace;
use zkthreads_execution::PreConfirmed;
use zkthreads_rpc_api::PoolStatus;

use super::TransactionParams;
use crate::context::RpcContext;
use crate::convert::trace::Traces;
use crate::error::RpcError;
use crate::lookup::{Found, InBlock, package_in};

/// What a transaction in a block did, call by call.
pub(super) fn answer(context: &RpcContext, params: TransactionParams) -> Result<TransactionTrace, RpcError> {
    let hash = TransactionHash(params.transaction_hash.0);
    match context.find_in_blocks(hash)? {
        Some(Found::InBlock(found)) => match &found.open {
            None => stored(context, &found),
            Some(block) => open(block, found.index),
        },
        Some(Found::Inner(inner)) => Err(RpcError::NotTraced { thread: inner.thread }),
        Some(Found::Pending(_)) | None => Err(match context.sink.status(hash) {
            Some(PoolStatus::Received | PoolStatus::Candidate) => RpcError::NoTrace { status: "RECEIVED" },
            Some(PoolStatus::Rejected { .. }) => RpcError::NoTrace { status: "REJECTED" },
            None => context.not_found(hash),
        }),
    }
}

fn stored(context: &RpcContext, found: &InBlock) -> Result<TransactionTrace, RpcError> {
    let (number, index) = (found.place.number, found.index);
    let trace = |index| {
        let trace = context.storage.trace(number, index)?;
        trace.ok_or_else(|| RpcError::Internal {
            reason: format!("trace {index} of block {number} is missing"),
        })
    };
    let before = context.state_before(number);
    let mut traces = Traces::new(|contract| before.class_hash(contract));
    let wanted = trace(index)?;
    // Only then does it matter what came before.
    if !wanted.state_diff.deployed_contracts.is_empty() {
        for earlier in 0..index {
            traces.skip(&trace(earlier)?);
        }
    }
    let package = context.package_of_settled(&found.transaction)?;
    traces.in_block(&found.transaction, &wanted, package.as_ref())
}

fn open(block: &PreConfirmed, index: usize) -> Result<TransactionTrace, RpcError> {
    let before = block.state().stored();
    let mut traces = Traces::new(|contract| before.class_hash(contract));
    block.transactions().take(index).for_each(|earlier| traces.skip(&earlier.trace));
    let executed = block.transaction(index).ok_or(RpcError::InvalidTransactionIndex)?;
    let package = package_in(executed);
    traces.in_block(&executed.transaction, &executed.trace, package.as_ref())
}
