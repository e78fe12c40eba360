//! `starknet_getBlockTransactionCount`.

use zkthreads_execution::StateAt;

use super::BlockParams;
use crate::context::RpcContext;
use crate::error::RpcError;

/// How many transactions a block holds.
pub(super) fn answer(context: &RpcContext, params: BlockParams) -> Result<usize, RpcError> {
    match context.resolve(params.block_id)? {
        StateAt::Block(number) => Ok(context.header_at(number)?.n_transactions),
        StateAt::PreConfirmed(block) => Ok(block.len()),
    }
}
